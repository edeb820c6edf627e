import { describe, expect, test } from 'vitest'
import { Behaviors, oneForOne, type Behavior, type Interceptor } from '../src/index.ts'
import { BehaviorTestKit } from '../src/testkit.ts'
import { gate, TestSystem, writing } from './probe.ts'

/** Writes down what it hands on, and hands on no `secret`. */
function noting(log: unknown[], name: string): Interceptor<unknown> {
  return (message, _context, handle) => {
    log.push(`${name}: ${String(message)}`)
    return message === 'secret' ? undefined : handle(message)
  }
}

describe('An interceptor', () => {
  test('sees each message first, the outer one before the inner one, and may keep it', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const inner = Behaviors.intercept(writing(log), noting(log, 'inner'))
    const ref = system.spawn(Behaviors.intercept(inner, noting(log, 'outer')))
    for (const message of ['a', 'secret', 'b']) ref.tell(message)
    await system.idle()
    expect(log).toEqual(['outer: a', 'inner: a', 'a', 'outer: secret', 'outer: b', 'inner: b', 'b'])
    expect(system.lost).toEqual([])
  })

  test('may hand on another message, and wait for what becomes of it', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const slow = gate()
    const handler: Behavior<string> = Behaviors.receive(async (message) => {
      await slow.promise
      log.push(message)
      return Behaviors.stopped
    })
    const ref = system.spawn(
      Behaviors.intercept(handler, async (message, _context, handle) => {
        const next = await handle(message.toUpperCase())
        log.push('handled')
        return next
      }),
      { name: 'a' },
    )
    ref.tell('x')
    await system.idle()
    expect(log).toEqual([])
    slow.open()
    await system.idle()
    expect(log).toEqual(['X', 'handled'])
    expect(system.story.at(-1)).toBe('stopped /a')
  })

  test('stays around what the actor becomes, also when it begins anew', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const second = writing(log)
    const first: Behavior<unknown> = Behaviors.receive((message) => {
      if (message === 'fail') throw new Error('fail')
      return second
    })
    const around = Behaviors.intercept(first, noting(log, 'seen'))
    const ref = system.spawn(Behaviors.supervise(around, oneForOne()))
    for (const message of ['fail', 'turn', 'x', 'secret']) ref.tell(message)
    await system.idle()
    expect(log).toEqual(['seen: fail', 'seen: turn', 'seen: x', 'x', 'seen: secret'])
  })

  test('that throws is the failure of its actor', async () => {
    await using system = new TestSystem()
    const ref = system.spawn(
      Behaviors.intercept(writing([]), () => {
        throw new Error('no')
      }),
      { name: 'a' },
    )
    ref.tell('x')
    await system.idle()
    expect(system.lost).toEqual(['failed /a: x'])
    expect(system.story.at(-1)).toBe('stopped /a')
  })

  test('is there where a behavior is tested alone', () => {
    const log: unknown[] = []
    const kit = new BehaviorTestKit(Behaviors.intercept(writing(log), noting(log, 'seen')))
    for (const message of ['x', 'secret']) kit.run(message)
    expect(log).toEqual(['seen: x', 'x', 'seen: secret'])
  })
})
