// Values that converge on members, held by processes that are none.
import { distributedOf, replicatorOf } from '@casty/cluster'
import { orSet, pnCounter } from '@casty/crdt'
import { replicatedKey } from '@casty/replicator'
import { expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

const online = replicatedKey('online', orSet<string>())
const visits = replicatedKey('visits', pnCounter())

async function replicating(): Promise<SystemWorld> {
  const world = await SystemWorld.start('a b c', { clients: true })
  await Promise.all(world.nodes.map(async (node) => await node.replicator()))
  return world
}

test('clients share values with members and with each other, by whatever contact', async () => {
  await using world = await replicating()
  const [x, y] = [await world.client('x'), await world.client('y')]
  replicatorOf(y).subscribe(online, () => {})
  const written = replicatorOf(x).update(online, (set, me) => set.add(me, 'ann'), { write: 'all' })
  expect(await world.settled(written)).toMatchObject({ type: 'confirmed', nodes: 3 })
  await world.until(() => replicatorOf(y).local(online).has('ann'))
  expect(y.explain().client.contact).toBeDefined()
})

test('a client that loses its contact goes on with another, and each change counts once', async () => {
  await using world = await replicating()
  const client = await world.client('x')
  const replicator = replicatorOf(client)
  await world.settled(replicator.update(visits, (count, me) => count.increment(me)))
  const contact = client.client.contact?.address.host ?? ''
  await world.kill(contact)
  const written = replicator.update(visits, (count, me) => count.increment(me), {
    timeoutMs: 60_000,
    write: { nodes: 2 },
  })
  expect(replicator.local(visits).value).toBe(2)
  expect(await world.settled(written)).toMatchObject({ type: 'confirmed', nodes: 2 })
  expect(client.client.contact?.address.host).not.toBe(contact)
  const read = await world.settled(replicator.get(visits, { read: { nodes: 2 } }))
  expect(read.value.value).toBe(2)
})

test('a client sees members come and go', async () => {
  await using world = await SystemWorld.start('a b', { clients: true })
  const client = await world.client('x')
  const told: string[] = []
  client.cluster.subscribe((event) => told.push(event.type))
  await world.shutdown('b')
  await world.until(() => client.cluster.getState().members.length === 1)
  expect(told[0]).toBe('current-state')
  expect(told).toContain('member-removed')
})

test('nothing begins at a client that has ended, which would keep its process', async () => {
  await using world = await replicating()
  const client = await world.client('x')
  await world.settled(client.shutdown())
  expect(() => replicatorOf(client)).toThrow(
    expect.objectContaining({ code: 'CASTY_REPLICATOR_STOPPED' }),
  )
  expect(() => distributedOf(client)).toThrow(
    expect.objectContaining({ code: 'CASTY_DDATA_CLOSED' }),
  )
})
