// Every message that is sent is handled once, or is a dead letter; and those that are handled come in the order in
// which they were sent, whatever happens to shards meanwhile.
import { Behaviors } from '@casty/actor'
import { seededRandom } from '@casty/clock'
import { expect, test } from 'vitest'
import { RegionWorld } from './region-world.ts'

interface Numbered {
  readonly from: string
  readonly count: number
}

/** Seeds 1 to `count`; `CASTY_SEED=1234` reruns one alone, `CASTY_RUNS=1000` looks further. */
function seeds(count: number): readonly number[] {
  const { CASTY_SEED, CASTY_RUNS } = process.env
  if (CASTY_SEED !== undefined) return [Number(CASTY_SEED)]
  return Array.from({ length: Number(CASTY_RUNS ?? count) }, (_, index) => index + 1)
}

class Traffic {
  readonly sent = new Map<string, number>()
  readonly handled = new Map<string, number[]>()

  next(from: string, entityId: string): Numbered {
    const key = `${from}>${entityId}`
    const count = (this.sent.get(key) ?? 0) + 1
    this.sent.set(key, count)
    return { from, count }
  }

  took(entityId: string, { from, count }: Numbered): void {
    const key = `${from}>${entityId}`
    this.handled.set(key, [...(this.handled.get(key) ?? []), count])
  }

  get sentCount(): number {
    return [...this.sent.values()].reduce((sum, count) => sum + count, 0)
  }

  get handledCount(): number {
    return [...this.handled.values()].reduce((sum, counts) => sum + counts.length, 0)
  }

  /** Pairs whose messages were handled twice, or one before another that was sent earlier. */
  get disorder(): readonly string[] {
    return [...this.handled]
      .filter(([, counts]) =>
        counts.some((count, index) => index > 0 && count <= (counts[index - 1] ?? 0)),
      )
      .map(([key, counts]) => `${key}: ${counts.join(' ')}`)
  }
}

const entityIds = ['p', 'q', 'r', 's', 't']

interface Chaos {
  readonly world: RegionWorld
  readonly traffic: Traffic
  /** Dead letters of all nodes. */
  readonly lost: readonly string[]
}

/** Sends numbered messages from all nodes, while `act` does something now and then. */
async function play(
  seed: number,
  act: (world: RegionWorld, pick: <T>(values: readonly T[]) => T) => void,
): Promise<Chaos & AsyncDisposable> {
  const random = seededRandom(seed)
  const pick = <T>(values: readonly T[]): T => {
    const picked = values[Math.floor(random() * values.length)]
    if (picked === undefined) throw new Error('There is nothing to pick from')
    return picked
  }
  const world = await RegionWorld.of('a b c', { fenceTimeoutMs: pick([12, 2_000]) })
  const traffic = new Traffic()
  const regions = world.startType<Numbered>({
    name: 'log',
    numShards: 3,
    idleTimeoutMs: pick([20, 60, 120_000]),
    entity: (entity) =>
      Behaviors.receive((message) => {
        traffic.took(entity.entityId, message)
        const whim = random()
        if (whim < 0.02) return Behaviors.stopped
        if (whim < 0.05) entity.passivate()
        if (whim > 0.2) return Behaviors.same
        return new Promise((resolve) => {
          world.clock.schedule(random() * 5, () => resolve(Behaviors.same))
        })
      }),
  })
  world.giveAll('log', 'a b c')
  const lagMs = pick([3, 30, 300])
  world.lagOf = () => random() * lagMs
  for (let step = 0; step < 150; step++) {
    for (const [host, region] of regions) {
      const entityId = pick(entityIds)
      region.tell(entityId, traffic.next(host, entityId))
    }
    if (random() < 0.1) act(world, pick)
    await world.settle(random() * 6)
  }
  await world.settle(5_000)
  return {
    world,
    traffic,
    lost: world.nodes.flatMap(({ lost }) => lost),
    [Symbol.asyncDispose]: async () => await world[Symbol.asyncDispose](),
  }
}

test.each(seeds(12))('nothing is lost, doubled or reordered by moves (seed %i)', async (seed) => {
  await using chaos = await play(seed, (world, pick) => {
    const shard = pick([0, 1, 2])
    const owner = world.ownerOf('log', shard)
    world.move('log', shard, pick(['a', 'b', 'c'].filter((host) => host !== owner)))
  })
  const { traffic, lost } = chaos
  expect(traffic.disorder).toEqual([])
  expect(lost).toEqual([])
  expect(traffic.handledCount).toBe(traffic.sentCount)
})

test.each(seeds(12))(
  'where owners lose their lease and their shards, what is lost is told (seed %i)',
  async (seed) => {
    const revoked = new Map<string, number>()
    await using chaos = await play(seed, (world, pick) => {
      const shard = pick([0, 1, 2])
      const owner = world.ownerOf('log', shard) ?? 'a'
      const others = ['a', 'b', 'c'].filter((host) => host !== owner)
      if (pick([true, false])) world.move('log', shard, pick(others))
      else {
        const times = (revoked.get(owner) ?? 0) + 1
        revoked.set(owner, times)
        world.lease(owner, false)
        world.give('log', shard, pick(others))
        // No lease is granted to whoever has not heard of what it lost.
        world.clock.schedule(400, () => {
          if (revoked.get(owner) === times) world.lease(owner, true)
        })
      }
    })
    const { traffic, lost } = chaos
    expect(traffic.disorder).toEqual([])
    expect(traffic.handledCount + lost.length).toBe(traffic.sentCount)
  },
)
