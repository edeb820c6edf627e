import { describe, expect, test } from 'vitest'
import { Behaviors, oneForOne, type ActorRef, type Behavior } from '../src/index.ts'
import { TestSystem } from './probe.ts'

/** Puts everything aside until it is told to `open`; fails on `fail`, stops on `stop`. */
function closed(log: string[]): Behavior<string> {
  return Behaviors.setup(({ stash }) => {
    let isOpen = false
    return Behaviors.receive((message) => {
      if (message === 'fail') throw new Error(message)
      if (message === 'stop') return Behaviors.stopped
      if (message === 'open') {
        isOpen = true
        stash.unstashAll()
      } else if (isOpen) log.push(message)
      else stash.stash(message)
      return undefined
    })
  })
}

describe('A stash', () => {
  test('holds messages until they are wanted, and has them handled before those that wait', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const ref = system.spawn(closed(log))
    for (const message of ['a', 'b', 'open', 'c']) ref.tell(message)
    await system.idle()
    expect(log).toEqual(['a', 'b', 'c'])
  })

  test('gives what it holds back to the mailbox when the actor begins anew', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const ref = system.spawn(Behaviors.supervise(closed(log), oneForOne()))
    for (const message of ['a', 'b', 'fail', 'c', 'open']) ref.tell(message)
    await system.idle()
    expect(log).toEqual(['a', 'b', 'c'])
    expect(system.lost).toHaveLength(1)
  })

  test('makes dead letters of what it holds when the actor stops, before those that wait', async () => {
    await using system = new TestSystem()
    const ref = system.spawn(closed([]), { name: 'a' })
    for (const message of ['x', 'y', 'stop', 'z']) ref.tell(message)
    await system.idle()
    expect(system.lost).toEqual(['stopped /a: x', 'stopped /a: y', 'stopped /a: z'])
  })

  test('has an end, and whoever fills it fails', async () => {
    await using system = new TestSystem()
    const ref = system.spawn(closed([]), { name: 'a', mailbox: { stashCapacity: 2 } })
    for (const message of ['x', 'y', 'z']) ref.tell(message)
    await system.idle()
    expect(system.lost).toEqual(['stash-full /a: z', 'stopped /a: x', 'stopped /a: y'])
    expect(system.events).toContainEqual(
      expect.objectContaining({
        type: 'actor-failed',
        error: expect.objectContaining({ code: 'CASTY_ACTOR_STASH_FULL' }) as unknown,
      }),
    )
  })

  test('keeps whom a question is to be answered to, and who waits for the answer', async () => {
    await using system = new TestSystem()
    type Message = 'open' | 'stop' | { readonly replyTo: ActorRef<string> }
    const behavior = Behaviors.receive<Message>((message, { stash }) => {
      if (message === 'stop') return Behaviors.stopped
      if (message !== 'open') {
        stash.stash(message)
        return undefined
      }
      stash.unstashAll()
      return Behaviors.receive((later) => {
        if (typeof later === 'object') later.replyTo.tell('yes')
      })
    })
    const ref = system.spawn(behavior)
    const asked = system.ask<Message, string>(ref, (replyTo) => ({ replyTo }))
    await system.idle()
    ref.tell('open')
    expect(await asked).toBe('yes')

    const other = system.spawn(behavior)
    const unanswered = system.ask<Message, string>(other, (replyTo) => ({ replyTo }))
    other.tell('stop')
    await expect(unanswered).rejects.toMatchObject({ code: 'CASTY_ACTOR_ASK_UNANSWERED' })
  })

  test('lets the message of a timer count until it is handled, unless that is cancelled', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const ref = system.spawn<string>(
      Behaviors.setup(({ stash, timers }) => {
        timers.startOnce('kept', 'kept', 10)
        timers.startOnce('cancelled', 'cancelled', 10)
        let isOpen = false
        return Behaviors.receive((message) => {
          if (message === 'open') {
            isOpen = true
            log.push(`kept is ${timers.isActive('kept') ? 'active' : 'over'}`)
            timers.cancel('cancelled')
            stash.unstashAll()
          } else if (isOpen) log.push(message)
          else stash.stash(message)
        })
      }),
    )
    await system.pass(10)
    ref.tell('open')
    await system.idle()
    expect(log).toEqual(['kept is active', 'kept'])
  })

  test('keeps what was made of a message, and the word of an end', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    let made = 0
    const mortal = system.spawn<string>(Behaviors.receive(() => Behaviors.stopped))
    const ref = system.spawn<string>(
      Behaviors.setup((context) => {
        const { stash } = context
        context.watchWith(mortal, 'gone')
        context.pipeToSelf(Promise.resolve('piped'), (value) => `${value} ${++made}`)
        context.adapt<number>((given) => `adapted ${given} ${++made}`).tell(7)
        let isOpen = false
        return Behaviors.receive((message) => {
          if (message === 'open') {
            isOpen = true
            stash.unstashAll()
          } else if (isOpen) log.push(message)
          else stash.stash(message)
        })
      }),
    )
    await system.idle()
    mortal.tell('stop')
    await system.idle()
    ref.tell('open')
    await system.idle()
    expect(log).toEqual(['adapted 7 1', 'piped 2', 'gone'])
  })
})
