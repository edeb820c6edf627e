import { sharedNow } from '../membership/messages.ts'
import type { Context, Row, Scenario } from '../scenario.ts'
import { ShardFleet } from '../sharding/fleet.ts'
import { TableCosts } from '../sharding/table.ts'

const size = 5
const numShards = 1_000
const tableShards = 10_000
const entities = Number(process.env['BENCH_ENTITIES'] ?? 1_000_000)

/** Many entities, many shards, and what becomes of them when nodes go. */
export const scenario: Scenario = {
  name: 'shards',
  description: 'idle entities, shards whose node is killed or leaves, and the table of many shards',
  repetitions: 3,
  async run(context) {
    const rows = [
      ...(await idling(context)),
      ...(await losing(context)),
      ...(await leaving(context)),
      ...table(context),
    ]
    return { title: '@casty/sharding, TCP on loopback, defaults', rows, notes }
  },
}

const notes = [
  `Of ${numShards.toLocaleString('en-US')} shards on ${size} nodes: an entity of each that the lost node had is asked until it answers.`,
]

/** Entities that have handled one message, on two nodes. */
async function idling({ repetitions, progress }: Context): Promise<readonly Row[]> {
  const perEntity: number[] = []
  const perSecond: number[] = []
  const named = entities.toLocaleString('en-US')
  for (let round = 0; round < repetitions; round++) {
    progress(`${named} idle entities, ${round + 1} of ${repetitions}`)
    await using fleet = await ShardFleet.start(2, 256)
    const before = await useOf(fleet)
    const [first] = fleet.nodes
    if (!first) break
    const { tookMs } = await first.ask({ type: 'activate', count: entities }, 'activated')
    const after = await useOf(fleet)
    perEntity.push((after.bytes - before.bytes) / (after.entities - before.entities))
    perSecond.push(((after.entities - before.entities) * 1_000) / tookMs)
  }
  return [
    {
      what: `memory of each of ${named} on two nodes`,
      unit: 'B',
      samples: perEntity,
      wanted: '≤ 1,024',
    },
    { what: 'entities that start, by questions of one node', unit: '1/s', samples: perSecond },
  ]
}

async function useOf(
  fleet: ShardFleet,
): Promise<{ readonly bytes: number; readonly entities: number }> {
  let [bytes, alive] = [0, 0]
  for (const node of fleet.nodes) {
    const use = await node.ask({ type: 'use' }, 'use')
    bytes += use.bytes
    alive += use.entities
  }
  return { bytes, entities: alive }
}

/** One of five is killed: not the oldest, and then the oldest, which gives out shards. */
async function losing({ repetitions, progress }: Context): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const [who, index] of [
    ['a node', 2],
    ['the coordinator', 0],
  ] as const) {
    const firsts: number[] = []
    const lasts: number[] = []
    for (let round = 0; round < repetitions; round++) {
      progress(`kill -9 of ${who}, ${round + 1} of ${repetitions}`)
      await using fleet = await ShardFleet.start(size, numShards)
      const [prober, victim] = [fleet.nodes[1], fleet.nodes[index]]
      if (!prober || !victim) break
      const owners = await fleet.ownersSeenBy(prober)
      const shards = [...owners.keys()].filter((shard) => owners[shard] === victim.key)
      await prober.ask({ type: 'probe', shards }, 'probed')
      const killedAt = sharedNow()
      await victim.kill()
      const { at } = await prober.ask({ type: 'probe', shards }, 'probed')
      firsts.push(Math.min(...at) - killedAt)
      lasts.push(Math.max(...at) - killedAt)
    }
    rows.push(
      { what: `kill -9 of ${who} → first of its shards answers`, unit: 'ms', samples: firsts },
      {
        what: `kill -9 of ${who} → last of its shards answers`,
        unit: 'ms',
        samples: lasts,
        wanted: '≤ 4,000',
      },
    )
  }
  return rows
}

/** One of five leaves: its shards are handed over, an entity in each. */
async function leaving({ repetitions, progress }: Context): Promise<readonly Row[]> {
  const all: number[] = []
  const each: number[] = []
  for (let round = 0; round < repetitions; round++) {
    progress(`a node leaves, ${round + 1} of ${repetitions}`)
    await using fleet = await ShardFleet.start(size, numShards)
    const [prober, leaver] = [fleet.nodes[1], fleet.nodes[2]]
    if (!prober || !leaver) break
    const owners = await fleet.ownersSeenBy(prober)
    const shards = [...owners.keys()].filter((shard) => owners[shard] === leaver.key)
    await prober.ask({ type: 'probe', shards }, 'probed')
    const beganAt = sharedNow()
    const { at } = await leaver.ask({ type: 'leave' }, 'left')
    all.push(at - beganAt)
    each.push((at - beganAt) / shards.length)
  }
  return [
    { what: 'a node with a fifth of the shards leaves', unit: 'ms', samples: all },
    { what: '… for each of its shards', unit: 'ms', samples: each },
  ]
}

function table({ repetitions, progress }: Context): readonly Row[] {
  progress('table')
  const costs = new TableCosts(tableShards)
  const { changing } = costs
  const samples = Array.from({ length: repetitions }, () => changing())
  const named = tableShards.toLocaleString('en-US')
  return [
    { what: `table of ${named} shards: a hundred change`, unit: 'µs', samples },
    { what: '… bytes that tell a member of that', unit: 'B', samples: [costs.bytesOfChange] },
    { what: '… bytes of all of it', unit: 'B', samples: [costs.bytesOfAll] },
  ]
}
