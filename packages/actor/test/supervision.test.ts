import { describe, expect, test } from 'vitest'
import {
  allForOne,
  Behaviors,
  oneForOne,
  type ActorRef,
  type Behavior,
  type LifecycleHooks,
  type SupervisionOptions,
} from '../src/index.ts'
import { TestSystem } from './probe.ts'

/** Fails on `fail`, and counts what else it gets since it was set up. */
function fragile(log: string[]): Behavior<string> {
  return Behaviors.setup(() => {
    let count = 0
    return Behaviors.receive((message) => {
      if (message.startsWith('fail')) throw new Error(message)
      log.push(`${message}${++count}`)
    })
  })
}

function supervised(log: string[], options?: SupervisionOptions): Behavior<string> {
  return Behaviors.supervise(fragile(log), oneForOne(options))
}

describe('An actor that fails', () => {
  test('stops where nobody supervises it', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const ref = system.spawn(fragile(log), { name: 'a' })
    for (const message of ['x', 'fail', 'x']) ref.tell(message)
    await system.idle()
    expect(log).toEqual(['x1'])
    expect(system.story).toEqual(['started /a', 'failed /a', 'stopped /a'])
    expect(system.lost).toEqual(['failed /a: fail', 'stopped /a: x'])
    expect(system.events).toContainEqual(
      expect.objectContaining({ type: 'actor-stopped', ending: 'failed' }),
    )
  })

  test('begins anew under a strategy, with the messages that wait', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const ref = system.spawn(supervised(log), { name: 'a' })
    for (const message of ['x', 'x', 'fail', 'x']) ref.tell(message)
    await system.idle()
    expect(log).toEqual(['x1', 'x2', 'x1'])
    expect(system.story).toEqual(['started /a', 'failed /a', 'restarted /a'])
  })

  test('fails alike when its promise rejects', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const behavior = Behaviors.receive<string>(async (message) => {
      await Promise.resolve()
      if (message === 'fail') throw new Error(message)
      log.push(message)
    })
    const ref = system.spawn(Behaviors.supervise(behavior, oneForOne()))
    for (const message of ['fail', 'x']) ref.tell(message)
    await system.idle()
    expect(log).toEqual(['x'])
  })

  test('goes on as it was where that is decided', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const ref = system.spawn(supervised(log, { decide: () => 'resume' }))
    for (const message of ['x', 'fail', 'x']) ref.tell(message)
    await system.idle()
    expect(log).toEqual(['x1', 'x2'])
  })

  test('stops when it was restarted too often in too short a time', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const ref = system.spawn(supervised(log, { maxRestarts: 2, withinMs: 1_000 }), { name: 'a' })
    for (let failure = 0; failure < 2; failure++) ref.tell('fail')
    await system.pass(1_000)
    for (let failure = 0; failure < 3; failure++) ref.tell('fail')
    await system.idle()
    expect(system.story.filter((line) => line === 'restarted /a')).toHaveLength(4)
    expect(system.story.at(-1)).toBe('stopped /a')
  })

  test('waits longer before each restart, and loses no message meanwhile', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const backoff = { minMs: 100, maxMs: 250, jitter: 0 }
    const ref = system.spawn(supervised(log, { backoff }))
    for (const pauseMs of [100, 200, 250, 250]) {
      log.length = 0
      ref.tell('fail')
      ref.tell('x')
      await system.pass(pauseMs - 1)
      expect(log).toEqual([])
      await system.pass(1)
      expect(log).toEqual(['x1'])
    }
  })

  test('lets go of children, timers and what it waits for before it begins anew', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const behavior = Behaviors.withLifecycle<string>(
      Behaviors.setup((context) => {
        context.spawn(
          Behaviors.withLifecycle(Behaviors.ignore, {
            postStop: () => void log.push('child stops'),
          }),
        )
        context.timers.startOnce('timer', 'fired', 50)
        context.signal.addEventListener('abort', () => log.push('aborted'))
        log.push('set up')
        return Behaviors.receive((message) => {
          if (message === 'fail') throw new Error(message)
          log.push(message)
        })
      }),
      { preRestart: (error) => void log.push(`pre-restart: ${String(error)}`) },
    )
    const ref = system.spawn(Behaviors.supervise(behavior, oneForOne({ maxRestarts: 1 })))
    await system.pass(20)
    ref.tell('fail')
    await system.idle()
    expect(log).toEqual(['set up', 'pre-restart: Error: fail', 'aborted', 'child stops', 'set up'])
    await system.pass(49)
    expect(log).not.toContain('fired')
    await system.pass(1)
    expect(log.filter((line) => line === 'fired')).toHaveLength(1)
  })

  test('asks the inner strategy first, and the outer one where that escalates', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const inner = Behaviors.supervise(
      fragile(log),
      oneForOne({ decide: (error) => (String(error).includes('badly') ? 'escalate' : 'resume') }),
    )
    const ref = system.spawn(Behaviors.supervise(inner, oneForOne()))
    for (const message of ['x', 'fail', 'x', 'fail badly', 'x']) ref.tell(message)
    await system.idle()
    expect(log).toEqual(['x1', 'x2', 'x1'])
  })

  test('stops where its setup fails again and again', async () => {
    await using system = new TestSystem()
    let times = 0
    const broken = Behaviors.setup<string>(() => {
      times++
      throw new Error('no')
    })
    system.spawn(Behaviors.supervise(broken, oneForOne({ maxRestarts: 3 })), { name: 'a' })
    await system.idle()
    expect(times).toBe(4)
    expect(system.story.at(-1)).toBe('stopped /a')
  })
})

