import { describe, expect, test } from 'vitest'
import { Behaviors, type ShutdownPhase } from '../src/index.ts'
import { gate, TestSystem } from './probe.ts'

describe('A shutdown', () => {
  test('runs its tasks phase by phase, and stops the actors before the last', async () => {
    const system = new TestSystem()
    const log: string[] = []
    const actor = Behaviors.withLifecycle(Behaviors.ignore, {
      postStop: () => void log.push('actor'),
    })
    system.spawn(actor)
    for (const phase of ['release', 'leave', 'drain', 'refuse'] as const) {
      system.beforeShutdown(phase, () => void log.push(phase))
    }
    system.beforeShutdown('drain', () => void log.push('not any more'))[Symbol.dispose]()
    await system.shutdown()
    await system.shutdown()
    expect(log).toEqual(['refuse', 'drain', 'leave', 'actor', 'release'])
  })

  test('ends questions that nobody will answer any more', async () => {
    const system = new TestSystem()
    const silent = system.spawn(Behaviors.ignore)
    const asked = system.ask(silent, () => 'anybody?', { timeoutMs: 3_600_000 })
    const failed = expect(asked).rejects.toMatchObject({
      code: 'CASTY_ACTOR_ASK_UNANSWERED',
      reason: 'lost',
      message: expect.stringContaining('the system was shut down'),
    })
    await system.idle()
    await system.shutdown()
    await failed
  })

  test('runs the tasks of a phase side by side', async () => {
    const system = new TestSystem()
    const log: string[] = []
    const [first, second] = [gate(), gate()]
    system.beforeShutdown('drain', async () => {
      await first.promise
      log.push('first')
    })
    system.beforeShutdown('drain', async () => {
      await second.promise
      log.push('second')
    })
    system.beforeShutdown('leave', () => void log.push('leave'))
    const ended = system.shutdown()
    second.open()
    await system.idle()
    expect(log).toEqual(['second'])
    first.open()
    await ended
    expect(log).toEqual(['second', 'first', 'leave'])
  })

  test('tells of tasks that fail or hang, and leaves them behind', async () => {
    const system = new TestSystem()
    const aborted: unknown[] = []
    system.beforeShutdown('refuse', () => {
      throw new Error('no')
    })
    system.beforeShutdown(
      'drain',
      async (signal) => {
        signal.addEventListener('abort', () => aborted.push(signal.reason))
        await new Promise(() => {})
      },
      { name: 'hangs', timeoutMs: 100 },
    )
    const ended = system.shutdown()
    await system.pass(100)
    await ended
    const code = 'CASTY_ACTOR_SHUTDOWN_TIMEOUT'
    const timeout = expect.objectContaining({ code }) as unknown
    expect(aborted).toEqual([timeout])
    expect(system.events).toEqual([
      { type: 'shutdown-task-failed', phase: 'refuse', name: 'unnamed', error: new Error('no') },
      { type: 'shutdown-task-failed', phase: 'drain', name: 'hangs', error: timeout },
    ])
    expect(system.clock.pendingTimers).toBe(0)
  })

  test('that takes too long says what has not stopped, and goes on', async () => {
    const system = new TestSystem()
    const slow = gate()
    const ref = system.spawn<string>(
      Behaviors.receive(() => slow.promise),
      { name: 'slow' },
    )
    ref.tell('x')
    system.spawn(Behaviors.ignore, { name: 'quick' })
    await system.idle()
    const ended = system.shutdown({ timeoutMs: 1_000 })
    const told = expect(ended).rejects.toThrow(
      'The shutdown took longer than 1000 ms, and is not waited for any more. ' +
        '/slow has waited for a message for 1000 ms.',
    )
    await system.pass(1_000)
    await told
    slow.open()
    await system.shutdown({ timeoutMs: 1_000 })
    expect(system.story.at(-1)).toBe('stopped /slow')
    expect(system.clock.pendingTimers).toBe(0)
  })

  test('goes on without actors that hang, and says so in the end', async () => {
    const system = new TestSystem({ stopTimeoutMs: 1_000 })
    const log: string[] = []
    const ref = system.spawn<string>(
      Behaviors.receive(() => new Promise(() => {})),
      { name: 'hangs' },
    )
    ref.tell('x')
    system.spawn(
      Behaviors.withLifecycle(Behaviors.ignore, { postStop: () => void log.push('stopped') }),
    )
    system.beforeShutdown('release', () => void log.push('released'))
    await system.idle()
    const told = expect(system.shutdown()).rejects.toThrow(
      'The end of all actors took longer than 1000 ms, and is not waited for any more. ' +
        '/hangs has waited for a message for 1000 ms.',
    )
    await system.pass(999)
    expect(log).toEqual(['stopped'])
    await system.pass(1)
    await told
    expect(log).toEqual(['stopped', 'released'])
    expect(system.clock.pendingTimers).toBe(0)
    await expect(system.shutdown()).rejects.toMatchObject({ code: 'CASTY_ACTOR_SHUTDOWN_TIMEOUT' })
  })

  test.each([Number.NaN, -1, '5'])('takes no %s for a deadline', async (stopTimeoutMs) => {
    // Given by code without types.
    const given = stopTimeoutMs as number
    expect(() => new TestSystem({ stopTimeoutMs: given })).toThrow('Option stopTimeoutMs of')
    await using system = new TestSystem()
    await expect(system.shutdown({ timeoutMs: given })).rejects.toThrow('Option timeoutMs of')
  })

  test('that waits for a task says so', async () => {
    const system = new TestSystem()
    const slow = gate()
    system.beforeShutdown('leave', () => slow.promise, { name: 'slow', timeoutMs: 60_000 })
    const ended = system.shutdown({ timeoutMs: 1_000 })
    const told = expect(ended).rejects.toThrow('It waits for task slow of leave.')
    await system.pass(1_000)
    await told
    slow.open()
    await system.shutdown()
  })

  test('leaves nobody who could be spawned', async () => {
    const system = new TestSystem()
    await system.shutdown()
    expect(() => system.spawn(Behaviors.ignore)).toThrow(
      expect.objectContaining({
        code: 'CASTY_ACTOR_STOPPED',
        message: 'The actor system has stopped, or is about to stop or to begin anew.',
      }),
    )
  })

  test('knows its phases', async () => {
    await using system = new TestSystem()
    // Given by code without types.
    const phase = 'later' as ShutdownPhase
    expect(() => system.beforeShutdown(phase, () => {})).toThrow(
      'Option phase of beforeShutdown() is "later"; allowed is one of refuse, drain, leave, release',
    )
  })
})
