import { chosen, type Compared } from '../ddata/compared.ts'
import { Fleet, type FleetFigures } from '../ddata/fleet.ts'
import type { Figures, Keeping, Times } from '../ddata/messages.ts'
import { Rivals, type Subject } from '../ddata/rivals.ts'
import { interleave } from '../interleave.ts'
import type { Context, Row, Scenario } from '../scenario.ts'
import { untilSteady } from '../steady.ts'

const isLong = process.env['BENCH_DDATA'] === 'long'
const operations = process.env['BENCH_OPERATIONS']
const inFlights = process.env['BENCH_IN_FLIGHT']
const entries = Number(process.env['BENCH_ENTRIES'] ?? 1_000_000)
const times: Times = { warmUpMs: 1_500, measuredMs: isLong ? 3_000 : 1_000 }
/**
 * Before anything is measured, each call is made until it no longer becomes quicker: four processes that share two cores take
 * up to five times as much of a processor for a call at first, and half a minute to compile all that takes part in it.
 */
const firstTimes: Times = { warmUpMs: 0, measuredMs: 2_000 }
const mostFirstRounds = 20

/** Structures beside what people use for the same, from a node that keeps none of them. */
export const scenario: Scenario = {
  name: 'ddata',
  description:
    'shared structures beside Redis, redlock, BullMQ and etcd; a map of 1,000,000 entries',
  async run(context) {
    const [rows, missing] = await calling(context)
    // Whoever looks for some operations does not look for that.
    if (operations === undefined) {
      rows.push(...(await keeping(context)), ...(await failingOver(context)))
    }
    const title = '@casty/ddata, TCP on loopback, used by a node that keeps nothing itself'
    return { title, rows, notes: [...notes, ...missing] }
  },
}

const notes = [
  'One copy: in the memory of one node. Three copies: two of three nodes have it before it is answered. Synced journal: on the disk of one node before it is answered.',
  'Redis: ioredis with its defaults and one server without a disk; synced: appendfsync always; pipelined: enableAutoPipelining.',
  'Values of 100 bytes, 1,000 keys, a lock for each worker. BullMQ: its worker with that concurrency, jobs added before; ours adds an item for each that it takes.',
  'Processor: of all processes of ours for one call, with what the system does on their behalf. etcd: the etcd3 client, synced to disk.',
]

/** With more, some of its answers come later than anybody measures. */
const mostOfEtcd = 64

/** A place where ours keeps what is written, or a rival. */
type Measured = Keeping | Subject
type Samples = Readonly<Partial<Record<Measured, readonly (Figures | FleetFigures)[]>>>

const keepings: readonly Keeping[] = ['one copy', 'three copies', 'synced journal']

async function calling(context: Context): Promise<[rows: Row[], missing: readonly string[]]> {
  const { repetitions, progress } = context
  await using rivals = await Rivals.start()
  await using one = await Fleet.start('one copy')
  await using three = await Fleet.start('three copies')
  await using journal = await Fleet.start('synced journal')
  const fleets = { 'one copy': one, 'three copies': three, 'synced journal': journal }
  const rows: Row[] = []
  const subjectsOf = (
    { operation, subjects, theirs: named = operation }: Compared,
    inFlight: number,
    each: Times,
  ): Readonly<Record<Measured, () => Promise<Figures>>> => {
    const ours = keepings.map(
      (where) => [where, async () => await fleets[where].run(operation, inFlight, each)] as const,
    )
    const theirs = subjects
      .filter((subject) => rivals.has(subject) && (subject !== 'etcd' || inFlight <= mostOfEtcd))
      .map(
        (subject) =>
          [subject, async () => await rivals.measure(subject, named, inFlight, each)] as const,
      )
    // What is left out is not measured.
    return Object.fromEntries([...ours, ...theirs]) as Record<Measured, () => Promise<Figures>>
  }
  const warmUp = async (what: Compared): Promise<void> => {
    const subjects = subjectsOf(what, Math.max(...what.inFlight), firstTimes)
    for (const [name, measure] of Object.entries(subjects)) {
      progress(`${what.operation}, ${name}, until it becomes no quicker`)
      await untilSteady(async () => (await measure()).perSecond, mostFirstRounds)
    }
  }
  const all = chosen(operations, inFlights, isLong)
  for (const what of all) await warmUp(what)
  for (const what of all) {
    const byInFlight = new Map<number, Samples>()
    for (const inFlight of what.inFlight) {
      progress(`${what.operation}, ${inFlight} in flight`)
      const samples: Samples = await interleave(repetitions, subjectsOf(what, inFlight, times))
      byInFlight.set(inFlight, samples)
      rows.push(...rowsOf(what, inFlight, samples))
    }
    rows.push(...longerRows(what, byInFlight))
  }
  return [rows, rivals.missing]
}

