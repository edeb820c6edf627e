// Values of a cluster, held and changed by processes that are no members.
import { gCounter, modifiedBy, orSet, pnCounter, type Replica } from '@casty/crdt'
import { describe, expect, test } from 'vitest'
import { ClientReplicator, replicatedKey, type ClientReplicatorEvent } from '../src/index.ts'
import { ReplicatorWorld, type WorldClient } from './replicator-world.ts'

const hits = replicatedKey('hits', pnCounter())
const tags = replicatedKey('tags', orSet<string>())

const letIn = { clients: { isClient: () => true } }
const add = (tag: string) => (set: ReturnType<typeof orSet<string>>['empty'], me: Replica) =>
  set.add(me, tag)

const codeOf = async (attempt: Promise<unknown>): Promise<unknown> =>
  await attempt.then(
    () => 'it went well',
    (error: unknown) => (error as { readonly code?: unknown }).code,
  )

function talking(world: ReplicatorWorld, client: WorldClient, host: string): void {
  client.turnTo(world.cluster(host).self)
}

describe('a client', () => {
  test('holds what members have, and hears of what they change', async () => {
    await using world = await ReplicatorWorld.of('a b', letIn)
    await world.awaited(world.at('a').update(tags, add('x')))
    const client = await world.client('p')
    talking(world, client, 'b')
    const heard: (readonly string[])[] = []
    client.replicator.subscribe(tags, (set) => heard.push(set.value))
    await world.until(() => client.replicator.local(tags).has('x'))
    await world.awaited(world.at('a').update(tags, add('y')))
    const tookMs = await world.until(() => client.replicator.local(tags).has('y'))
    expect(heard).toEqual([[], ['x'], ['x', 'y']])
    expect(tookMs).toBeLessThanOrEqual(50)
  })

  test('changes its copy at once, and members and other clients in time', async () => {
    await using world = await ReplicatorWorld.of('a b', letIn)
    const [p, q] = [await world.client('p'), await world.client('q')]
    talking(world, p, 'a')
    talking(world, q, 'b')
    q.replicator.subscribe(tags, () => {})
    const written = p.replicator.update(tags, add('x'))
    expect(p.replicator.local(tags).value).toEqual(['x'])
    expect(await world.awaited(written)).toMatchObject({ type: 'confirmed', nodes: 1 })
    await world.until(() => q.replicator.local(tags).has('x'), 100)
    expect(world.at('b').local(tags).value).toEqual(['x'])
  })

  test('has as many members confirm as it asks for, and counts as none', async () => {
    await using world = await ReplicatorWorld.of('a b c', letIn)
    const client = await world.client('p')
    talking(world, client, 'a')
    const { replicator } = client
    const majority = await world.awaited(
      replicator.update(hits, (count, me) => count.increment(me), { write: 'majority' }),
    )
    expect(majority).toMatchObject({ type: 'confirmed', nodes: 2 })
    const all = await world.awaited(
      replicator.update(hits, (count, me) => count.increment(me), { write: 'all' }),
    )
    expect(all).toMatchObject({ type: 'confirmed', nodes: 3 })
    const four = { write: { nodes: 4 } }
    const more = replicator.update(hits, (count, me) => count.increment(me), four)
    expect(await world.awaited(more)).toMatchObject({ type: 'unconfirmed', needed: 4 })
    expect(await world.awaited(replicator.get(hits, { read: 'all' }))).toMatchObject({
      type: 'confirmed',
      nodes: 3,
      value: { value: 3 },
    })
    const update = { write: 'all' } as const
    const ofMember = world.at('b').update(hits, (count, me) => count.increment(me), update)
    expect(await world.awaited(ofMember)).toMatchObject({ type: 'confirmed', nodes: 3 })
  })

  test('reads what a majority has, also what its contact has not heard of', async () => {
    await using world = await ReplicatorWorld.of('a b c', { ...letIn, deltaIntervalMs: 10_000 })
    const client = await world.client('p')
    talking(world, client, 'c')
    await world.awaited(world.at('a').update(tags, add('x'), { write: { nodes: 2 } }))
    const read = await world.awaited(client.replicator.get(tags, { read: 'majority' }))
    expect(read).toMatchObject({ type: 'confirmed', nodes: 2 })
    expect(read.value.value).toEqual(['x'])
  })

  test('has one for its values, and no other after that, which would count its changes from the beginning', async () => {
    await using world = await ReplicatorWorld.of('a', letIn)
    const client = await world.client('p')
    talking(world, client, 'a')
    await world.awaited(client.replicator.update(tags, add('x')))
    client.replicator[Symbol.dispose]()
    const { clock } = world
    const timers = clock.pendingTimers
    const attach = (): unknown => ClientReplicator.attach({ client, clock })
    expect(attach).toThrow(expect.objectContaining({ code: 'CASTY_REPLICATOR_STOPPED' }))
    expect(clock.pendingTimers).toBe(timers)
    expect(world.at('a').local(tags).value).toEqual(['x'])
  })

  test('goes on without a member, and each change counts once when it finds another', async () => {
    await using world = await ReplicatorWorld.of('a b', letIn)
    const client = await world.client('p')
    const { replicator } = client
    talking(world, client, 'a')
    await world.awaited(replicator.update(hits, (count, me) => count.increment(me)))
    client.turnTo(undefined)
    const offline = replicator.update(hits, (count, me) => count.increment(me, 10), {
      timeoutMs: 1_000,
    })
    expect(replicator.local(hits).value).toBe(11)
    expect(await world.awaited(offline)).toMatchObject({ type: 'unconfirmed', nodes: 0 })
    expect(replicator.metrics().pendingCalls).toBe(1)
    talking(world, client, 'b')
    await world.until(() => world.at('a').local(hits).value === 11)
    talking(world, client, 'a')
    await world.until(() => replicator.metrics().pendingCalls === 0)
    await world.advance(10_000)
    expect([world.at('a'), world.at('b')].map((node) => node.local(hits).value)).toEqual([11, 11])
  })

  test('brings back what only a member knew that died', async () => {
    await using world = await ReplicatorWorld.of('a b', { ...letIn, deltaIntervalMs: 60_000 })
    const client = await world.client('p')
    talking(world, client, 'b')
    const written = client.replicator.update(tags, add('x'))
    expect(await world.awaited(written)).toMatchObject({ type: 'confirmed', nodes: 1 })
    expect(world.at('a').local(tags).value).toEqual([])
    await world.killAndDown('b')
    talking(world, client, 'a')
    await world.until(() => world.at('a').local(tags).has('x'))
  })

  test('is told again what was lost on the way', async () => {
    await using world = await ReplicatorWorld.of('a', letIn)
    const client = await world.client('p')
    talking(world, client, 'a')
    client.replicator.subscribe(tags, () => {})
    await world.awaited(world.at('a').update(tags, add('x')))
    await world.until(() => client.replicator.local(tags).has('x'))
    world.network.partition([client.self.address], [world.cluster('a').self.address])
    await world.awaited(world.at('a').update(tags, add('y')))
    await world.advance(1_000)
    const written = client.replicator.update(tags, (set) => set.remove('x'))
    world.network.heal()
    await world.awaited(written)
    await world.until(() => client.replicator.local(tags).has('y'))
    expect(client.replicator.local(tags).value).toEqual(['y'])
    await world.until(() => !world.at('a').local(tags).has('x'))
  })

  test('deletes a value, and forgets a copy that it lets go of', async () => {
    await using world = await ReplicatorWorld.of('a', letIn)
    const client = await world.client('p')
    talking(world, client, 'a')
    await world.awaited(client.replicator.update(tags, add('x')))
    await world.awaited(client.replicator.delete(tags))
    expect(world.at('a').local(tags).value).toEqual([])
    client.replicator.release(tags)
    await world.awaited(world.at('a').update(tags, add('y')))
    await world.advance(5_000)
    expect(client.replicator.local(tags).value).toEqual([])
    expect(client.replicator.metrics()).toMatchObject({ keys: 0, pendingCalls: 0 })
  })
})

