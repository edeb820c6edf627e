/** Whether two messages are the same data: refs and other things with a life of their own by identity. */
export function alike(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true
  if (!isObject(left) || !isObject(right)) return false
  if (Array.isArray(left)) return Array.isArray(right) && allAlike(left, right)
  if (left instanceof Map || left instanceof Set) {
    const isSameKind = left instanceof Map ? right instanceof Map : right instanceof Set
    return isSameKind && allAlike([...left], [...(right as Iterable<unknown>)])
  }
  return isPlain(left) && isPlain(right) && allAlike(entriesOf(left), entriesOf(right))
}

function allAlike(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((one, index) => alike(one, right[index]))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** In one order, without those that are undefined. */
function entriesOf(value: object): readonly (readonly [string, unknown])[] {
  return Object.entries(value)
    .filter(([, of]) => of !== undefined)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
}

/** For the text of an error. */
export function written(message: unknown): string {
  try {
    return (JSON.stringify(message) ?? String(message)).slice(0, 500)
  } catch {
    return String(message)
  }
}
