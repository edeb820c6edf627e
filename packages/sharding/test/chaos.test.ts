// All of sharding under partitions, deaths, joins and leaves: never two owners at once, every question ends, order is
// kept, and afterwards everybody reaches everything.
import { Behaviors, type ActorRef } from '@casty/actor'
import { seededRandom } from '@casty/clock'
import { NodeAddress } from '@casty/transport'
import { expect, test } from 'vitest'
import type { EntityRegion, EntityType } from '@casty/sharding'
import { ShardingWorld } from './sharding-world.ts'

/** Seeds 1 to `count`; `CASTY_SEED=1234` reruns one alone, `CASTY_RUNS=1000` looks further. */
function seeds(count: number): readonly number[] {
  const { CASTY_SEED, CASTY_RUNS } = process.env
  if (CASTY_SEED !== undefined) return [Number(CASTY_SEED)]
  return Array.from({ length: Number(CASTY_RUNS ?? count) }, (_, index) => index + 1)
}

interface Numbered {
  readonly from: string
  readonly count: number
  readonly replyTo: ActorRef<number>
}

/** What was handled, in the order of time. */
class Journal {
  readonly #epochs = new Map<number, number>()
  readonly #counts = new Map<string, number>()
  readonly violations: string[] = []

  handled(entityId: string, shard: number, epoch: number, { from, count }: Numbered): void {
    const latest = this.#epochs.get(shard) ?? 0
    if (epoch < latest) {
      this.violations.push(`${entityId} was run under epoch ${epoch} after ${latest}`)
    }
    this.#epochs.set(shard, Math.max(latest, epoch))
    const pair = `${from}>${entityId}`
    const before = this.#counts.get(pair) ?? 0
    if (count <= before) this.violations.push(`${pair}: ${count} came after ${before}`)
    this.#counts.set(pair, count)
  }
}

const ids = ['p', 'q', 'r', 's', 't', 'u']

test.each(seeds(3))(
  'at most one owner, and none in the end that is not reached (seed %i)',
  async (seed) => {
    const random = seededRandom(seed)
    const pick = <T>(values: readonly T[]): T | undefined =>
      values[Math.floor(random() * values.length)]
    const journal = new Journal()
    const type: EntityType<Numbered> = {
      name: 'log',
      numShards: 6,
      entity: ({ entityId, shard, epoch }) =>
        Behaviors.receive((message) => {
          journal.handled(entityId, shard, epoch, message)
          message.replyTo.tell(epoch)
        }),
    }
    await using world = await ShardingWorld.of('a b c d', {}, seed)
    const regions = new Map<string, EntityRegion<Numbered>>(world.startType(type))
    const counts = new Map<string, number>()
    let hasKilled = false
    let asked = 0
    let ended = 0
    const ask = async (host: string, entityId: string, timeoutMs: number): Promise<boolean> => {
      const count = (counts.get(`${host}>${entityId}`) ?? 0) + 1
      counts.set(`${host}>${entityId}`, count)
      asked++
      try {
        const region = regions.get(host)
        await region?.ask<number>(entityId, (replyTo) => ({ from: host, count, replyTo }), {
          timeoutMs,
        })
        return region !== undefined
      } catch {
        return false
      } finally {
        ended++
      }
    }
    const hosts = (): readonly string[] => world.nodes.map(({ host }) => host)
    const disturb = async (): Promise<void> => {
      const victim = pick(['b', 'c', 'd'].filter((host) => hosts().includes(host))) ?? 'b'
      const whim = random()
      if (whim < 0.4) {
        const others = hosts().filter((host) => host !== victim)
        const addresses = (names: readonly string[]): readonly NodeAddress[] =>
          names.map((host) => NodeAddress.of(host, 1))
        world.network.partition(addresses([victim]), addresses(others))
      } else if (whim < 0.7) world.network.heal()
      else if (whim < 0.8 && !hasKilled) {
        hasKilled = true // Nobody downs the dead here, so one more would be half of those who vote.
        regions.delete(victim)
        await world.kill(victim)
      } else if (whim < 0.9 && hosts().length < 6) {
        const host = `n${world.everStarted.length}`
        const { sharding } = await world.start(host)
        regions.set(host, sharding.start(type))
      }
    }
    for (let step = 0; step < 400; step++) {
      for (const host of hosts()) void ask(host, pick(ids) ?? 'p', 1_000)
      if (step % 20 === 19) await disturb()
      await world.settle(50)
    }
    world.network.heal()
    await world.settle(15_000)
    expect(journal.violations).toEqual([])
    expect(ended).toBe(asked)
    for (const host of hosts()) {
      for (const id of ids) {
        expect(await world.settled(ask(host, id, 2_000)), `${host} asks ${id}\n${world}`).toBe(true)
      }
    }
    expect(journal.violations).toEqual([])
  },
)
