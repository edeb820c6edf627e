import type { Random } from '@casty/clock'
import type { EventJournal } from '@casty/persistence'
import { DDataError } from './errors.ts'
import { duration, durationOrForever, knownNames, whole } from './values/arguments.ts'

/** How many nodes keep what the structures hold, and how much room they have for that. */
export interface Copies {
  /** Nodes, with the owner of each part, 1 to 17. @defaultValue 3 */
  readonly copies?: number
  /**
   * How many of them must have a change before it is answered. `majority`: of the copies that there are, where fewer nodes
   * host the structures; a number, or `all`: nothing is answered where fewer are in reach. @defaultValue 'majority'
   */
  readonly ack?: 'majority' | 'all' | number
  /**
   * Room on each node for the copies of all parts of a namespace, in bytes: about four times what they hold, as much again for the largest part,
   * and 64 KiB more for each in use. Where there is none left, changes fail with `CASTY_DDATA_UNAVAILABLE`, until parts have let go of what they can; what takes away is
   * carried out. One of the `numShards` takes four ninths of it at most. @defaultValue 268_435_456
   */
  readonly maxCopyBytes?: number
}

export interface DistributedOptions {
  /**
   * Keeps what the structures hold beyond the life of all nodes: one that all nodes reach, in place of copies; or, with
   * `replication`, each node's own, where the node writes down the copies that it has.
   * @defaultValue none
   */
  readonly journal?: EventJournal
  /**
   * The same on all nodes. @defaultValue 3 copies, of which a majority must have a change; none where there is a journal
   */
  readonly replication?: Copies
  /** Structures of different ones have nothing to do with each other: up to 60 letters, digits and `_.-`. @defaultValue '' */
  readonly namespace?: string
  /** Of calls, where neither the structure nor the call says another, in milliseconds. @defaultValue 5_000 */
  readonly timeoutMs?: number
  /** Whoever is silent for so long waits for nothing any more, in milliseconds. @defaultValue 30_000 */
  readonly sessionTtlMs?: number
  /** Into how many shards all parts are spread. Cannot be changed later. @defaultValue 256 */
  readonly numShards?: number
  /**
   * Where there are copies or a journal: all that a part holds is saved anew after so many records, or 64 KiB of them, but not before
   * they take twice as much as what was saved last. With fewer, another node takes over more quickly, and more is written.
   * @defaultValue 10_000
   */
  readonly recordsPerSnapshot?: number
  /**
   * Where there are copies or a journal: a part that nobody called for so long, and in which nothing is held, waited for, watched or to run
   * out, is saved and stopped, in milliseconds, or Infinity. What it answered is saved with it, so a call that comes again has no second effect.
   * It runs for three seconds at least after another node had it, and for ten minutes after more than 100 sessions used it. Shorter: less memory, and more calls that
   * wait until their part has begun again. Its time, by which it forgets what it answered, stands still meanwhile. That of the first user
   * on a node counts. @defaultValue 300_000
   */
  readonly idleTimeoutMs?: number
  /** Members that host the structures. @defaultValue all */
  readonly role?: string
  readonly random?: Random
}

export const distributedDefaults: {
  readonly copies: number
  readonly timeoutMs: number
  readonly sessionTtlMs: number
  readonly numShards: number
  readonly recordsPerSnapshot: number
  readonly idleTimeoutMs: number
  readonly maxCopyBytes: number
} = Object.freeze({
  copies: 3,
  timeoutMs: 5_000,
  sessionTtlMs: 30_000,
  numShards: 256,
  recordsPerSnapshot: 10_000,
  idleTimeoutMs: 300_000,
  maxCopyBytes: 268_435_456,
})

const optionNames: readonly string[] = [
  'journal',
  'replication',
  'namespace',
  'timeoutMs',
  'sessionTtlMs',
  'numShards',
  'recordsPerSnapshot',
  'idleTimeoutMs',
  'role',
  'random',
] satisfies (keyof DistributedOptions)[]

export interface CheckedOptions {
  readonly journal: EventJournal | undefined
  readonly copies: number
  /** Nodes beside the owner that must have a change. */
  readonly minAcks: number | 'majority'
  readonly maxCopyBytes: number
  readonly namespace: string
  readonly timeoutMs: number
  readonly sessionTtlMs: number
  readonly numShards: number
  readonly recordsPerSnapshot: number
  readonly idleTimeoutMs: number
  readonly role: string | undefined
}

/** @throws DDataError `CASTY_DDATA_ARGUMENT` */
export function checkDistributed(options: DistributedOptions): CheckedOptions {
  knownNames('options', options, optionNames)
  const { journal, namespace = '', role } = options
  const replication = options.replication ?? (journal ? { copies: 1 } : {})
  const { timeoutMs, sessionTtlMs, numShards, recordsPerSnapshot, idleTimeoutMs } = {
    ...distributedDefaults,
    ...options,
  }
  if (typeof namespace !== 'string' || !/^[A-Za-z0-9_.-]{0,60}$/.test(namespace)) {
    throw DDataError.argument('options.namespace', namespace, 'up to 60 letters, digits and _.-')
  }
  knownNames('options.replication', replication, ['copies', 'ack', 'maxCopyBytes'])
  const { copies = distributedDefaults.copies, ack = 'majority' } = replication
  const { maxCopyBytes = distributedDefaults.maxCopyBytes } = replication
  whole('options.replication.copies', copies, 1, 17)
  return {
    journal,
    copies,
    minAcks: acksOf(ack, copies),
    maxCopyBytes: whole('options.replication.maxCopyBytes', maxCopyBytes, 1, 2 ** 40),
    namespace,
    timeoutMs: duration('options.timeoutMs', timeoutMs),
    sessionTtlMs: duration('options.sessionTtlMs', sessionTtlMs),
    numShards: whole('options.numShards', numShards, 1, 65_536),
    recordsPerSnapshot: whole('options.recordsPerSnapshot', recordsPerSnapshot, 1, 1_000_000_000),
    idleTimeoutMs: durationOrForever('options.idleTimeoutMs', idleTimeoutMs),
    role,
  }
}

/** How many nodes beside the owner. */
function acksOf(ack: Copies['ack'], copies: number): number | 'majority' {
  if (ack === 'majority') return ack
  if (ack === 'all') return copies - 1
  if (typeof ack === 'number' && Number.isInteger(ack) && ack >= 1 && ack <= copies) return ack - 1
  const allowed = `majority, all, or an integer from 1 to ${copies}`
  throw DDataError.argument('options.replication.ack', ack, allowed)
}
