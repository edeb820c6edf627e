// The checks that options share. Their values come from a user, who may have no types: they are looked at
// before anything trusts them.
import { ActorError } from './errors.ts'

/**
 * Options in an object, none of them unknown: a name misspelt would otherwise be an option unheeded.
 *
 * @throws ActorError `CASTY_ACTOR_INVALID_OPTION`
 */
export function knownNames(of: string, given: object, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw ActorError.invalidOptions(of, given)
  }
  for (const name in given) {
    if (known.includes(name)) continue
    // Every object may be read by name.
    if ((given as Readonly<Record<string, unknown>>)[name] === undefined) continue
    throw ActorError.unknownOption(of, name, known)
  }
}

/**
 * Something handed in, such as a clock: an object that can do what it is needed for.
 *
 * @throws ActorError `CASTY_ACTOR_INVALID_OPTION`
 */
export function capable<T>(
  of: string,
  option: string,
  value: T,
  methods: readonly string[],
  is: string,
): T {
  const owner: unknown = value
  const isObject = (typeof owner === 'object' && owner !== null) || typeof owner === 'function'
  // Every object may be read by name.
  const read = (name: string): unknown => (owner as Readonly<Record<string, unknown>>)[name]
  if (isObject && methods.every((name) => typeof read(name) === 'function')) return value
  throw ActorError.invalidOption(of, option, value, `${is} with ${methods.join(', ')}`)
}

/** @throws ActorError `CASTY_ACTOR_INVALID_OPTION` */
export function duration(of: string, option: string, value: number, least: number): number {
  if (typeof value === 'number' && value >= least && Number.isFinite(value)) return value
  throw ActorError.invalidOption(of, option, value, `a number of milliseconds from ${least}`)
}
