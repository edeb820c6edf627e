import type { Clock } from '@casty/clock'
import type { CrdtType } from '@casty/crdt'
import type { ClusterEndpoint, NodeIdentity } from '@casty/membership'
import { defined, optionChecks } from '@casty/options'
import { ReplicatorError } from '../errors.ts'
import { frameOverheadBytes } from '../options.ts'

/** What is needed of a client of a cluster: the `ClusterClient` of `@casty/remote` is one. */
export interface ReplicatingClient {
  readonly self: NodeIdentity
  /** The member that it learns from. */
  readonly contact: NodeIdentity | undefined
  readonly cluster: { readonly endpoint: ClusterEndpoint }
  /** Whether it has ended: nothing begins at it any more. @defaultValue false */
  readonly isClosed?: boolean
  /** Tells when the contact is another one, among others. */
  subscribe(listener: (event: { readonly type: string }) => void): Disposable
}

/** Bounds and times. */
export interface ClientReplicatorSettings {
  /**
   * How often a member is told what this client holds, by digests. Raising it saves eight bytes and a name for each key, and
   * delays repair of what was lost on the way. @defaultValue 2_000
   */
  readonly watchIntervalMs?: number
  /** How long a call waits for members, unless it says so itself. @defaultValue 5_000 */
  readonly timeoutMs?: number
  /** How many keys are held; at most 1_000, which members take. @defaultValue 1_000 */
  readonly maxKeys?: number
  /** How large a value may get, encoded: as on the members. @defaultValue 524_288 */
  readonly maxValueBytes?: number
  /**
   * How many calls may be without an answer of a member; what those of a key have changed that nobody waits for any more counts as
   * one, until a member takes it. With so many, others fail with `CASTY_REPLICATOR_BUSY`. @defaultValue 1_000
   */
  readonly maxPending?: number
  /**
   * A client that heard of no member for longer, also while its machine slept, begins anew. Less than half of the
   * `clientNameMs` of the members, which forget it after that. @defaultValue 1_200_000 (20 minutes)
   */
  readonly maxAbsenceMs?: number
}

export interface ClientReplicatorOptions extends ClientReplicatorSettings {
  readonly client: ReplicatingClient
  /** Types of your own. Those of `@casty/crdt` are known. */
  readonly types?: readonly Pick<CrdtType<unknown>, 'name' | 'shape'>[]
  /** @defaultValue the system's */
  readonly clock?: Clock
  /** Told of listeners that throw. */
  readonly onError?: (error: unknown) => void
}

/** As many keys a member takes of one client. */
export const maxHeldKeys = 1_000

/** What holds where nothing else is said. */
export const clientReplicatorDefaults: Required<ClientReplicatorSettings> = {
  watchIntervalMs: 2_000,
  timeoutMs: 5_000,
  maxKeys: maxHeldKeys,
  maxValueBytes: 512 * 1024,
  maxPending: 1_000,
  maxAbsenceMs: 1_200_000,
}

const checks = optionChecks({
  invalid: (option, value, allowed) => ReplicatorError.invalidOption(option, value, allowed),
  unknown: (of, name, nearest) => ReplicatorError.unknownOption(of, name, nearest),
})

const handedIn = ['client', 'types', 'clock', 'onError']

/** @throws ReplicatorError `CASTY_REPLICATOR_INVALID_OPTION` */
export function checkedClientSettings(
  options: ClientReplicatorOptions,
): Required<ClientReplicatorSettings> {
  const names = [...Object.keys(clientReplicatorDefaults), ...handedIn]
  checks.knownNames('a client replicator', options, names)
  const { client, clock } = options
  checks.capable('client', client, ['subscribe'], 'a ClusterClient')
  if (clock !== undefined) checks.capable('clock', clock, ['now', 'wallNow', 'schedule'], 'a clock')
  const given = { ...clientReplicatorDefaults, ...defined(options) }
  const largest = client.cluster.endpoint.maxFrameBytes('data') - frameOverheadBytes
  return {
    watchIntervalMs: checks.duration('watchIntervalMs', given.watchIntervalMs),
    timeoutMs: checks.duration('timeoutMs', given.timeoutMs),
    maxKeys: checks.whole('maxKeys', given.maxKeys, 1, maxHeldKeys),
    maxValueBytes: checks.whole('maxValueBytes', given.maxValueBytes, 1, largest),
    maxPending: checks.whole('maxPending', given.maxPending, 1, 100_000),
    maxAbsenceMs: checks.duration('maxAbsenceMs', given.maxAbsenceMs),
  }
}
