// Elements, values and keys are plain data, kept as their canonical text: equal data is one text, so it is
// one key in a map, sorts alike everywhere, and travels as it is.
import { CrdtError } from './errors.ts'
import { compareText } from './kernel/compare-text.ts'

/** Data as JSON has it. Lists and objects count by content; −0 is 0. */
export type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [key: string]: Plain }

/** How deep lists and objects may lie in each other. */
export const maxDepth = 32

const refusedKeys = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * The canonical text: JSON with the keys of objects in order.
 *
 * @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT` for what is no plain data: undefined, NaN, functions, class
 * instances, cycles, or lists and objects more than 32 deep
 */
export function textOf(argument: string, value: Plain): string {
  return textAt(argument, value, 0)
}

/** The data that `textOf` wrote. */
export function fromText<T extends Plain>(text: string): T {
  // Texts are made by textOf, of a T, or were compared with what it makes.
  return JSON.parse(text) as T
}

/** Whether it is the one text of some data. */
export function isCanonicalText(text: unknown): text is string {
  if (typeof text !== 'string' || nesting(text) > maxDepth) return false
  try {
    return textOf('text', fromText(text)) === text
  } catch {
    return false
  }
}

function textAt(argument: string, value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'boolean':
      return String(value)
    case 'number':
      if (Number.isFinite(value)) return JSON.stringify(value)
      break
    case 'object':
      if (value === null) return 'null'
      if (depth >= maxDepth) break
      if (Array.isArray(value)) return listText(argument, value, depth)
      if (isRecord(value)) return recordText(argument, value, depth)
      break
    default:
  }
  throw CrdtError.invalidArgument(argument, value, `plain data, at most ${maxDepth} deep`)
}

function listText(argument: string, list: readonly unknown[], depth: number): string {
  // Array.from, since map passes over the holes of a list.
  return `[${Array.from(list, (item) => textAt(argument, item, depth + 1)).join()}]`
}

function recordText(argument: string, record: object, depth: number): string {
  const parts = Object.entries(record)
    .toSorted(([left], [right]) => compareText(left, right))
    .map(([key, value]) => {
      if (refusedKeys.has(key)) {
        throw CrdtError.invalidArgument(argument, key, 'a name that no object has by itself')
      }
      return `${JSON.stringify(key)}:${textAt(argument, value, depth + 1)}`
    })
  return `{${parts.join()}}`
}

function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  // Also of another realm, whose Object.prototype is another one.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** How deep brackets lie in a text, those in strings apart. */
function nesting(text: string): number {
  let [depth, deepest, isQuoted] = [0, 0, false]
  for (let index = 0; index < text.length; index++) {
    const letter = text[index]
    if (isQuoted && letter === '\\') index++
    else if (letter === '"') isQuoted = !isQuoted
    else if (!isQuoted && (letter === '[' || letter === '{')) deepest = Math.max(deepest, ++depth)
    else if (!isQuoted && (letter === ']' || letter === '}')) depth--
  }
  return deepest
}
