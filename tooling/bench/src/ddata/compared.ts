// What is measured of structures, and beside what.
import type { Keeping } from './messages.ts'
import type { Subject } from './rivals.ts'

export interface Compared {
  readonly operation: string
  readonly subjects: readonly Subject[]
  /** Where ours keeps what is written, and what is wanted of that beside the first subject. */
  readonly wanted?: Readonly<Partial<Record<Keeping, string>>>
  readonly inFlight: readonly number[]
  /** What the others do meanwhile, where that has another name. */
  readonly theirs?: string
}

const numbers = [1, 64, 256]
const redis: readonly Subject[] = ['redis', 'redis-pipelined', 'redis-synced']
const asRedis = { 'one copy': '≥ 1', 'three copies': '≥ 0.5' } as const
const asBullmq = { 'one copy': '≥ 3', 'three copies': '≥ 3' } as const

const compared: readonly Compared[] = [
  { operation: 'counter increment', subjects: redis, wanted: asRedis, inFlight: numbers },
  { operation: 'map set', subjects: [...redis, 'etcd'], wanted: asRedis, inFlight: numbers },
  { operation: 'map get', subjects: [...redis, 'etcd'], wanted: asRedis, inFlight: numbers },
  { operation: 'set add', subjects: redis, inFlight: numbers },
  { operation: 'queue reserve and ack', subjects: ['bullmq'], wanted: asBullmq, inFlight: numbers },
  {
    operation: 'lock acquire and release',
    subjects: ['redlock', 'redis', 'etcd'],
    wanted: { 'one copy': '> 1', 'three copies': '> 1' },
    inFlight: numbers,
  },
  {
    operation: 'lock acquire and release, eight want one',
    subjects: ['redlock'],
    inFlight: [8],
  },
]

/** The rest of what there is, for which there is time in a long run. */
const comparedAtLength: readonly Compared[] = [
  { operation: 'counter get', subjects: redis, inFlight: numbers },
  { operation: 'counters increment', subjects: redis, inFlight: numbers },
  {
    operation: 'map set, 32 parts',
    theirs: 'map set',
    subjects: redis,
    wanted: asRedis,
    inFlight: numbers,
  },
  {
    operation: 'map get, 32 parts',
    theirs: 'map get',
    subjects: redis,
    wanted: asRedis,
    inFlight: numbers,
  },
  { operation: 'map delete', subjects: redis, inFlight: numbers },
  { operation: 'set contains', subjects: redis, inFlight: numbers },
  { operation: 'queue enqueue and dequeue', subjects: redis, inFlight: numbers },
  ...[
    'counter set',
    'counter compare and set',
    'map put',
    'map put if absent',
    'map replace',
    'map update',
    'map touch',
    'map contains',
    'map get entry',
    'map put ten',
    'map get ten',
    'map size',
    'set remove',
    'queue peek',
    'queue enqueue and take',
    'lock try and release',
    'lock holder',
    'semaphore acquire and release',
    'semaphore available',
    'barrier arrive',
    'barrier waiting',
  ].map((operation) => ({ operation, subjects: [], inFlight: numbers })),
]

/**
 * @param names - of operations, with `;` between them; all that there are to choose from where they are absent
 * @param inFlights - how many calls are under way, with `,` between them; as many as are usual where they are absent
 * @throws Error where there is no such operation, or such a number is none
 */
export function chosen(
  names: string | undefined,
  inFlights: string | undefined,
  isLong: boolean,
): readonly Compared[] {
  const numbersOf = inFlights === undefined ? undefined : wholeNumbers(inFlights)
  return named(names, isLong).map((what) => ({ ...what, inFlight: numbersOf ?? what.inFlight }))
}

function named(names: string | undefined, isLong: boolean): readonly Compared[] {
  const all = [...compared, ...comparedAtLength]
  if (names === undefined) return isLong ? all : compared
  return names.split(';').flatMap((name) => {
    const found = all.filter(({ operation }) => operation === name.trim())
    if (found.length > 0) return found
    throw new Error(
      `No operation is called ${name}: there are ${all.map(({ operation }) => operation).join('; ')}`,
    )
  })
}

function wholeNumbers(text: string): readonly number[] {
  return text.split(',').map((part) => {
    const number = Number(part)
    if (Number.isInteger(number) && number > 0) return number
    throw new Error(`${part} is no number of calls: BENCH_IN_FLIGHT is like 64,256`)
  })
}