describe('members', () => {
  test('refuse keys that clients may not use, and the client undoes what it changed', async () => {
    const clients = {
      isClient: () => true,
      mayRead: (key: string) => key !== 'secrets',
      mayWrite: (key: string) => key === 'tags',
    }
    await using world = await ReplicatorWorld.of('a', { clients })
    await world.awaited(world.at('a').update(hits, (count, me) => count.increment(me, 5)))
    const client = await world.client('p')
    talking(world, client, 'a')
    const { replicator } = client
    const told: ClientReplicatorEvent[] = []
    replicator.watch((event) => told.push(event))
    expect(await world.awaited(replicator.update(tags, add('x')))).toMatchObject({ nodes: 1 })
    const refused = replicator.update(hits, (count, me) => count.increment(me))
    expect(await world.awaited(codeOf(refused))).toBe('CASTY_REPLICATOR_REFUSED')
    await world.until(() => replicator.local(hits).value === 5)
    expect(world.at('a').local(hits).value).toBe(5)
    const secrets = replicatedKey('secrets', gCounter())
    replicator.subscribe(secrets, () => {})
    await world.until(() => told.length > 0)
    expect(told).toEqual([{ type: 'denied', keys: ['secrets'] }])
    expect(await world.awaited(codeOf(replicator.get(secrets)))).toBe('CASTY_REPLICATOR_REFUSED')
  })

  test('refuse a change that nobody waits for any more, and the client says so and what is true then', async () => {
    const clients = { isClient: () => true, mayWrite: (key: string) => key !== 'hits' }
    await using world = await ReplicatorWorld.of('a', { clients })
    await world.awaited(world.at('a').update(hits, (count, me) => count.increment(me, 5)))
    const client = await world.client('p')
    const { replicator } = client
    const values: number[] = []
    replicator.subscribe(hits, ({ value }) => values.push(value))
    const told: ClientReplicatorEvent[] = []
    replicator.watch((event) => told.push(event))
    const offline = replicator.update(hits, (count, me) => count.increment(me), {
      timeoutMs: 1_000,
    })
    expect(await world.awaited(offline)).toMatchObject({ type: 'unconfirmed', nodes: 0 })
    const controller = new AbortController()
    const { signal } = controller
    const left = replicator.update(hits, (count, me) => count.increment(me, 2), { signal })
    controller.abort(new Error('not waited for'))
    await expect(left).rejects.toThrow('not waited for')
    talking(world, client, 'a')
    await world.until(() => replicator.local(hits).value === 5 && told.length > 0)
    await world.advance(10_000)
    expect(values).toEqual([0, 1, 3, 8, 5])
    const error = expect.objectContaining({ code: 'CASTY_REPLICATOR_REFUSED' }) as unknown
    expect(told).toEqual([{ type: 'refused', key: 'hits', error }])
    expect(replicator.metrics().pendingCalls).toBe(0)
    expect(world.at('a').local(hits).value).toBe(5)
  })

  test('take nothing of a process that is no client', async () => {
    await using world = await ReplicatorWorld.of('a', { clients: { isClient: () => false } })
    const client = await world.client('p', { timeoutMs: 1_000 })
    talking(world, client, 'a')
    const written = client.replicator.update(tags, add('x'))
    expect(await world.awaited(written)).toMatchObject({ type: 'unconfirmed', nodes: 0 })
    expect(world.at('a').local(tags).value).toEqual([])
    expect(world.at('a').metrics().dropped['not-a-client']).toBeGreaterThan(0)
  })

  test('prune the name of a client that is gone for long, and of no other', async () => {
    const settings = { ...letIn, clientNameMs: 60_000, pruningMarkerMs: 600_000 }
    await using world = await ReplicatorWorld.of('a b', settings)
    const [gone, there] = [await world.client('p'), await world.client('q')]
    talking(world, gone, 'a')
    talking(world, there, 'b')
    const names = (): readonly string[] =>
      modifiedBy(world.at('a').local(hits)).filter((name) => name.startsWith('client/'))
    for (const { replicator } of [gone, there]) {
      await world.awaited(replicator.update(hits, (count, me) => count.increment(me)))
    }
    await world.until(() => names().length === 2)
    gone.turnTo(undefined)
    await world.until(() => names().length === 1, 300_000)
    await world.advance(120_000)
    expect(names()).toEqual([`client/${there.self.key}/1`])
    expect(world.at('b').local(hits).value).toBe(2)
    await world.until(() => there.replicator.local(hits).value === 2)
  })
})

