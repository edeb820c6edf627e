import type { Clock } from '@casty/clock'
import { describe, expect, test } from 'vitest'
import { Deadlines, type Waiting } from '../src/deadlines.ts'
import { Behaviors, type ActorRef } from '../src/index.ts'
import { TestSystem } from './probe.ts'

type Question = ActorRef<string>

const silent = Behaviors.receive<Question>(() => {})
const prompt = Behaviors.receive<Question>((replyTo) => replyTo.tell('yes'))

/** When a question was given up, and what else has happened to it. */
async function outcomeOf(
  system: TestSystem,
  answer: Promise<unknown>,
): Promise<{ readonly at: number; readonly code: unknown }> {
  const error: unknown = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return { at: system.clock.now(), code }
}

describe('Questions that share a timeout', () => {
  test('are each given up after that time, whoever else was answered', async () => {
    await using system = new TestSystem()
    const [deaf, ready] = [system.spawn(silent), system.spawn(prompt)]
    const ask = (ref: ActorRef<Question>) =>
      outcomeOf(
        system,
        system.ask(ref, (replyTo: Question) => replyTo, { timeoutMs: 100 }),
      )
    const answered = ask(ready)
    const first = ask(deaf)
    await system.pass(30)
    const second = ask(deaf)
    const third = ask(deaf)
    await system.pass(200)
    const code = 'CASTY_ACTOR_ASK_TIMEOUT'
    expect(await Promise.all([answered, first, second, third])).toEqual([
      { at: 0, code: undefined },
      { at: 100, code },
      { at: 130, code },
      { at: 130, code },
    ])
  })

  test('share a timer, and others have theirs', async () => {
    await using system = new TestSystem()
    const deaf = system.spawn(silent)
    const asked = [50, 100, 50, 100, 100].map((timeoutMs) =>
      outcomeOf(
        system,
        system.ask(deaf, (replyTo: Question) => replyTo, { timeoutMs }),
      ),
    )
    expect(system.clock.pendingTimers).toBe(2)
    await system.pass(100)
    expect((await Promise.all(asked)).map(({ at }) => at)).toEqual([50, 100, 50, 100, 100])
    expect(system.clock.pendingTimers).toBe(0)
  })

  test('leave no timer behind when all of them were answered', async () => {
    await using system = new TestSystem()
    const ready = system.spawn(prompt)
    const asked = [1, 2, 3].map(() => system.ask(ready, (replyTo: Question) => replyTo))
    expect(system.clock.pendingTimers).toBe(1)
    expect(await Promise.all(asked)).toEqual(['yes', 'yes', 'yes'])
    expect(system.clock.pendingTimers).toBe(0)
    expect(await system.ask(ready, (replyTo: Question) => replyTo)).toBe('yes')
  })
})

describe('Where time passes by itself', () => {
  test('all that begin to wait in one turn are due as long after its end, by one look at the clock', () => {
    let [now, looks] = [0, 0]
    const [atEnd, timers]: [(() => void)[], (() => void)[]] = [[], []]
    const clock: Clock = {
      now: () => (looks++, now),
      wallNow: () => now,
      schedule: (_, callback) => {
        timers.push(callback)
        return { [Symbol.dispose]: () => {} }
      },
    }
    const turns = {
      isReal: true,
      now: () => now,
      soon: (callback: () => void) => void atEnd.push(callback),
      afterOthers: () => {},
    }
    const endTurn = (): void => {
      for (const callback of atEnd.splice(0)) callback()
    }
    const deadlines = new Deadlines(clock, turns)
    const expired: string[] = []
    const wait = (name: string) => {
      const waiting: Waiting = {
        dueAt: 0,
        previous: undefined,
        next: undefined,
        expire: () => {
          expired.push(name)
          queue.delete(waiting)
        },
        abandon: () => {},
      }
      const queue = deadlines.add(waiting, 100)
      return () => queue.delete(waiting)
    }

    const answered = wait('answered within its turn')
    wait('first')
    answered()
    wait('second')
    now = 7
    endTurn()
    expect(looks).toBe(1)
    now = 50
    wait('later')
    endTurn()
    expect(looks).toBe(2)

    now = 106
    timers.shift()?.()
    expect(expired).toEqual([])
    now = 107
    timers.shift()?.()
    expect(expired).toEqual(['first', 'second'])
    now = 150
    timers.shift()?.()
    expect(expired).toEqual(['first', 'second', 'later'])
  })
})
