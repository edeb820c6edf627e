import type { Clock } from '@casty/clock'
import type { NodeAddress } from '../node-address.ts'
import type { Transport } from '../transport.ts'

/** What a transport may lack, if it says so. */
export type TransportAbility =
  /** A second listener at the same address is refused. */
  | 'address-in-use'
  /** A dial to an address where nobody listens is told from one that gets no answer. */
  | 'refused-dial'
  /** Names of hosts are resolved by it, so that what they lead to can be judged. */
  | 'names'
  /** A reader that pauses slows its writer down. */
  | 'backpressure'

/** The transport under test. */
export interface TransportSubject {
  /** A transport as one process would have it; those of one test reach each other. */
  create(): Transport
  /** Where to listen; port 0 unless the transport has no such thing. */
  readonly anyAddress: NodeAddress
  /** What the transport cannot do. The tests of it are skipped, and named as such. */
  readonly lacks?: readonly TransportAbility[]
  /** Time for endpoints over the transport. @defaultValue systemClock */
  readonly clock?: Clock
}

export function lacks(subject: TransportSubject, ability: TransportAbility): boolean {
  return subject.lacks?.includes(ability) ?? false
}
