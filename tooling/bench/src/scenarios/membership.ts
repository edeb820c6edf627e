import { setTimeout as pause } from 'node:timers/promises'
import { Fleet, type FleetNode } from '../membership/fleet.ts'
import { sharedNow, type Use } from '../membership/messages.ts'
import type { Context, Row, Scenario } from '../scenario.ts'

const startSizes = [3, 5, 10, 20] as const
const idleSizes = [5, 20] as const
const fewestKills = 20
const settleMs = 5_000
const idleMs = 10_000

/** A cluster of processes over TCP on loopback, with the options that a user gets. */
export const scenario: Scenario = {
  name: 'membership',
  description: 'start, crash, silent death and idle cost of clusters of 3 to 20 processes',
  async run(context) {
    const rows: Row[] = []
    for (const size of startSizes) rows.push(await measureStart(size, context))
    rows.push(...(await measureKills(context)))
    rows.push(await measureSilence(context))
    for (const size of idleSizes) rows.push(...(await measureIdling(size, context)))
    return { title: 'Clusters of processes, TCP on loopback', rows, notes }
  },
}

const notes = [
  'Processes have loaded their code before they start; all but the first start at once.',
  'Instants are taken where things happen, on the clock that all processes share.',
  'CPU is of the whole process: 1 ms/s is a thousandth of a core. Bytes are those on the wire.',
]

/** From the moment the last one listens until everybody sees everybody as up. */
async function measureStart(size: number, { repetitions, progress }: Context): Promise<Row> {
  const samples: number[] = []
  for (let round = 0; round < repetitions; round++) {
    progress(`start of ${size}, ${round + 1} of ${repetitions}`)
    await using fleet = new Fleet()
    const nodes = await fleet.prepare(size)
    await fleet.start(nodes)
    const allUpAt = await fleet.untilAllUp(nodes)
    const listeningAt = Math.max(...nodes.map(({ listening }) => listening?.at ?? 0))
    samples.push(Math.max(0, allUpAt - listeningAt))
  }
  const wanted = size === 5 ? { wanted: '≤ 1,000' } : {}
  return { what: `start of ${size} → all up`, unit: 'ms', samples, ...wanted }
}

/** Kills each member of five in turn, also the leader, and starts another at its address at once. */
async function measureKills({ repetitions, progress }: Context): Promise<readonly Row[]> {
  const noticed: number[] = []
  const replaced: number[] = []
  await using fleet = new Fleet()
  let nodes = await fleet.run(5)
  const kills = Math.max(fewestKills, repetitions)
  for (let kill = 0; kill < kills; kill++) {
    progress(`kill -9, ${kill + 1} of ${kills}`)
    const [victim, ...survivors] = nodes
    const [successor] = await fleet.prepare(1)
    if (!victim || !successor) break
    const killedAt = sharedNow()
    victim.signal('SIGKILL')
    noticed.push((await fleet.untilUnreachable(survivors, victim.key, killedAt)) - killedAt)
    nodes = [...survivors, successor]
    replaced.push(await replace(fleet, victim, successor, nodes))
  }
  const what = 'kill -9 of one in five → unreachable at all'
  return [
    { what: `${what}, p50`, unit: 'ms', samples: noticed, wanted: '≤ 300' },
    { what: `${what}, p99`, unit: 'ms', samples: noticed, percentile: 99, wanted: '≤ 1,000' },
    { what: 'its successor listens → up everywhere, p50', unit: 'ms', samples: replaced },
    {
      what: 'its successor listens → up everywhere, p99',
      unit: 'ms',
      samples: replaced,
      percentile: 99,
    },
  ]
}

/** @returns milliseconds from when the successor listens until all see all as up */
async function replace(
  fleet: Fleet,
  victim: FleetNode,
  successor: FleetNode,
  nodes: readonly FleetNode[],
): Promise<number> {
  const port = Number(victim.address.split(':').at(-1))
  const contacts = nodes.filter((node) => node !== successor).map(({ address }) => address)
  await victim.kill()
  successor.tell({ type: 'start', port, contacts })
  await fleet.untilListening([successor])
  return (await fleet.untilAllUp(nodes)) - (successor.listening?.at ?? 0)
}

/** The process stands still, its sockets stay open: only silence tells. */
async function measureSilence({ repetitions, progress }: Context): Promise<Row> {
  const samples: number[] = []
  await using fleet = new Fleet()
  const nodes = await fleet.run(5)
  for (let round = 0; round < repetitions; round++) {
    progress(`silent death, ${round + 1} of ${repetitions}`)
    await pause(settleMs)
    const victim = nodes[round % nodes.length]
    if (!victim) break
    const stoppedAt = sharedNow()
    victim.signal('SIGSTOP')
    const others = nodes.filter((node) => node !== victim)
    samples.push((await fleet.untilUnreachable(others, victim.key, stoppedAt)) - stoppedAt)
    victim.signal('SIGCONT')
    await fleet.untilAllUp(nodes)
  }
  const what = 'silent death of one in five → unreachable at all'
  return { what, unit: 'ms', samples, wanted: '≤ 5,500' }
}

/** What a node uses while nothing happens; a sample per node and window. */
async function measureIdling(
  size: number,
  { repetitions, progress }: Context,
): Promise<readonly Row[]> {
  const [cpu, bytes, frames]: [number[], number[], number[]] = [[], [], []]
  await using fleet = new Fleet()
  const nodes = await fleet.run(size)
  await pause(settleMs)
  for (let round = 0; round < repetitions; round++) {
    progress(`${size} idle, ${round + 1} of ${repetitions}`)
    const before = await fleet.uses(nodes)
    await pause(idleMs)
    const after = await fleet.uses(nodes)
    cpu.push(...rates(before, after, ({ cpuMs }) => cpuMs))
    bytes.push(...rates(before, after, ({ bytesSent }) => bytesSent))
    frames.push(...rates(before, after, ({ framesSent }) => framesSent))
  }
  const what = `idle node of ${size}`
  const wanted = size === 20 ? { wanted: '≤ 2,000' } : {}
  return [
    { what: `${what}, CPU`, unit: 'ms/s', samples: cpu },
    { what: `${what}, sent`, unit: 'bytes/s', samples: bytes, ...wanted },
    { what: `${what}, sent`, unit: 'frames/s', samples: frames },
  ]
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
