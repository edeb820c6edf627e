import { describe, expect, test } from 'vitest'
import { Behaviors, type ActorRef, type Behavior } from '../src/index.ts'
import { TestSystem } from './probe.ts'

function watching(log: string[], ref: ActorRef<never>): Behavior<string> {
  return Behaviors.setup((context) => {
    context.watch(ref)
    return Behaviors.receive<string>(
      (message) => {
        if (message === 'unwatch') context.unwatch(ref)
        log.push(message)
      },
      (signal) => void log.push(`${signal.ref.path} ${signal.ending}`),
    )
  })
}

const stopping: Behavior<string> = Behaviors.receive((message) => {
  if (message === 'fail') throw new Error(message)
  return Behaviors.stopped
})

describe('Whoever watches another actor', () => {
  test.each([
    ['stop', 'stopped'],
    ['fail', 'failed'],
  ])('is told when that %ss, and why', async (message, ending) => {
    await using system = new TestSystem()
    const log: string[] = []
    const ref = system.spawn(stopping, { name: 'a' })
    system.spawn(watching(log, ref))
    await system.idle()
    ref.tell(message)
    await system.idle()
    expect(log).toEqual([`/a ${ending}`])
  })

  test('is told at once where that has stopped already', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const ref = system.spawn(stopping, { name: 'a' })
    ref.tell('stop')
    await system.idle()
    system.spawn(watching(log, ref))
    await system.idle()
    expect(log).toEqual(['/a stopped'])
  })

  test('hears of the end after all that the one who ended had told it', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const chatty = system.spawn<ActorRef<string>>(
      Behaviors.receive((listener) => {
        for (let count = 1; count <= 100; count++) listener.tell(String(count))
        return Behaviors.stopped
      }),
      { name: 'a' },
    )
    chatty.tell(system.spawn(watching(log, chatty)))
    await system.idle()
    expect(log.slice(-2)).toEqual(['100', '/a stopped'])
  })

  test('is told nothing once it watches no more, not even what is on its way', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const ref = system.spawn(stopping, { name: 'a' })
    const watcher = system.spawn(watching(log, ref))
    await system.idle()
    ref.tell('stop')
    watcher.tell('unwatch')
    await system.idle()
    expect(log).toEqual(['unwatch'])
  })

  test('is told by the message that it asked for', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const ref = system.spawn(stopping, { name: 'a' })
    system.spawn<string>(
      Behaviors.setup((context) => {
        context.watchWith(ref, 'a is gone')
        return Behaviors.receive((message) => void log.push(message))
      }),
    )
    await system.idle()
    ref.tell('stop')
    await system.idle()
    expect(log).toEqual(['a is gone'])
  })

  test.each<[string, Behavior<string>]>([
    ['has no handler for signals', Behaviors.receive(() => {})],
    [
      'does not handle that one',
      Behaviors.receive(
        () => {},
        () => Behaviors.unhandled,
      ),
    ],
  ])('fails with it where it %s', async (_case, behavior) => {
    await using system = new TestSystem()
    const ref = system.spawn(stopping, { name: 'a' })
    system.spawn(
      Behaviors.setup<string>((context) => {
        context.watch(ref)
        return behavior
      }),
      { name: 'b' },
    )
    await system.idle()
    ref.tell('stop')
    await system.idle()
    expect(system.events).toContainEqual(
      expect.objectContaining({
        type: 'actor-failed',
        error: expect.objectContaining({ code: 'CASTY_ACTOR_DEATH_PACT' }) as unknown,
      }),
    )
  })
})
