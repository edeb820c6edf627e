import { RemoteError } from '../errors.ts'

/**
 * Why a message cannot be sent, on its way up from where that was found: every level adds its own name, and
 * so a message that is fine pays nothing for the path.
 */
export class Refusal extends Error {
  readonly what: string
  readonly todo: string
  readonly path: string[] = []

  constructor(what: string, todo: string, cause?: unknown) {
    super(what, cause === undefined ? undefined : { cause })
    this.what = what
    this.todo = todo
  }

  /** As the sender gets to see it. */
  toError(): RemoteError {
    const path = `message${this.path.toReversed().join('')}`
    return RemoteError.notSerializable(path, this.what, this.todo, this.cause)
  }
}

/**
 * What was thrown below, with the name of this level added.
 *
 * @param level - as in `.owner`, `[3]`
 */
export function within(error: unknown, level: string): unknown {
  if (error instanceof RemoteError) return error // Of the codec of refs: it says what it is about.
  const refusal = error instanceof Refusal ? error : unreadable(error)
  refusal.path.push(level)
  return refusal
}

/** The error for whoever sends, of whatever the walk through the message threw. */
export function refusalError(error: unknown): RemoteError {
  if (error instanceof RemoteError) return error
  return (error instanceof Refusal ? error : unreadable(error)).toError()
}

function unreadable(cause: unknown): Refusal {
  return new Refusal('a value that fails when it is read', 'The cause tells why.', cause)
}

/** As in `.owner`, `["a b"]`. */
export function propertyPath(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

export function itemPath(index: number): string {
  return `[${index}]`
}

/** Of keys and values in turn: a value by its key, where that is text or a number. */
export function entryPath(items: readonly unknown[], index: number): string {
  const key = items[index - (index % 2)]
  if (index % 2 === 0) return `[key ${index / 2}]`
  if (typeof key === 'string' || typeof key === 'number') return `.get(${JSON.stringify(key)})`
  return `[value ${(index - 1) / 2}]`
}

export function functionRefusal(type: 'function' | 'symbol'): Refusal {
  return new Refusal(`a ${type}`, 'Send what it is made of, or a ref to an actor that does it.')
}

export function instanceRefusal(value: object): Refusal {
  const name: unknown = Reflect.get(value, 'constructor')
  const known =
    typeof name === 'function' && name.name !== '' ? name.name : 'a class without a name'
  return new Refusal(
    `an instance of ${known}`,
    'Register it by serializer.register(name, class) on every node, or send plain data.',
  )
}

export function depthRefusal(maxDepth: number): Refusal {
  const todo = 'Send it flatter, by parts, or raise maxDepth on every node.'
  return new Refusal(`nested deeper than maxDepth (${maxDepth}), or contains itself`, todo)
}

export function elementsRefusal(maxElements: number): Refusal {
  const what = `where the message has more than maxElements (${maxElements}) items and properties`
  return new Refusal(what, 'Send it by parts, or raise maxElements on every node.')
}

export function bytesRefusal(maxMessageBytes: number): Refusal {
  const what = `where the message takes more than maxMessageBytes (${maxMessageBytes})`
  return new Refusal(what, 'Send it by parts, or raise maxMessageBytes on every node.')
}

export function keyRefusal(key: string): Refusal {
  const what = `an object with a property named ${key}`
  return new Refusal(what, 'Name it otherwise, or send a Map.')
}
