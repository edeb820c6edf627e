// SEC-16: a client answers what it was asked itself. Questions of members go by small numbers, which it could guess.
import { Behaviors } from '@casty/actor'
import { afterEach, expect, test, vi } from 'vitest'
import { AskSlots } from '../src/ask-slots.ts'
import { remoteFrameTypes } from '../src/frame-types.ts'
import { digestOf, partKinds } from '../src/header.ts'
import { ClientWorld } from './client-world.ts'
import { echoing, type Question } from './remote-world.ts'

afterEach(() => vi.restoreAllMocks())

function varint(value: number): readonly number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]
}

test('a client that guesses the number of a question between members does not end it', async () => {
  const generations = vi.spyOn(AskSlots.prototype, 'generationOf')
  await using world = await ClientWorld.with('a b')
  const replies: Question['replyTo'][] = []
  world.node('b').system.spawn(
    Behaviors.receive<Question>(({ replyTo }) => void replies.push(replyTo)),
    { name: 'slow' },
  )
  const { client } = await world.client('x')
  const asked = world
    .node('a')
    .system.ask(world.ref<Question>('a', 'b', '/slow'), (replyTo) => ({ about: 1, replyTo }))
    .catch((error: unknown) => error)
  await world.settle()
  const generation = generations.mock.results[0]?.value
  if (typeof generation !== 'number') expect.fail('No question has left')
  const reason = 1
  const head = [digestOf('msgpack'), 0, 9, 0, 0, 0, 0]
  const part = [partKinds.unanswered, 0, ...varint(generation), reason]
  const frame = Uint8Array.from([...head, part.length, ...part])
  const { endpoint } = client.cluster
  endpoint.send(world.node('a').cluster.self, 'data', remoteFrameTypes.messages, frame)
  await world.settle()
  expect(world.node('a').remoting.metrics()).toMatchObject({ malformed: 0, pendingAsks: 1 })
  replies[0]?.tell('the answer')
  expect(await world.settled(asked)).toBe('the answer')
})

test('nor does a member answer it, which is told to by a client that guesses it', async () => {
  const generations = vi.spyOn(AskSlots.prototype, 'generationOf')
  await using world = await ClientWorld.with('a b')
  const [a, b] = [world.node('a'), world.node('b')]
  const replies: Question['replyTo'][] = []
  const slow = Behaviors.receive<Question>(({ replyTo }) => void replies.push(replyTo))
  b.system.spawn(slow, { name: 'slow' })
  a.system.spawn(echoing, { name: 'desk' })
  const { client } = await world.client('x')
  const question = (replyTo: Question['replyTo']): Question => ({ about: 1, replyTo })
  const asked = a.system.ask(world.ref<Question>('a', 'b', '/slow'), question)
  await world.settle()
  const generation = generations.mock.results[0]?.value
  if (typeof generation !== 'number') expect.fail('No question has left')
  const guessed = client.remoting.refFromText(`${a.cluster.self.key}?0.${generation}`)
  const desk = client.remoting.ref<unknown>(a.cluster.self, '/desk')
  desk.tell({ about: 'made up', replyTo: guessed })
  await world.until(() => a.lost.length > 0)
  expect(a.lost).toEqual([`late-answer ?0.${generation}: "made up"`])
  replies[0]?.tell('the answer')
  expect(await world.settled(asked)).toBe('the answer')
})

test('a client answers what it was asked', async () => {
  await using world = await ClientWorld.with('a')
  const { client, system } = await world.client('x')
  const echo = system.spawn(echoing, { name: 'echo' })
  const told: Question[] = []
  const asking = Behaviors.receive<Question>((question) => void told.push(question))
  world.node('a').system.spawn(asking, { name: 'asking' })
  const listener = client.remoting.ref<unknown>(world.node('a').cluster.self, '/asking')
  listener.tell({ about: echo })
  await world.settle()
  // It was sent a ref of the client's actor.
  const ref = told[0]?.about as typeof echo
  const asked = world.node('a').system.ask(ref, (replyTo) => ({ about: 7, replyTo }))
  expect(await world.settled(asked)).toBe(7)
})
