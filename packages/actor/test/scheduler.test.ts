import { describe, expect, test } from 'vitest'
import { Behaviors, type ActorRef } from '../src/index.ts'
import { TestSystem } from './probe.ts'

function timed(system: TestSystem, log: string[]): ActorRef<string> {
  const behavior = Behaviors.receive<string>((message) => {
    if (message === 'stop') return Behaviors.stopped
    log.push(`${message} at ${system.clock.now()}`)
    return undefined
  })
  return system.spawn(behavior, { name: 'a' })
}

describe('The scheduler of a system', () => {
  test('sends messages later, once and over and over', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const ref = timed(system, log)
    system.scheduler.once(ref, 'once', 25)
    system.scheduler.every(ref, 'every', 20, { firstMs: 10 })
    await system.pass(60)
    expect(log).toEqual(['every at 10', 'once at 25', 'every at 30', 'every at 50'])
  })

  test('sends nothing that was cancelled, by its key or by itself, or was replaced', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const ref = timed(system, log)
    system.scheduler.once(ref, 'replaced', 10, { key: 'a' })
    system.scheduler.once(ref, 'replacing', 20, { key: 'a' })
    system.scheduler.every(ref, 'cancelled', 10, { key: 'b' })
    system.scheduler.cancel('b')
    system.scheduler.every(ref, 'disposed', 10)[Symbol.dispose]()
    await system.pass(100)
    expect(log).toEqual(['replacing at 20'])
    expect(system.clock.pendingTimers).toBe(0)
  })

  test('ends with the actor, and with the system', async () => {
    const system = new TestSystem()
    const ref = timed(system, [])
    system.scheduler.every(ref, 'x', 10)
    ref.tell('stop')
    await system.idle()
    expect(system.clock.pendingTimers).toBe(0)
    system.scheduler.once(ref, 'x', 10)
    expect(system.clock.pendingTimers).toBe(0)
    await system.shutdown()
    expect(() => system.scheduler.once(ref, 'x', 10)).toThrow(
      expect.objectContaining({ code: 'CASTY_ACTOR_STOPPED' }),
    )
  })

  test('makes dead letters of what a mailbox refuses', async () => {
    const system = new TestSystem()
    const mailbox = { capacity: 1, overflow: 'reject' } as const
    const ref = system.spawn<string>(
      Behaviors.setup(() => new Promise(() => {})),
      { name: 'a', mailbox },
    )
    ref.tell('x')
    system.scheduler.once(ref, 'y', 0)
    await system.idle()
    expect(system.lost).toEqual(['mailbox-full /a: y'])
  })

  test.each([
    [(ref: ActorRef<string>, { scheduler }: TestSystem) => scheduler.every(ref, 'x', 0), 'everyMs'],
    [(ref: ActorRef<string>, { scheduler }: TestSystem) => scheduler.once(ref, 'x', -1), 'delayMs'],
  ])('checks its options (%#)', async (schedule, option) => {
    await using system = new TestSystem()
    expect(() => schedule(timed(system, []), system)).toThrow(`Option ${option}`)
  })
})
