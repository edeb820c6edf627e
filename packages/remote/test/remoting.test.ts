import { describe, expect, test } from 'vitest'
import { Behaviors, type ActorRef } from '@casty/actor'
import { echoing, RemoteWorld, writing, type Question } from './remote-world.ts'

describe('A message to an actor of another node', () => {
  test('arrives, in order with others', async () => {
    await using world = await RemoteWorld.of('a b')
    const log: unknown[] = []
    world.node('b').system.spawn(writing(log), { name: 'log' })
    const ref = world.ref<unknown>('a', 'b', '/log')
    const sent = Array.from({ length: 200 }, (_, index) => ({ type: 'say', index, text: 'hi' }))
    for (const message of sent) ref.tell(message)
    await world.settle()
    expect(log).toEqual(sent)
  })

  test('is answered', async () => {
    await using world = await RemoteWorld.of('a b')
    world.node('b').system.spawn(echoing, { name: 'echo' })
    const ref = world.ref<Question>('a', 'b', '/echo')
    const ask = world.node('a').system.ask(ref, (replyTo) => ({ about: 'x', replyTo }))
    expect(await world.settled(ask)).toBe('x')
    expect(world.node('a').remoting.metrics().pendingAsks).toBe(0)
  })
})

describe('A ref that is sent', () => {
  test('works where it arrives, and leads back', async () => {
    await using world = await RemoteWorld.of('a b')
    const log: unknown[] = []
    const home = world.node('a').system.spawn(writing(log), { name: 'log' })
    world.node('b').system.spawn<{ readonly listener: ActorRef<string> }>(
      Behaviors.receive(({ listener }) => listener.tell(`from ${listener.path.split('#')[0]}`)),
      { name: 'teller' },
    )
    world.ref('a', 'b', '/teller').tell({ listener: home } as never)
    await world.settle()
    expect(log).toEqual(['from a:1'])
  })
})

test('whoever watches an actor of another node is told when it stops', async () => {
  await using world = await RemoteWorld.of('a b')
  world.node('b').system.spawn(echoing, { name: 'echo' })
  const ref = world.ref<Question>('a', 'b', '/echo')
  const endings: string[] = []
  world.node('a').system.whenStopped(ref, (ending) => endings.push(ending))
  await world.settle()
  ref.tell({ about: 'fail', replyTo: ref as never })
  await world.settle()
  expect(endings).toEqual(['failed'])
})
