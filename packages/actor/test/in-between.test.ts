// What happens while something else does: stops during setups, failures of children while their parent
// waits, mailboxes that are full of what must not be lost.
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { allForOne, Behaviors, oneForOne, type ActorRef, type Behavior } from '../src/index.ts'
import { gate, TestSystem, writing } from './probe.ts'

const failing: Behavior<unknown> = Behaviors.receive((message) => {
  if (message === 'fail') throw new Error('fail')
})

describe('An actor that begins anew', () => {
  test('has no children of the time in between', async () => {
    await using system = new TestSystem()
    const errors: unknown[] = []
    const ref = system.spawn(
      Behaviors.supervise(
        Behaviors.withLifecycle(failing, {
          preRestart(_error, context) {
            try {
              context.spawn(Behaviors.ignore)
            } catch (error) {
              errors.push(error)
            }
          },
        }),
        oneForOne({ backoff: { minMs: 100, maxMs: 100 } }),
      ),
    )
    ref.tell('fail')
    await system.pass(100)
    expect(errors).toEqual([expect.objectContaining({ code: 'CASTY_ACTOR_STOPPED' })])
    expect(system.story.at(-1)).toMatch(/restarted/)
  })

  test('is not set up again when it was told to stop meanwhile', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const slow = gate()
    const behavior = Behaviors.withLifecycle(
      Behaviors.setup<unknown>(() => {
        log.push('set up')
        return failing
      }),
      { preRestart: () => slow.promise, postStop: () => void log.push('post-stop') },
    )
    const ref = system.spawn(Behaviors.supervise(behavior, oneForOne()))
    ref.tell('fail')
    await system.idle()
    const stopped = system.stop(ref)
    slow.open()
    await stopped
    expect(log).toEqual(['set up', 'post-stop'])
  })

  test('lets others run, though its setup fails for ever', async () => {
    await using system = new TestSystem()
    let times = 0
    const broken = Behaviors.setup<unknown>(() => {
      if (++times > 20_000) return Behaviors.ignore
      throw new Error('no')
    })
    system.spawn(Behaviors.supervise(broken, oneForOne({ maxRestarts: Infinity })))
    const log: unknown[] = []
    system.spawn(writing(log)).tell('x')
    await system.idle()
    expect(log).toEqual(['x'])
    for (let left = 1_000; left > 0 && times <= 20_000; left--) await system.idle()
    expect(times).toBe(20_001)
  })

  test('leaves no timer behind when it stops during the pause', async () => {
    await using system = new TestSystem()
    const strategy = oneForOne({ backoff: { minMs: 30_000, maxMs: 30_000 } })
    const ref = system.spawn(Behaviors.supervise(failing, strategy))
    ref.tell('fail')
    await system.idle()
    expect(system.clock.pendingTimers).toBe(1)
    await system.stop(ref)
    expect(system.clock.pendingTimers).toBe(0)
  })

  test('stops when it cannot let go of what it held', async () => {
    await using system = new TestSystem()
    const behavior = Behaviors.withLifecycle(failing, {
      preRestart: () => Promise.reject(new Error('cannot')),
    })
    const ref = system.spawn(Behaviors.supervise(behavior, oneForOne()), { name: 'a' })
    ref.tell('fail')
    await system.idle()
    expect(system.story).toEqual(['started /a', 'failed /a', 'failed /a', 'stopped /a'])
  })

  test('does not collect strategies, hooks and spies of what it was before', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const step = (count: number): Behavior<string> =>
      Behaviors.withLifecycle(
        Behaviors.receive(() => step(count + 1)),
        { postStop: () => void log.push(String(count)) },
      )
    const outer = Behaviors.withLifecycle(step(0), { postStop: () => void log.push('outer') })
    const ref = system.spawn(outer)
    for (let count = 0; count < 5; count++) ref.tell('next')
    await system.idle()
    await system.stop(ref)
    // The one that it was spawned with stays, and is around all that it becomes.
    expect(log).toEqual(['5', '0', 'outer'])
  })
})

