const dangerous: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * What is wrong with what a decoder made: more of it than `most`, or a property by which whoever copies it changes a
 * prototype. What is there several times by reference counts once.
 *
 * @returns nothing where nothing is
 */
export function wrongWith(value: unknown, most: number): string | undefined {
  const seen = new Set<unknown>()
  const waiting: unknown[] = [value]
  let count = 0
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (!isHeld(next) || seen.has(next)) continue
    seen.add(next)
    const parts = partsOf(next)
    if (typeof parts === 'string') return parts
    count += sizeOf(next) + parts.length
    if (count > most) return `it holds more than ${most} items, letters and bytes`
    for (const part of parts) waiting.push(part)
  }
  return undefined
}

function isHeld(value: unknown): value is string | object {
  return typeof value === 'string' || (typeof value === 'object' && value !== null)
}

function sizeOf(value: string | object): number {
  if (typeof value === 'string') return value.length
  return ArrayBuffer.isView(value) ? value.byteLength : 1
}

/** What it holds, or what is wrong with it. */
function partsOf(value: string | object): readonly unknown[] | string {
  if (typeof value === 'string' || ArrayBuffer.isView(value)) return []
  if (Array.isArray(value)) return value
  if (value instanceof Map) return [...value.keys(), ...value.values()]
  if (value instanceof Set) return [...value]
  const names = Object.keys(value)
  const bad = names.find((name) => dangerous.has(name))
  if (bad !== undefined) return `it has a property ${bad}`
  return [...names, ...Object.values(value)]
}
