// What calls cost while shards move: round trips, of 2 ms each here, and no time-outs.
import { ActorError, type ActorRef } from '@casty/actor'
import { eventSourced } from '@casty/persistence'
import type { EntityRegion, EntityType } from '@casty/sharding'
import { expect, test } from 'vitest'
import { ShardingWorld } from './sharding-world.ts'

interface Add {
  readonly amount: number
  readonly replyTo: ActorRef<number>
}

const counter: EntityType<Add> = {
  name: 'counter',
  numShards: 8,
  replication: { replicas: 2 },
  entity: ({ entityId, journal }) => {
    if (!journal) throw new Error('Where events are replicated, there is a journal')
    return eventSourced<Add, number, number>({
      id: entityId,
      journal,
      initialState: 0,
      onCommand: (_total, { amount, replyTo }, { effects }) =>
        effects.persist(amount).thenReply(replyTo, (total) => total),
      onEvent: (total, amount) => total + amount,
    })
  },
}

const ids = Array.from({ length: 8 }, (_, index) => `e${index}`)

/** Calls entities all the time, one call after the other for each. */
class Callers {
  longestMs = 0
  calls = 0
  readonly failures: unknown[] = []
  readonly #world: ShardingWorld
  readonly #pauseMs: number
  #isOver = false

  constructor(world: ShardingWorld, pauseMs = 20) {
    this.#world = world
    this.#pauseMs = pauseMs
  }

  start(region: EntityRegion<Add>): void {
    for (const id of ids) this.#call(region, id)
  }

  #call(region: EntityRegion<Add>, id: string): void {
    const { clock } = this.#world
    const since = clock.now()
    const asked = region.ask<number>(id, (replyTo) => ({ amount: 1, replyTo }), {
      timeoutMs: 60_000,
    })
    void asked
      .catch((error: unknown) => this.failures.push(error))
      .then(() => {
        this.calls++
        this.longestMs = Math.max(this.longestMs, clock.now() - since)
        if (!this.#isOver) clock.schedule(this.#pauseMs, () => this.#call(region, id))
      })
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#world.settle(1_000)
  }
}

/** Nodes that host the type, `x`, which has nothing to do with it, and callers on `a` and `b`. */
async function busyWorld(): Promise<[ShardingWorld, Callers]> {
  const world = await ShardingWorld.of('a b c x')
  const callers = new Callers(world)
  for (const { host, sharding } of world.nodes) {
    if (host === 'x') continue
    const region = sharding.start(counter)
    if (host !== 'c') callers.start(region)
  }
  await world.until(() => callers.calls > 100)
  expect(callers.failures).toEqual([])
  callers.longestMs = 0
  return [world, callers]
}

test('calls take some round trips while shards go to a node that joins, also where members do not know the type', async () => {
  const [world, callers] = await busyWorld()
  await using _ = world
  const { sharding } = await world.start('d')
  const region = sharding.start(counter)
  await world.until(() => region.statistics().shards === 2)
  await callers.stop()
  expect(callers.failures).toEqual([])
  expect(callers.longestMs).toBeLessThan(100)
})

test.each(['c', 'a'])(
  'calls take some round trips while a node hands over what it has, and leaves (%s)',
  async (host) => {
    const [world, callers] = await busyWorld()
    await using _ = world
    const { cluster } = world.node(host)
    const since = world.clock.now()
    let leftAt = Infinity
    void cluster.leave().then(() => (leftAt = world.clock.now()))
    await world.until(() => leftAt !== Infinity)
    expect(leftAt - since).toBeLessThan(500)
    await callers.stop()
    expect(callers.longestMs).toBeLessThan(100)
    // Calls of the node itself have nobody left to make them.
    if (host === 'c') expect(callers.failures).toEqual([])
  },
)

test('no call fails while epochs go up, because the clock of the first node is behind', async () => {
  await using world = new ShardingWorld()
  // Some wait behind others at any time.
  const callers = new Callers(world, 1)
  const begin = async (host: string, wallBehindMs = 0): Promise<EntityRegion<Add>> => {
    const { sharding } = await world.start(host, { wallBehindMs })
    return sharding.start(counter)
  }
  const beganAt = world.clock.wallNow()
  const regions = [await begin('a', 600_000)]
  await world.settle(5_000)
  regions.push(await begin('b'))
  await world.until(() => regions[1]?.statistics().shards === 4)
  for (const region of regions) callers.start(region)
  await world.until(() => callers.calls > 100)
  const epochs = (): number[] =>
    regions.flatMap((region) => ids.map((id) => region.explain(region.shardOf(id)).epoch))
  expect(Math.max(...epochs())).toBeLessThan(beganAt)
  await begin('c')
  await world.until(() => Math.min(...epochs()) >= beganAt)
  await callers.stop()
  expect(callers.failures).toEqual([])
  expect(callers.longestMs).toBeLessThan(100)
})

test('a shard that was handed over in order is not told of as one that was taken away', async () => {
  const warnings: string[] = []
  const logger = {
    debug: () => {},
    info: () => {},
    warn: (_fields: unknown, what: string) => warnings.push(what),
    error: (_fields: unknown, what: string) => warnings.push(what),
  }
  await using world = await ShardingWorld.of('a b c', { logger })
  const callers = new Callers(world)
  const regions = world.startType(counter)
  for (const region of regions.values()) callers.start(region)
  await world.until(() => callers.calls > 100)
  const { sharding } = await world.start('d', { logger })
  const region = sharding.start(counter)
  await world.until(() => region.statistics().shards === 2)
  await callers.stop()
  const all = [...regions.values(), region].map((one) => one.statistics().replication)
  for (const statistics of all) expect(statistics).toMatchObject({ refused: 0, wasRefused: 0 })
  expect(warnings).toEqual([])
})

test('of calls to a node that dies, those under way fail, and later ones wait for where its shards go', async () => {
  await using world = await ShardingWorld.of('a b c')
  const callers = new Callers(world)
  const regions = world.startType(counter)
  const region = regions.get('a')
  if (!region) throw new Error('No region at a')
  callers.start(region)
  await world.until(() => callers.calls > 100)
  const there = ids.filter((id) => region.explain(region.shardOf(id)).owner?.startsWith('b:'))
  expect(there.length).toBeGreaterThan(0)
  await world.kill('b')
  await world.settle(6_000)
  const reasons = callers.failures.map((error) =>
    error instanceof ActorError ? error.reason : error,
  )
  await callers.stop()
  expect(new Set(reasons)).toEqual(new Set(['lost']))
  expect(reasons.length).toBeLessThanOrEqual(there.length)
})
