// Processes that are no members, where the system lets them in.
import { Behaviors, distributedOf, ServiceKey, type ActorRef } from '@casty/cluster'
import { expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

type Note = { readonly type: 'note'; readonly text: string }
type Read = { readonly type: 'read'; readonly replyTo: ActorRef<readonly string[]> }

const echo = Behaviors.receive<ActorRef<string>>((replyTo) => replyTo.tell('here'))
const here = (replyTo: ActorRef<string>): ActorRef<string> => replyTo
const read = (replyTo: ActorRef<readonly string[]>): Read => ({ type: 'read', replyTo })

/** Keeps what it was told, for whoever asks. */
const notebook = Behaviors.singleton(() => {
  const texts: string[] = []
  return Behaviors.receiveMessage<Note | Read>((message) => {
    if (message.type === 'note') texts.push(message.text)
    else message.replyTo.tell([...texts])
  })
})

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code

async function outcomeOf(attempt: Promise<unknown>): Promise<unknown> {
  return await attempt.then(() => 'it went well', codeOf)
}

test('a client reaches entities, singletons, broadcasts, services and structures by their names', async () => {
  await using world = await SystemWorld.start('a b', { clients: true })
  const key = new ServiceKey<ActorRef<string>>('echo')
  const spread = Behaviors.sharded(() => echo, { numShards: 4 })
  for (const node of world.nodes) {
    node.spawn(spread, 'echo')
    node.spawn(
      Behaviors.singleton(() => echo),
      'boss',
    )
    node.spawn(Behaviors.broadcasted(echo), 'caches')
    node.distributed()
  }
  world.node('b').spawn(Behaviors.discoverable(echo, { key }))
  await world.pass(3_000)
  const client = await world.client('x')

  const entities = client.regionRef<ActorRef<string>>('echo', { numShards: 4 })
  const [service] = client.lookup(key).instances
  if (!service) throw new Error('It is known to the contact')
  const answers = [
    ...['x', 'y', 'z'].map(async (id) => await client.entityAsk<unknown, string>('echo', id, here)),
    client.ask(client.entityRef(entities, 'w'), here),
    client.ask(client.singletonRef('boss'), here),
    client.ask(service.ref, here),
  ]
  expect(await world.settled(Promise.all(answers))).toEqual(answers.map(() => 'here'))
  const caches = await world.settled(client.ask(client.broadcastRef('caches'), here))
  expect([...caches.answers.values()]).toEqual(['here', 'here'])
  const visits = distributedOf(client).counter('visits')
  expect(await world.settled(visits.addAndGet(2))).toBe(2)
  expect(world.nodes.map((node) => node.clientAccess?.clients.length)).toEqual([1, 1])
  expect(client.explain().summary).toContain('It is known who has the shards of')
})

test('what a client tells a singleton that is nowhere yet waits for it, within bounds', async () => {
  await using world = await SystemWorld.start('a b', { clients: true })
  const limits = { maxBufferedPerShard: 2, bufferTimeoutMs: 5_000 }
  const client = await world.client('x', { sharding: { limits } })
  const notes = client.singletonRef<Note | Read>('notes')
  for (const text of ['one', 'two', 'three']) notes.tell({ type: 'note', text })
  expect(client.deadLetters).toEqual({ 'buffer-full': 1 })

  world.node('a').spawn(notebook, 'notes')
  await world.until(() =>
    client.sharding.regions.every((region) => region.statistics().waiting === 0),
  )
  expect(await world.settled(client.ask(notes, read))).toEqual(['one', 'two'])
})

test('what a client tells a singleton whose node died is handled by the next one', async () => {
  await using world = await SystemWorld.start('a b c', { clients: true })
  for (const node of world.nodes) node.spawn(notebook, 'notes')
  const client = await world.client('x')
  const notes = client.singletonRef<Note | Read>('notes')
  expect(await world.settled(client.ask(notes, read))).toEqual([])

  const first = world.node('a').selfNode
  await world.kill('a') // The oldest, so the singleton was there.
  await world.until(() => !client.client.isInReach(first))
  notes.tell({ type: 'note', text: 'to whoever comes' })
  expect(await world.settled(client.ask(notes, read))).toEqual(['to whoever comes'])
  expect(client.deadLetters).toEqual({})
})

test('what a client tells a singleton that does not come is overdue, and its question fails', async () => {
  await using world = await SystemWorld.start('a', { clients: true })
  const client = await world.client('x', { sharding: { limits: { bufferTimeoutMs: 2_000 } } })
  const asked = client.ask(client.singletonRef<Read>('nobody'), read)
  expect(await world.settled(outcomeOf(asked))).toBe('CASTY_ACTOR_ASK_UNANSWERED')
  expect(client.deadLetters).toEqual({ overdue: 1 })
})

test('a client that has ended reaches nobody, and its member forgets it', async () => {
  await using world = await SystemWorld.start('a', { clients: true })
  world.node('a').spawn(notebook, 'notes')
  const client = await world.client('x')
  const notes = client.singletonRef<Note | Read>('notes')
  await world.settled(client.shutdown())
  await world.until(() => world.node('a').clientAccess?.clients.length === 0)
  expect(await outcomeOf(client.ask(notes, read))).toBe('CASTY_ACTOR_ASK_UNANSWERED')
  expect(client.deadLetters).toEqual({ stopped: 1 })
})

test('no client is let in unasked', async () => {
  await using world = await SystemWorld.start('a')
  await expect(world.client('x')).rejects.toMatchObject({
    code: 'CASTY_REMOTE_NO_CONTACT',
    message: expect.stringContaining('clients: true'), // What is missing.
  })
  expect(world.node('a').clientAccess).toBeUndefined()
})

test('nobody is let in where clients are said to be none', async () => {
  await using world = await SystemWorld.start('a', { clients: false })
  expect(world.node('a').clientAccess).toBeUndefined()
})

test.each([
  ['an option that nobody knows', { contactPoint: 'a:1' }, 'CASTY_CLUSTER_INVALID_OPTION'],
  ['entities that are said in a word', { sharding: 'yes' }, 'CASTY_CLUSTER_INVALID_OPTION'],
  ['limits that nobody knows', { sharding: { limits: { x: 1 } } }, 'CASTY_SHARDING_INVALID_OPTION'],
  ['an address that is none', { contactPoints: ['a'] }, 'CASTY_REMOTE_INVALID_OPTION'],
])('a client with %s does not connect', async (_what, options, code) => {
  await using world = await SystemWorld.start('a', { clients: true })
  // What somebody without types might write.
  expect(await outcomeOf(world.client('x', options as object))).toBe(code)
  await world.until(() => world.node('a').clientAccess?.clients.length === 0)
})