describe('Children that fail', () => {
  type Family = { readonly children: ActorRef<string>[]; readonly log: string[] }

  function parentOf(family: Family, strategy: ReturnType<typeof oneForOne>): Behavior<string> {
    return Behaviors.superviseChildren(
      Behaviors.setup<string>((context) => {
        family.log.push('parent set up')
        for (const name of ['one', 'two']) {
          family.children.push(context.spawn(fragile(family.log), { name }))
        }
        return Behaviors.ignore
      }),
      strategy,
    )
  }

  test.each([
    [oneForOne(), ['x1', 'y1', 'x1', 'y2']],
    [allForOne(), ['x1', 'y1', 'x1', 'y1']],
  ])('alone, or all of them, begin anew as their parent says', async (strategy, expected) => {
    await using system = new TestSystem()
    const family: Family = { children: [], log: [] }
    system.spawn(parentOf(family, strategy), { name: 'parent' })
    await system.idle()
    const [one, two] = family.children
    for (const round of [1, 2]) {
      one?.tell('x')
      two?.tell('y')
      await system.idle()
      if (round === 1) one?.tell('fail')
      await system.idle()
    }
    expect(family.log.slice(1)).toEqual(expected)
  })

  test('take their parent with them where it escalates', async () => {
    await using system = new TestSystem()
    const family: Family = { children: [], log: [] }
    const strategy = oneForOne({ decide: () => 'escalate' })
    system.spawn(Behaviors.supervise(parentOf(family, strategy), oneForOne()), { name: 'parent' })
    await system.idle()
    family.children[0]?.tell('fail')
    await system.idle()
    expect(family.log).toEqual(['parent set up', 'parent set up'])
    expect(system.story).toContain('stopped /parent/one')
    expect(system.lookup('/parent/one')).toBe(family.children[2])
  })

  test('all stop where that is decided over all', async () => {
    await using system = new TestSystem()
    const family: Family = { children: [], log: [] }
    system.spawn(parentOf(family, allForOne({ decide: () => 'stop' })), { name: 'parent' })
    await system.idle()
    family.children[0]?.tell('fail')
    await system.idle()
    expect(system.story.slice(-2).toSorted()).toEqual([
      'stopped /parent/one',
      'stopped /parent/two',
    ])
  })
})

describe('The hook after a restart', () => {
  const failing: Behavior<string> = Behaviors.receive((message) => {
    if (message === 'fail') throw new Error('fail')
    if (message === 'restart') return Behaviors.restart
    return undefined
  })

  test('is called when the actor is set up again, before its next message, with what had failed', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const hooks = (name: string): LifecycleHooks<string> => ({
      preStart: () => void log.push(`${name} pre-start`),
      preRestart: (error) => void log.push(`${name} pre-restart ${String(error)}`),
      postRestart: async (error) => {
        await Promise.resolve()
        log.push(`${name} post-restart ${String(error)}`)
      },
    })
    const inner = Behaviors.spy(failing, ({ message }) => void log.push(message))
    const both = Behaviors.withLifecycle(
      Behaviors.withLifecycle(inner, hooks('inner')),
      hooks('outer'),
    )
    const ref = system.spawn(Behaviors.supervise(both, oneForOne()))
    for (const message of ['a', 'fail', 'b', 'restart', 'c']) ref.tell(message)
    await system.idle()
    expect(log).toEqual([
      'outer pre-start',
      'inner pre-start',
      'a',
      'inner pre-restart Error: fail',
      'outer pre-restart Error: fail',
      'outer pre-start',
      'inner pre-start',
      'inner post-restart Error: fail',
      'outer post-restart Error: fail',
      'b',
      'restart',
      'inner pre-restart undefined',
      'outer pre-restart undefined',
      'outer pre-start',
      'inner pre-start',
      'inner post-restart undefined',
      'outer post-restart undefined',
      'c',
    ])
  })

  test('that fails is the failure of the actor', async () => {
    await using system = new TestSystem()
    let restarts = 0
    const postRestart = (): void => {
      if (++restarts < 3) throw new Error('not yet')
    }
    const ref = system.spawn(
      Behaviors.supervise(Behaviors.withLifecycle(failing, { postRestart }), oneForOne()),
    )
    ref.tell('fail')
    await system.idle()
    expect(restarts).toBe(3)
    expect(system.explain(ref)).toMatchObject({ stage: 'active', restarts: 3 })
  })
})
