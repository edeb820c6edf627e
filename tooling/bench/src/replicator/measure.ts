// What values on every member take: to change them, until all have a change, and while nothing changes.
import { setTimeout as pause } from 'node:timers/promises'
import type { Times } from '../ddata/messages.ts'
import type { Context, Row } from '../scenario.ts'
import { ReplicatorFleet } from './fleet.ts'
import type { Changed, Use } from './messages.ts'

/** How much of everything. */
export interface Sizes {
  /** Nodes of the cluster in which values are changed. */
  readonly writers: number
  readonly times: Times
  /** Nodes of clusters in which changes are followed, and how many changes of each. */
  readonly followers: readonly number[]
  readonly changes: number
  readonly idlers: number
  readonly settleMs: number
  readonly idleMs: number
  /** Keys while nothing changes. */
  readonly keys: number
  /** Elements of one set, and keys, of which it is told what they take. */
  readonly weighed: number
}

export async function measureReplicator(sizes: Sizes, context: Context): Promise<readonly Row[]> {
  const rows = [...(await measureChanges(sizes, context))]
  for (const size of sizes.followers) rows.push(...(await measureFollowing(size, sizes, context)))
  rows.push(...(await measureIdling(sizes, context)), ...(await measureWeight(sizes, context)))
  return rows
}

const kinds = [
  { changed: 'counter', write: 'local', inFlight: 1, wanted: undefined },
  { changed: 'set', write: 'local', inFlight: 1, wanted: undefined },
  { changed: 'counter', write: 'majority', inFlight: 1, wanted: undefined },
  { changed: 'counter', write: 'majority', inFlight: 64, wanted: undefined },
  { changed: 'counter', write: 'majority', inFlight: 256, wanted: undefined },
] as const

const whatIsChanged: Readonly<Record<Changed, string>> = {
  counter: 'increment of a counter',
  set: 'add to a set of 1,000',
}

async function measureChanges(
  { writers, times }: Sizes,
  { repetitions, progress }: Context,
): Promise<readonly Row[]> {
  await using fleet = await ReplicatorFleet.replicating(writers)
  const rows: Row[] = []
  for (const { changed, write, inFlight } of kinds) {
    const what = `${whatIsChanged[changed]}, ${write} of ${writers}, ${inFlight} in flight`
    const [speeds, waits]: [number[], number[]] = [[], []]
    for (let round = 0; round < repetitions; round++) {
      progress(`${what}, ${round + 1} of ${repetitions}`)
      const { perSecond, medianMs } = await fleet.changeAgain(changed, write, inFlight, times)
      speeds.push(perSecond)
      waits.push(medianMs)
    }
    rows.push({ what, unit: '/s', samples: speeds }, { what: '… wait', unit: 'ms', samples: waits })
  }
  return rows
}

async function measureFollowing(
  size: number,
  { changes }: Sizes,
  { repetitions, progress }: Context,
): Promise<readonly Row[]> {
  await using fleet = await ReplicatorFleet.replicating(size)
  const samples: number[] = []
  progress(`a change comes to ${size} nodes`)
  for (let change = 0; change < changes * repetitions; change++) {
    samples.push(await fleet.convergence())
  }
  const what = `a change of one of ${size} → at all`
  return [
    { what: `${what}, p50`, unit: 'ms', samples },
    { what: `${what}, p99`, unit: 'ms', samples, percentile: 99 },
  ]
}

async function measureIdling(
  { idlers, settleMs, idleMs, keys }: Sizes,
  { repetitions, progress }: Context,
): Promise<readonly Row[]> {
  await using fleet = await ReplicatorFleet.start(idlers)
  const rows: Row[] = []
  const measure = async (what: string): Promise<void> => {
    const [bytes, cpu]: [number[], number[]] = [[], []]
    await pause(settleMs)
    for (let round = 0; round < repetitions; round++) {
      progress(`${what}, ${round + 1} of ${repetitions}`)
      const before = await fleet.uses()
      await pause(idleMs)
      const after = await fleet.uses()
      bytes.push(...rates(before, after, ({ bytesSent }) => bytesSent))
      cpu.push(...rates(before, after, ({ cpuMs }) => cpuMs))
    }
    rows.push(
      { what: `${what}, sent`, unit: 'bytes/s', samples: bytes },
      { what: `${what}, CPU`, unit: 'ms/s', samples: cpu },
    )
  }
  await measure(`idle node of ${idlers} without values`)
  await fleet.replicate()
  await measure('… with none so far')
  await fleet.fill(keys)
  await measure(`… with ${keys.toLocaleString('en-US')} keys`)
  return rows
}

/** Per second, of each node. */
function rates(
  before: readonly Use[],
  after: readonly Use[],
  figure: (use: Use) => number,
): readonly number[] {
  return after.flatMap((use, index) => {
    const start = before[index]
    return start ? [((figure(use) - figure(start)) * 1_000) / (use.at - start.at)] : []
  })
}

async function measureWeight(
  { weighed }: Sizes,
  { repetitions, progress }: Context,
): Promise<readonly Row[]> {
  const samples = { elementEncoded: [], elementHeld: [], keyHeld: [] } as Record<string, number[]>
  for (let round = 0; round < repetitions; round++) {
    progress(`bytes, ${round + 1} of ${repetitions}`)
    await using fleet = await ReplicatorFleet.replicating(1)
    for (const [name, bytes] of Object.entries(await fleet.weigh(weighed))) {
      samples[name]?.push(bytes)
    }
  }
  const { elementEncoded = [], elementHeld = [], keyHeld = [] } = samples
  const count = weighed.toLocaleString('en-US')
  return [
    { what: `element of a set of ${count}, encoded`, unit: 'bytes', samples: elementEncoded },
    { what: '… in memory', unit: 'bytes', samples: elementHeld },
    { what: `key of ${count} counters, in memory`, unit: 'bytes', samples: keyHeld },
  ]
}
