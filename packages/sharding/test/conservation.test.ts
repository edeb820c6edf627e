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

test.each(seeds(12))('nothing is lost, doubled or reordered by moves (seed %i)', async (seed) => {
  const random = seededRandom(seed)
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T
  await using world = await RegionWorld.of('a b c', { fenceTimeoutMs: pick([12, 2_000]) })
  const traffic = new Traffic()
  const regions = world.startType<Numbered>({
    name: 'log',
    numShards: 3,
    idleTimeoutMs: pick([20, 60, 120_000]),
    entity: ({ entityId }) =>
      Behaviors.receive((message) => {
        traffic.took(entityId, message)
        const whim = random()
        if (whim < 0.02) return Behaviors.stopped
        if (whim < 0.2) {
          return new Promise((resolve) => {
            world.clock.schedule(random() * 5, () => resolve(Behaviors.same))
          })
        }
        return Behaviors.same
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
    const shard = Math.floor(random() * 3)
    if (random() < 0.1) {
      const owner = world.ownerOf('log', shard)
      world.move('log', shard, pick(['a', 'b', 'c'].filter((host) => host !== owner)))
    }
    await world.settle(random() * 6)
  }
  await world.settle(5_000)
  const dropped = world.nodes.flatMap(({ lost }) => lost)
  expect(traffic.disorder).toEqual([])
  expect(dropped).toEqual([])
  expect(traffic.handledCount).toBe(traffic.sentCount)
})
