import { describe, expect, test } from 'vitest'
import { Behaviors, type Behavior } from '../src/index.ts'
import { gate, TestSystem, writing } from './probe.ts'

describe('An actor', () => {
  test('handles messages in order, also those that came before it began', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const ref = system.spawn(Behaviors.setup(() => writing(log)))
    for (const message of [1, 2, 3]) ref.tell(message)
    expect(log).toEqual([])
    await system.idle()
    expect(log).toEqual([1, 2, 3])
  })

  test('handles no other message while a promise of its handler is awaited', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const slow = gate()
    const ref = system.spawn<string>(
      Behaviors.receive(async (message) => {
        log.push(`${message} begins`)
        if (message === 'a') await slow.promise
        log.push(`${message} ends`)
      }),
    )
    ref.tell('a')
    ref.tell('b')
    await system.idle()
    expect(log).toEqual(['a begins'])
    slow.open()
    await system.idle()
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
  })

  test('behaves as its handler says, from the next message on', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const counting = (count: number): Behavior<number> =>
      Behaviors.receive((amount) => {
        log.push(count)
        return counting(count + amount)
      })
    const ref = system.spawn(counting(0))
    for (const amount of [1, 10, 100]) ref.tell(amount)
    await system.idle()
    expect(log).toEqual([0, 1, 11])
  })

  test('that is set up by a promise waits for it', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const ready = gate()
    const ref = system.spawn(
      Behaviors.setup(async () => {
        await ready.promise
        return writing(log)
      }),
    )
    ref.tell('a')
    await system.idle()
    expect(log).toEqual([])
    ready.open()
    await system.idle()
    expect(log).toEqual(['a'])
  })

  test('makes dead letters of messages that it does not handle', async () => {
    await using system = new TestSystem()
    const ref = system.spawn<string>(
      Behaviors.receive(() => Behaviors.unhandled),
      { name: 'a' },
    )
    ref.tell('what')
    await system.idle()
    expect(system.lost).toEqual(['unhandled /a: what'])
    expect(system.deadLetters).toEqual({ unhandled: 1 })
  })

  test('ignores what it is told to', async () => {
    await using system = new TestSystem()
    system.spawn<string>(Behaviors.ignore).tell('what')
    await system.idle()
    expect(system.lost).toEqual([])
  })

  test('lets others have their turn though it always has something to do', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const busy = system.spawn<number>(
      Behaviors.receive((left, { self }) => {
        log.push('busy')
        if (left > 0) self.tell(left - 1)
      }),
    )
    busy.tell(1_000)
    system.spawn(writing(log)).tell('other')
    await system.idle()
    expect(log.indexOf('other')).toBeLessThan(200)
    expect(log).toHaveLength(1_002)
  })
})

describe('The end of an actor', () => {
  test('comes by its own decision, and what still waits is a dead letter', async () => {
    await using system = new TestSystem()
    const ref = system.spawn<string>(
      Behaviors.receive(() => Behaviors.stopped),
      { name: 'a' },
    )
    for (const message of ['x', 'y', 'z']) ref.tell(message)
    await system.idle()
    ref.tell('late')
    expect(system.story).toEqual(['started /a', 'stopped /a'])
    expect(system.lost).toEqual(['stopped /a: y', 'stopped /a: z', 'stopped /a: late'])
  })

  test('comes after the message that it handles, and before the next one', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const slow = gate()
    const ref = system.spawn<string>(
      Behaviors.receive(async (message) => {
        await slow.promise
        log.push(message)
      }),
    )
    ref.tell('a')
    ref.tell('b')
    await system.idle()
    const stopped = system.stop(ref).then(() => log.push('stopped'))
    await system.idle()
    expect(log).toEqual([])
    slow.open()
    await stopped
    expect(log).toEqual(['a', 'stopped'])
  })

  test('aborts the signal that its handlers wait with', async () => {
    await using system = new TestSystem()
    const reasons: unknown[] = []
    const ref = system.spawn<string>(
      Behaviors.receive(async (_message, { signal }) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        reasons.push(signal.reason)
      }),
    )
    ref.tell('wait')
    await system.idle()
    await system.stop(ref)
    expect(reasons).toEqual([expect.objectContaining({ code: 'CASTY_ACTOR_STOPPED' })])
  })

  test('is known to who looks at its signal first when it was ordered, and goes on meanwhile', async () => {
    await using system = new TestSystem()
    const slow = gate()
    const seen: boolean[] = []
    const ref = system.spawn<string>(
      Behaviors.receive(async (_message, context) => {
        await slow.promise
        seen.push(context.signal.aborted)
      }),
    )
    ref.tell('wait')
    await system.idle()
    const stopped = system.stop(ref)
    slow.open()
    await stopped
    expect(seen).toEqual([true])
  })

  test('is that of its children first, of each after its hook', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const named = (name: string, inner: Behavior<string>): Behavior<string> =>
      Behaviors.withLifecycle(inner, { postStop: () => void log.push(name) })
    const parent = system.spawn(
      named(
        'parent',
        Behaviors.setup((context) => {
          context.spawn(named('child', Behaviors.ignore), { name: 'child' })
          return Behaviors.ignore
        }),
      ),
      { name: 'parent' },
    )
    await system.idle()
    await system.stop(parent)
    expect(log).toEqual(['child', 'parent'])
    expect(system.story.slice(-2)).toEqual(['stopped /parent/child', 'stopped /parent'])
  })

  test('is the end of all when the system shuts down', async () => {
    const system = new TestSystem()
    const log: unknown[] = []
    for (const name of ['a', 'b']) {
      system.spawn(
        Behaviors.withLifecycle<string>(Behaviors.ignore, {
          async postStop() {
            await Promise.resolve()
            log.push(name)
          },
        }),
      )
    }
    await system.shutdown()
    await system.shutdown()
    expect(log).toEqual(['a', 'b'])
    expect(() => system.spawn(Behaviors.ignore)).toThrow(
      expect.objectContaining({ code: 'CASTY_ACTOR_STOPPED' }),
    )
  })
})

describe('Behaviors for less', () => {
  test('handle messages, time them, and put them aside', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const ref = system.spawn<string>(
      Behaviors.withTimers((timers) =>
        Behaviors.withStash((stash) => {
          timers.startOnce('open', 'open', 100)
          return Behaviors.receiveMessage((message) => {
            if (message !== 'open') {
              stash.stash(message)
              return undefined
            }
            stash.unstashAll()
            return Behaviors.receiveMessage((later) => void log.push(later))
          })
        }),
      ),
    )
    ref.tell('a')
    await system.pass(100)
    expect(log).toEqual(['a'])
  })
})

describe('A spy', () => {
  test.each([
    [Behaviors.spy, ['/a: x']],
    [Behaviors.spyOnAll, ['/a: x', '/a/b: 1', '/a/b/c: 1']],
  ])('sees what the actor handles, or all below it do as well (%#)', async (spy, expected) => {
    await using system = new TestSystem()
    const log: string[] = []
    const nested = Behaviors.setup<number>((context) => {
      const inner = context.spawn<number>(Behaviors.ignore, { name: 'c' })
      return Behaviors.receive((message) => inner.tell(message))
    })
    const behavior = Behaviors.setup<string>((context) => {
      const child = context.spawn(nested, { name: 'b' })
      return Behaviors.receive(() => child.tell(1))
    })
    const spied = spy(behavior, ({ path, message }) => log.push(`${path}: ${String(message)}`))
    system.spawn(spied, { name: 'a' }).tell('x')
    await system.idle()
    expect(log).toEqual(expected)
  })
})
