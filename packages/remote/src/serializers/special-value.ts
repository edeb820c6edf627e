// The objects that are neither plain nor arrays nor refs, told apart once for all formats.
import type { ClassRegistry, RegisteredClass } from './class-registry.ts'
import { malformed } from './malformed-error.ts'
import { instanceRefusal, Refusal } from './refusal.ts'

/** An instance of a registered class, and what is sent in its place. */
export interface InstanceValue {
  readonly type: 'instance'
  readonly of: RegisteredClass
  readonly data: unknown
}

/** What has other values in it. */
export type NestedValue =
  | { readonly type: 'map'; readonly map: ReadonlyMap<unknown, unknown> }
  | { readonly type: 'set'; readonly set: ReadonlySet<unknown> }
  | InstanceValue
  | { readonly type: 'error'; readonly fields: Readonly<Record<string, unknown>> }

export type SpecialValue =
  | NestedValue
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'date'; readonly timeMs: number }

/**
 * What such an object is. A subclass is not what it extends, for it would arrive as something else; except
 * errors, of which name, message, code and cause are what others look at, and byte arrays (`Buffer`).
 *
 * @throws Refusal for instances of a class that is not registered
 */
export function specialValue(value: object, classes: ClassRegistry): SpecialValue {
  const registered = classes.ofInstance(value)
  if (registered) {
    return { type: 'instance', of: registered, data: registered.toData(value) }
  }
  if (value instanceof Uint8Array) return { type: 'bytes', bytes: value }
  if (value instanceof Error) return { type: 'error', fields: fieldsOf(value) }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (value instanceof Map && prototype === Map.prototype) return { type: 'map', map: value }
  if (value instanceof Set && prototype === Set.prototype) return { type: 'set', set: value }
  // oxlint-disable-next-line no-restricted-globals -- A date in a message tells no time.
  if (value instanceof Date && prototype === Date.prototype) return dateValue(value.getTime())
  throw instanceRefusal(value)
}

function dateValue(timeMs: number): SpecialValue {
  if (!Number.isNaN(timeMs)) return { type: 'date', timeMs }
  throw new Refusal('an invalid Date', 'Check it where it is made.')
}

/** No stack: it is long, of no use elsewhere, and tells strangers about this node. */
function fieldsOf(error: Error): Readonly<Record<string, unknown>> {
  const code: unknown = Reflect.get(error, 'code')
  return {
    name: String(error.name),
    message: String(error.message),
    ...(code !== undefined && isErrorCode(code) ? { code } : {}),
    ...(Object.hasOwn(error, 'cause') ? { cause: error.cause } : {}),
  }
}

/** Of keys and values in turn. */
export function entriesMap(items: readonly unknown[]): Map<unknown, unknown> {
  if (items.length % 2 === 1) throw malformed('a Map has a key without a value')
  const map = new Map<unknown, unknown>()
  for (let index = 0; index < items.length; index += 2) map.set(items[index], items[index + 1])
  return map
}

/** An error counts as so many elements more than it has fields: making one takes as long as making those. */
export const errorElements = 16

/** An error of such fields, or nothing when they are others. It is an `Error`, whatever its name. */
export function revivedError(fields: Readonly<Record<string, unknown>>): Error | undefined {
  const { name, message, code, cause, ...others } = fields
  if (typeof name !== 'string' || typeof message !== 'string') return undefined
  if (Object.keys(others).length > 0 || !isErrorCode(code)) return undefined
  const error = new Error(message, Object.hasOwn(fields, 'cause') ? { cause } : undefined)
  define(error, 'name', name)
  // The stack of the decoder would point at the wrong place.
  define(error, 'stack', `${name}: ${message}`)
  if (code !== undefined) define(error, 'code', code, true)
  return error
}

function isErrorCode(code: unknown): code is string | number | undefined {
  return code === undefined || typeof code === 'string' || typeof code === 'number'
}

function define(error: Error, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true })
}
