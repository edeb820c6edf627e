// What clients hold of a value while removed nodes get out of it.
import { modifiedBy, orSet, pnCounter, type ORSet, type Replica } from '@casty/crdt'
import { expect, test } from 'vitest'
import { replicatedKey } from '../src/index.ts'
import { ReplicatorWorld } from './replicator-world.ts'

const tags = replicatedKey('tags', orSet<string>())
const hits = replicatedKey('hits', pnCounter())

const settings = {
  clients: { isClient: () => true },
  pruningDelayMs: 2_000,
  pruningMarkerMs: 60_000,
  gossipIntervalMs: 500,
}
const add = (tag: string) => (set: ORSet<string>, me: Replica) => set.add(me, tag)

/** Node c has changed both values and died, a is about to stand in for it, and a client knows what c did. */
async function withoutC(contact: string) {
  const world = await ReplicatorWorld.of('a b c', settings)
  await world.awaited(world.at('c').update(tags, add('x'), { write: 'all' }))
  const count = world.at('c').update(hits, (value, me) => value.increment(me, 5), { write: 'all' })
  await world.awaited(count)
  const client = await world.client('p')
  client.turnTo(world.cluster(contact).self)
  const heard = { tags: [] as (readonly string[])[], hits: [] as number[] }
  client.replicator.subscribe(tags, (set) => heard.tags.push(set.value))
  client.replicator.subscribe(hits, (value) => heard.hits.push(value.value))
  await world.until(() => client.replicator.local(hits).value === 5)
  const gone = world.cluster('c').self.key
  await world.killAndDown('c')
  const knowsC = (host: string): boolean =>
    [tags, hits].some((key) => modifiedBy(world.at(host).local(key as typeof tags)).includes(gone))
  return { world, client, heard, knowsC }
}

test.each([
  ['a', 'a'],
  ['a', 'b'],
  ['b', 'a'],
  ['b', 'b'],
])(
  'a client of %s misses nothing when %s changes a value out of which a node was just pruned',
  async (contact, host) => {
    const { world, client, heard, knowsC } = await withoutC(contact)
    await using _ = world
    await world.until(() => !knowsC(host))
    await world.awaited(world.at(host).update(tags, add('y')))
    await world.awaited(world.at(host).update(hits, (value, me) => value.increment(me)))
    const tookMs = await world.until(() => client.replicator.local(hits).value === 6)
    await world.until(() => client.replicator.local(tags).has('y'))
    expect(tookMs).toBeLessThan(200)
    expect(heard).toEqual({ tags: [[], ['x'], ['x', 'y']], hits: [0, 5, 6] })
  },
)
