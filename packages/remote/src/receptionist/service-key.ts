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
  const isText = typeof name === 'string' && name.length > 0 && name.length <= maxServiceNameLength
  if (isText) return name
  const allowed = `a text of 1 to ${maxServiceNameLength} characters`
  throw RemoteError.invalidOption(of, 'name', name, allowed)
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