function rowsOf({ operation, subjects, wanted }: Compared, inFlight: number, all: Samples): Row[] {
  const rows: Row[] = []
  for (const where of keepings) {
    const ours = all[where] ?? []
    const what = `${operation}, ${inFlight} in flight, ${where}`
    const beside = subjects.filter((subject) => isFair(subject, where) && all[subject])
    const row = { unit: '1/s', samples: ours.map(({ perSecond }) => perSecond) }
    if (beside.length === 0) rows.push({ ...row, what })
    for (const subject of beside) {
      const samples = (all[subject] ?? []).map(({ perSecond }) => perSecond)
      const isWanted = inFlight > 1 && subject === subjects[0] && wanted?.[where] !== undefined
      rows.push({
        ...row,
        what: `${what}, beside ${subject}`,
        reference: { name: subject, samples },
        ...(isWanted && { wanted: wanted[where] ?? '' }),
      })
    }
    rows.push({
      what: `${what}, median`,
      unit: 'ms',
      samples: ours.map(({ medianMs }) => medianMs),
      ...medianBeside(beside[0], all),
    })
    rows.push({ what: `${what}, processor`, unit: 'µs', samples: ours.map(processorOf) })
  }
  return rows
}

/** How many times as long calls take where many are in flight as where one is; beside the same of the first peer. */
function longerRows({ operation, subjects }: Compared, all: ReadonlyMap<number, Samples>): Row[] {
  const most = Math.max(...all.keys())
  const [one, many] = [all.get(1), all.get(most)]
  if (!one || !many) return []
  const longerOf = (measured: Measured): readonly number[] => {
    const alone = one[measured] ?? []
    return (many[measured] ?? []).map(({ medianMs }, at) => medianMs / (alone[at]?.medianMs ?? 0))
  }
  const beside = subjects.find((subject) => subject !== 'bullmq' && many[subject])
  return keepings.map((where) => ({
    what: `${operation}, ${where}, median of ${most} in flight beside 1`,
    unit: '×',
    samples: longerOf(where),
    ...(beside && { reference: { name: beside, samples: longerOf(beside) } }),
  }))
}

function medianBeside(subject: Subject | undefined, all: Samples): Pick<Row, 'reference'> {
  if (subject === undefined || subject === 'bullmq') return {}
  const samples = (all[subject] ?? []).map(({ medianMs }) => medianMs)
  return { reference: { name: subject, samples } }
}

/** Each is put beside what keeps as much, as far as there is such a thing. */
function isFair(subject: Subject, where: Keeping): boolean {
  switch (subject) {
    case 'redis':
    case 'redlock':
    case 'bullmq':
      return where !== 'synced journal'
    case 'redis-pipelined':
      return where === 'one copy'
    case 'redis-synced':
      return where === 'synced journal'
    case 'etcd':
      return where !== 'one copy'
  }
}

function processorOf(figures: Figures | FleetFigures): number {
  return 'userMicros' in figures ? figures.userMicros + figures.hostMicros : Number.NaN
}

/** What a large map takes, and how fast all of it is read. */
async function keeping({ progress }: Context): Promise<readonly Row[]> {
  const named = entries.toLocaleString('en-US')
  await using fleet = await Fleet.start('one copy')
  progress(`map of ${named} entries`)
  const before = await heldBy(fleet)
  const { perSecond: filled } = await fleet.user.ask({ type: 'fill-map', entries }, 'filled')
  const bytes = ((await heldBy(fleet)) - before) / entries
  const { perSecond: scanned, count } = await fleet.user.ask({ type: 'scan-map' }, 'scanned')
  if (count !== entries) throw new Error(`Of ${entries} entries ${count} were read.`)
  return [
    {
      what: `map of ${named} numbers, memory of an entry`,
      unit: 'B',
      samples: [bytes],
      wanted: '≤ 200',
    },
    { what: '… written by putMany', unit: 'entries/s', samples: [filled] },
    { what: '… all read, by pages', unit: 'entries/s', samples: [scanned] },
  ]
}

/** Of three nodes with copies, one is killed: until each part of the map has answered. */
async function failingOver({ progress }: Context): Promise<readonly Row[]> {
  const named = entries.toLocaleString('en-US')
  await using fleet = await Fleet.start('three copies')
  progress(`failover of a map of ${named} entries`)
  const { perSecond: filled } = await fleet.user.ask({ type: 'fill-map', entries }, 'filled')
  await fleet.hosts.at(-1)?.kill()
  const { tookMs } = await fleet.user.ask({ type: 'probe-map' }, 'probed')
  return [
    {
      what: `map of ${named} numbers, three copies, written by putMany`,
      unit: 'entries/s',
      samples: [filled],
    },
    { what: '… kill -9 of an owner → all parts answer', unit: 'ms', samples: [tookMs] },
  ]
}

async function heldBy({ hosts }: Fleet): Promise<number> {
  const uses = await Promise.all(
    hosts.map(async (host) => await host.ask({ type: 'use', collects: true }, 'use')),
  )
  return uses.reduce((sum, { bytes }) => sum + bytes, 0)
}