test('a client that was out of touch for long begins anew, and says what is lost', async () => {
  const settings = { ...letIn, clientNameMs: 60_000, pruningMarkerMs: 600_000 }
  await using world = await ReplicatorWorld.of('a', settings)
  const client = await world.client('p', { maxAbsenceMs: 20_000 })
  const { replicator } = client
  const told: ClientReplicatorEvent[] = []
  replicator.watch((event) => told.push(event))
  talking(world, client, 'a')
  await world.awaited(replicator.update(hits, (count, me) => count.increment(me)))
  await world.advance(5_000)
  expect(told).toEqual([])
  client.turnTo(undefined)
  const lost = codeOf(
    replicator.update(hits, (count, me) => count.increment(me, 10), { timeoutMs: 500_000 }),
  )
  await world.advance(200_000)
  talking(world, client, 'a')
  expect(await world.awaited(lost)).toBe('CASTY_REPLICATOR_LOST')
  expect(told).toEqual([{ type: 'began-anew', reason: 'out-of-touch', lost: ['hits'] }])
  await world.until(() => replicator.local(hits).value === 1)
  await world.awaited(replicator.update(hits, (count, me) => count.increment(me)))
  expect(world.at('a').local(hits).value).toBe(2)
})

test('a client whose name was given up begins anew under another one', async () => {
  const settings = { ...letIn, clientNameMs: 10_000, pruningMarkerMs: 600_000 }
  await using world = await ReplicatorWorld.of('a', settings)
  const client = await world.client('p') // It would wait for longer than the members do.
  const { replicator } = client
  const told: ClientReplicatorEvent[] = []
  replicator.watch((event) => told.push(event))
  talking(world, client, 'a')
  await world.awaited(replicator.update(hits, (count, me) => count.increment(me)))
  client.turnTo(undefined)
  await world.advance(200_000)
  const late = codeOf(
    replicator.update(hits, (count, me) => count.increment(me), { timeoutMs: 60_000 }),
  )
  talking(world, client, 'a')
  expect(await world.awaited(late)).toBe('CASTY_REPLICATOR_LOST')
  expect(told).toEqual([{ type: 'began-anew', reason: 'given-up', lost: ['hits'] }])
  await world.until(() => replicator.local(hits).value === 1)
  await world.awaited(replicator.update(hits, (count, me) => count.increment(me)))
  expect(world.at('a').local(hits).value).toBe(2)
})
