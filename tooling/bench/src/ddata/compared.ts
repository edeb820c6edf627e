// What is measured of structures, and beside what.
import type { Keeping } from './messages.ts'
import type { Subject } from './rivals.ts'

export interface Compared {
  readonly operation: string
  readonly subjects: readonly Subject[]
  /** Where ours keeps what is written, and what is wanted of that beside the first subject. */
  readonly wanted?: Readonly<Partial<Record<Keeping, string>>>
  readonly inFlight: readonly number[]
}

const all = [1, 64, 256]
const redis: readonly Subject[] = ['redis', 'redis-pipelined', 'redis-synced']
const asRedis = { 'one copy': '≥ 1', 'three copies': '≥ 0.5' } as const
const asBullmq = { 'one copy': '≥ 3', 'three copies': '≥ 3' } as const

export const compared: readonly Compared[] = [
  { operation: 'counter increment', subjects: redis, wanted: asRedis, inFlight: all },
  { operation: 'map set', subjects: [...redis, 'etcd'], wanted: asRedis, inFlight: all },
  { operation: 'map get', subjects: [...redis, 'etcd'], wanted: asRedis, inFlight: all },
  { operation: 'set add', subjects: redis, inFlight: all },
  { operation: 'queue reserve and ack', subjects: ['bullmq'], wanted: asBullmq, inFlight: all },
  {
    operation: 'lock acquire and release',
    subjects: ['redlock', 'redis', 'etcd'],
    wanted: { 'one copy': '> 1', 'three copies': '> 1' },
    inFlight: all,
  },
  {
    operation: 'lock acquire and release, eight want one',
    subjects: ['redlock'],
    inFlight: [8],
  },
]

/** The rest of what there is, for which there is time in a long run. */
export const comparedAtLength: readonly Compared[] = [
  { operation: 'counter get', subjects: redis, inFlight: all },
  { operation: 'counters increment', subjects: redis, inFlight: all },
  { operation: 'map put', subjects: [], inFlight: all },
  { operation: 'map delete', subjects: redis, inFlight: all },
  { operation: 'set contains', subjects: redis, inFlight: all },
  { operation: 'queue enqueue and dequeue', subjects: redis, inFlight: all },
  { operation: 'semaphore acquire and release', subjects: [], inFlight: all },
  { operation: 'barrier arrive', subjects: [], inFlight: all },
]
