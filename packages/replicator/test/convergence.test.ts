// Random changes, cuts, losses and deaths; then peace. All that are left hold the same, and nothing that was
// confirmed is lost.
import { seededRandom } from '@casty/clock'
import { encode, gSet, orMap, orSet, pnCounter, type Crdt } from '@casty/crdt'
import { expect, test } from 'vitest'
import { replicatedKey } from '../src/index.ts'
import { ReplicatorWorld } from './replicator-world.ts'

const counters = Array.from({ length: 3 }, (_, at) => replicatedKey(`counter ${at}`, pnCounter()))
const sets = Array.from({ length: 3 }, (_, at) => replicatedKey(`set ${at}`, orSet<number>()))
const map = replicatedKey('map', orMap(orSet<string>()))
const kept = replicatedKey('kept', gSet<string>())

const seeds = Array.from({ length: Number(process.env['CASTY_SEEDS'] ?? 6) }, (_, at) => at + 1)

test.each(seeds)('whatever goes wrong, in peace all hold the same (seed %i)', async (seed) => {
  const random = seededRandom(seed)
  const below = (bound: number): number => Math.floor(random() * bound)
  await using world = await ReplicatorWorld.of(
    'a b c d',
    { pruningDelayMs: 3_000, pruningMarkerMs: 60_000, gossipIntervalMs: 500 },
    {},
  )
  const hosts = ['a', 'b', 'c', 'd']
  const confirmed: string[] = []
  let changes = 0
  for (let round = 0; round < 60; round++) {
    const host = hosts[below(hosts.length)] ?? 'a'
    const replicator = world.at(host)
    const [counter, set] = [counters[below(3)], sets[below(3)]]
    if (!counter || !set) continue
    switch (below(8)) {
      case 0:
        void replicator.update(counter, (value, me) => value.increment(me, below(9)))
        break
      case 1:
        void replicator.update(counter, (value, me) => value.decrement(me, below(9)))
        break
      case 2:
        void replicator.update(set, (value) => value.remove(below(4)))
        break
      case 3:
        void replicator.delete(set)
        break
      case 4:
        void replicator.update(map, (value, me) => {
          const key = `key ${below(3)}`
          return below(3) === 0
            ? value.remove(key)
            : value.update(me, key, (below3) => below3.add(me, `from ${host}`))
        })
        break
      case 5: {
        const name = `change ${changes++}`
        const write = { write: 'majority', timeoutMs: 400 } as const
        void replicator
          .update(kept, (value, me) => value.add(me, name), write)
          .then(({ type }) => (type === 'confirmed' ? confirmed.push(name) : 0))
          .catch(() => {})
        break
      }
      default:
        void replicator.update(set, (value, me) => value.add(me, below(4)))
    }
    if (round % 15 === 5) world.cut(host)
    if (round % 15 === 12) world.network.heal()
    if (round === 40) {
      world.network.heal()
      await world.killAndDown('d')
      hosts.pop()
    }
    await world.advance(below(3) === 0 ? 300 : 20)
  }
  world.network.heal()
  await world.advance(20_000)
  expect(confirmed.length).toBeGreaterThan(0)
  for (const name of confirmed) expect(world.at('a').local(kept).has(name)).toBe(true)
  const [a, ...others] = hosts.map((host) => {
    const replicator = world.at(host)
    return [
      ...counters.map((key) => shown(replicator.local(key))),
      ...sets.map((key) => shown(replicator.local(key))),
      shown(replicator.local(map)),
      shown(replicator.local(kept)),
    ]
  })
  for (const other of others) expect(other).toEqual(a)
  for (const host of hosts)
    expect(world.at(host).metrics()).toMatchObject({
      pendingCalls: 0,
      dropped: { full: 0, malformed: 0, 'type-mismatch': 0, 'unknown-type': 0 },
    })
})

/** Its bytes; of what is empty nothing else counts, since nodes forget it, each at its time. */
function shown<C extends Crdt<C>>(value: C): string {
  return value.body.state.store === undefined
    ? 'empty'
    : Buffer.from(encode(value)).toString('latin1')
}