describe('The name of an actor', () => {
  test('is free as soon as it has stopped', async () => {
    await using system = new TestSystem()
    const outcome: unknown[] = []
    system.spawn<string>(
      Behaviors.setup(async (context) => {
        const child = context.spawn(Behaviors.ignore, { name: 'child' })
        expect(() => context.spawn(Behaviors.ignore, { name: 'child' })).toThrow(
          expect.objectContaining({ code: 'CASTY_ACTOR_NAME_TAKEN' }),
        )
        await context.system.stop(child)
        outcome.push(context.children.length, context.child('child'))
        const again = context.spawn(Behaviors.ignore, { name: 'child' })
        outcome.push(again !== child && context.child('child') === again)
        return Behaviors.ignore
      }),
      { name: 'parent' },
    )
    await system.idle()
    expect(outcome).toEqual([0, undefined, true])
    expect(system.lookup('/parent/child')).toBeDefined()
  })
})

describe('A setup that takes its time', () => {
  test('is told that the actor is to stop, and what it makes is never used', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const ref = system.spawn<unknown>(
      Behaviors.setup(async ({ signal }) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        return writing(log)
      }),
      { name: 'a' },
    )
    ref.tell('x')
    await system.idle()
    await system.stop(ref)
    expect(log).toEqual([])
    expect(system.lost).toEqual(['stopped /a: x'])
  })

  test('and gives something that is no behavior, fails', async () => {
    await using system = new TestSystem()
    const nested = Behaviors.setup<string>(async () => {
      await Promise.resolve()
      return Behaviors.setup<string>(() => {
        throw new Error('inner')
      })
    })
    system.spawn(nested, { name: 'a' })
    await system.idle()
    expect(system.story).toEqual(['started /a', 'failed /a', 'stopped /a'])
  })

  test('may be a promise of any kind', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    // Of another realm, as those of some test runners are.
    const elsewhere = runInNewContext('(value) => Promise.resolve(value)') as typeof Promise.resolve
    const promise = elsewhere(writing(log))
    expect(promise).not.toBeInstanceOf(Promise)
    system.spawn(Behaviors.setup(() => promise)).tell('x')
    await system.idle()
    expect(log).toEqual(['x'])
  })
})

describe('A parent that waits for a promise', () => {
  test('still decides over a child that failed: it may be what it waits for', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    type Question = { readonly replyTo: ActorRef<string> }
    const parent = system.spawn<string>(
      Behaviors.superviseChildren(
        Behaviors.setup((context) => {
          const child = context.spawn<Question | 'fail'>(
            Behaviors.receive((message) => {
              if (message === 'fail') throw new Error(message)
              message.replyTo.tell('answer')
            }),
          )
          return Behaviors.receive(async () => {
            child.tell('fail')
            log.push(await context.ask<Question, string>(child, (replyTo) => ({ replyTo })))
          })
        }),
        oneForOne(),
      ),
    )
    parent.tell('go')
    await system.idle()
    expect(log).toEqual(['answer'])
  })

  test('fails with a child only when it waits no more', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const slow = gate()
    const behavior = Behaviors.superviseChildren(
      Behaviors.setup<string>((context) => {
        log.push('set up')
        const child = context.spawn(failing, { name: 'child' })
        return Behaviors.receive(async () => {
          child.tell('fail')
          await slow.promise
          log.push('handled')
        })
      }),
      oneForOne({ decide: () => 'escalate' }),
    )
    const ref = system.spawn(Behaviors.supervise(behavior, oneForOne()), { name: 'a' })
    ref.tell('go')
    await system.idle()
    expect(log).toEqual(['set up'])
    slow.open()
    await system.idle()
    expect(log).toEqual(['set up', 'handled', 'set up'])
    expect(system.lost).toEqual(['failed /a/child: fail'])
  })

  test('waits no longer when it is to begin anew', async () => {
    await using system = new TestSystem()
    const reasons: unknown[] = []
    const family = Behaviors.superviseChildren(
      Behaviors.setup<unknown>((context) => {
        const waiting = context.spawn<string>(
          Behaviors.receive(async (_message, { signal }) => {
            await new Promise<void>((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                reasons.push('aborted')
                reject(signal.reason)
              })
            })
          }),
          { name: 'waiting' },
        )
        waiting.tell('wait')
        context.spawn(failing, { name: 'failing' }).tell('fail')
        return Behaviors.ignore
      }),
      allForOne(),
    )
    system.spawn(family, { name: 'p' })
    await system.idle()
    expect(reasons).toEqual(['aborted'])
    expect(system.story.filter((line) => line !== 'failed /p/failing')).toEqual([
      'started /p',
      'started /p/waiting',
      'started /p/failing',
      'restarted /p/failing',
      'restarted /p/waiting',
    ])
  })
})

