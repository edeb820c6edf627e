// What happens to one actor while something else does: stops during setups, restarts, and last hooks.
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { Behaviors, oneForOne, type ActorRef, type Behavior } from '../src/index.ts'
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
