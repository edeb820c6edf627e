import type { ActorRef } from '@casty/actor'
import type { NodeIdentity } from '@casty/membership'
import { RemoteError } from '../errors.ts'

/** Longest name of a service or topic, in characters: of three bytes each it still fits the registry. */
export const maxServiceNameLength = 300

/**
 * What actors of one kind are found by. Keys of one name are the same key, on whatever node: whoever makes
 * one says which messages its actors take.
 *
 * @example const printers = new ServiceKey<{ readonly type: 'print' }>('printers')
 */
export class ServiceKey<in M> {
  readonly name: string
  /** Never there: it tells keys apart whose actors take other messages. */
  declare protected readonly takes?: (message: M) => void

  /** @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` */
  constructor(name: string) {
    this.name = checkedServiceName('ServiceKey', name)
  }

  toString(): string {
    return this.name
  }
}

/** @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` */
export function checkedServiceName(of: string, name: string): string {
  if (isServiceName(name)) return name
  const allowed = `a text of 1 to ${maxServiceNameLength} characters, without halves of surrogate pairs`
  throw RemoteError.invalidOption(of, 'name', name, allowed)
}

/** Of halves of surrogate pairs, other nodes would make other names. */
function isServiceName(name: unknown): boolean {
  if (typeof name !== 'string' || /\p{Surrogate}/u.test(name)) return false
  return name.length > 0 && name.length <= maxServiceNameLength
}

/**
 * The name of a key, and not of its name in its place, under which nobody would ever be found.
 *
 * @throws RemoteError `CASTY_REMOTE_INVALID_OPTION`
 */
export function nameOf(of: string, key: ServiceKey<never>): string {
  // Whoever has no types may give anything; keys of another version of this package are keys as well.
  const given: unknown = key
  if (typeof given === 'object' && given !== null && 'name' in given && isServiceName(given.name)) {
    return key.name
  }
  throw RemoteError.invalidOption(of, 'key', key, "a ServiceKey, as new ServiceKey('printers')")
}

/** An actor that was registered, and where it lives. */
export interface ServiceInstance<in M> {
  readonly ref: ActorRef<M>
  readonly node: NodeIdentity
  /** False while the cluster finds its node unreachable: it may be back, or be removed. */
  readonly isReachable: boolean
}

/** Who is registered under a key, by node and then by path. */
export interface Listing<in M> {
  readonly key: ServiceKey<M>
  readonly instances: readonly ServiceInstance<M>[]
}