describe('Children that fail together', () => {
  test('begin anew once', async () => {
    await using system = new TestSystem()
    system.spawn(
      Behaviors.superviseChildren(
        Behaviors.setup<unknown>((context) => {
          for (const name of ['one', 'two']) context.spawn(failing, { name }).tell('fail')
          return Behaviors.ignore
        }),
        allForOne(),
      ),
      { name: 'p' },
    )
    await system.idle()
    expect(system.story.filter((line) => line.startsWith('restarted')).toSorted()).toEqual([
      'restarted /p/one',
      'restarted /p/two',
    ])
  })

  test('do not bring back a sibling that stops', async () => {
    await using system = new TestSystem()
    const slow = gate()
    const ref = system.spawn<string>(
      Behaviors.superviseChildren(
        Behaviors.setup((context) => {
          const stopping = context.spawn(
            Behaviors.withLifecycle(Behaviors.ignore, { postStop: () => slow.promise }),
            { name: 'stopping' },
          )
          const other = context.spawn(failing, { name: 'other' })
          return Behaviors.receive(() => {
            context.stop(stopping)
            other.tell('fail')
          })
        }),
        allForOne(),
      ),
      { name: 'p' },
    )
    ref.tell('go')
    await system.idle()
    slow.open()
    await system.idle()
    expect(system.story.slice(-3)).toEqual([
      'failed /p/other',
      'restarted /p/other',
      'stopped /p/stopping',
    ])
  })

  test('have their end, where the failure is their parent’s and that one goes on', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const family = Behaviors.superviseChildren(
      Behaviors.setup<unknown>((context) => {
        for (const name of ['one', 'two']) context.spawn(failing, { name }).tell('fail')
        return writing(log)
      }),
      oneForOne({ decide: () => 'escalate' }),
    )
    const top = Behaviors.superviseChildren(
      Behaviors.setup<unknown>((context) => {
        context.spawn(family, { name: 'family' }).tell('x')
        return Behaviors.ignore
      }),
      oneForOne({ decide: () => 'resume' }),
    )
    system.spawn(top, { name: 't' })
    await system.idle()
    expect(log).toEqual(['x'])
    expect(system.story.filter((line) => line.startsWith('stopped')).toSorted()).toEqual([
      'stopped /t/family/one',
      'stopped /t/family/two',
    ])
  })

  test('do not end a parent that waits for its other children to stop', async () => {
    await using system = new TestSystem()
    const slow = gate()
    const ref = system.spawn<string>(
      Behaviors.superviseChildren(
        Behaviors.setup((context) => {
          const child = context.spawn(failing, { name: 'failing' })
          context.spawn(
            Behaviors.withLifecycle(Behaviors.ignore, { postStop: () => slow.promise }),
            { name: 'slow' },
          )
          return Behaviors.receive(() => {
            child.tell('fail')
            return Behaviors.stopped
          })
        }),
        oneForOne({ decide: () => 'escalate' }),
      ),
      { name: 'p' },
    )
    ref.tell('go')
    await system.idle()
    slow.open()
    await system.idle()
    expect(system.story.slice(-2)).toEqual(['stopped /p/slow', 'stopped /p'])
    expect(system.story.filter((line) => line === 'stopped /p')).toHaveLength(1)
  })

  test('that were never set up cannot go on', async () => {
    await using system = new TestSystem()
    const broken = Behaviors.setup<unknown>(() => {
      throw new Error('no')
    })
    system.spawn(
      Behaviors.superviseChildren(
        Behaviors.setup<unknown>((context) => {
          context.spawn(broken, { name: 'broken' })
          return Behaviors.ignore
        }),
        oneForOne({ decide: () => 'resume' }),
      ),
      { name: 'p' },
    )
    await system.idle()
    expect(system.story.at(-1)).toBe('stopped /p/broken')
  })
})

describe('A strategy that', () => {
  test.each<[string, () => 'stop']>([
    [
      'throws',
      () => {
        throw new Error('undecided')
      },
    ],
    ['decides nothing', () => 'perhaps' as 'stop'],
  ])('%s stops the actor', async (_case, decide) => {
    await using system = new TestSystem()
    const ref = system.spawn(Behaviors.supervise(failing, oneForOne({ decide })), { name: 'a' })
    ref.tell('fail')
    await system.idle()
    expect(system.story.at(-1)).toBe('stopped /a')
  })
})

