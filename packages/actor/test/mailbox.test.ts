// Mailboxes that are full of what must not be lost, and what may be in them.
import { describe, expect, test } from 'vitest'
import { Behaviors } from '../src/index.ts'
import { gate, TestSystem, writing } from './probe.ts'

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