describe('A full mailbox', () => {
  const full = { capacity: 2, overflow: 'drop-oldest' } as const

  test('drops nothing that is owed to its actor', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const slow = gate()
    const mortal = system.spawn<string>(Behaviors.receive(() => Behaviors.stopped))
    const ref = system.spawn<unknown>(
      Behaviors.setup((context) => {
        context.watchWith(mortal, 'gone')
        context.timers.startPeriodic('t', 'tick', 10)
        context.pipeToSelf(slow.promise, () => 'piped')
        return Behaviors.receive(async (message) => {
          if (message === 'wait') await slow.promise
          log.push(message)
        })
      }),
      { name: 'a', mailbox: full },
    )
    ref.tell('wait')
    await system.idle()
    mortal.tell('stop')
    await system.pass(10)
    for (const message of ['x', 'y', 'z']) ref.tell(message)
    slow.open()
    await system.pass(10)
    expect(log).toEqual(['wait', 'gone', 'tick', 'piped', 'tick'])
    expect(system.lost).toEqual(['mailbox-full /a: x', 'mailbox-full /a: y', 'mailbox-full /a: z'])
  })

  test('that rejects leaves no deadline of a question behind', async () => {
    await using system = new TestSystem()
    const ref = system.spawn<unknown>(Behaviors.ignore, {
      mailbox: { capacity: 1, overflow: 'reject' },
    })
    ref.tell('x')
    const asked = system.ask<unknown, string>(ref, (replyTo) => replyTo)
    await expect(asked).rejects.toMatchObject({ code: 'CASTY_ACTOR_MAILBOX_FULL' })
    expect(system.clock.pendingTimers).toBe(0)
  })

  test('that rejects still takes what is owed to its actor', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const ref = system.spawn<unknown>(
      Behaviors.setup(({ timers }) => {
        timers.startOnce('t', 'tick', 0)
        return writing(log)
      }),
      { mailbox: { capacity: 1, overflow: 'reject' } },
    )
    await system.idle()
    ref.tell('x')
    await system.idle()
    expect(new Set(log)).toEqual(new Set(['tick', 'x']))
  })
})

describe('An actor that has stopped', () => {
  test('sets no timers, and watches nobody, in its last hook', async () => {
    await using system = new TestSystem()
    const errors: unknown[] = []
    const other = system.spawn(Behaviors.ignore)
    const ref = system.spawn(
      Behaviors.withLifecycle<string>(Behaviors.ignore, {
        postStop(context) {
          context.watch(other)
          expect(context.signal.aborted).toBe(true)
          try {
            context.timers.startPeriodic('t', 'tick', 1)
          } catch (error) {
            errors.push(error)
          }
        },
      }),
    )
    await system.idle()
    await system.stop(ref)
    expect(errors).toEqual([expect.objectContaining({ code: 'CASTY_ACTOR_STOPPED' })])
    expect(system.clock.pendingTimers).toBe(0)
  })

  test('is told of the end of all who watch each other in a circle', async () => {
    await using system = new TestSystem()
    const refs: ActorRef<string>[] = []
    const log: string[] = []
    for (const name of ['a', 'b', 'c']) {
      refs.push(
        system.spawn<string>(
          Behaviors.receive(
            (message, context) => {
              if (message === 'stop') return Behaviors.stopped
              for (const ref of refs) context.watch(ref)
              return undefined
            },
            ({ ref }) => {
              log.push(`${name} hears of ${ref.path}`)
              return Behaviors.stopped
            },
          ),
          { name },
        ),
      )
    }
    for (const ref of refs) ref.tell('watch')
    await system.idle()
    refs[0]?.tell('stop')
    await system.idle()
    expect(system.story.slice(-3).toSorted()).toEqual(['stopped /a', 'stopped /b', 'stopped /c'])
    expect(log.slice(0, 2)).toEqual(['b hears of /a', 'c hears of /a'])
  })
})

test('Any value may be a message, also undefined', async () => {
  await using system = new TestSystem()
  const log: unknown[] = []
  const ref = system.spawn<unknown>(
    Behaviors.spy(
      Behaviors.receive((message) => {
        if (message === null) return Behaviors.unhandled
        if (message === 0) throw new Error('zero')
        return undefined
      }),
      ({ message }) => log.push(message),
    ),
    { name: 'a' },
  )
  for (const message of [undefined, null, undefined, 0]) ref.tell(message)
  await system.idle()
  expect(log).toEqual([undefined, undefined])
  expect(system.lost).toEqual(['unhandled /a: null', 'failed /a: 0'])
})
