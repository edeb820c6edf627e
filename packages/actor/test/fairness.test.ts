// Actors share the process with timers and sockets, and with each other.
import { ManualClock, type Clock } from '@casty/clock'
import { describe, expect, test } from 'vitest'
import { ActorSystem, Behaviors, oneForOne } from '../src/index.ts'

/** Far more than there is time for: an end, where nobody else gets to say so. */
const endless = 3_000_000

/** What waits in the process. */
function others(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

describe('Others in the process have their turn though', () => {
  test('an actor has always something to do', async () => {
    await using system = new ActorSystem()
    let left = endless
    const busy = system.spawn<string>(
      Behaviors.receive((message, { self }) => {
        if (left-- > 0) self.tell(message)
      }),
    )
    busy.tell('again')
    await others()
    expect(left).toBeGreaterThan(0)
    left = 0
  })

  test('an actor awaits something each time, which comes before them', async () => {
    await using system = new ActorSystem()
    let left = endless
    const busy = system.spawn<string>(
      Behaviors.receive(async (message, { self }) => {
        await Promise.resolve()
        if (left-- > 0) self.tell(message)
      }),
    )
    busy.tell('again')
    await others()
    expect(left).toBeGreaterThan(0)
    left = 0
  })

  test('an actor fails in its setup each time, and begins anew', async () => {
    await using system = new ActorSystem()
    let left = endless
    const failing = Behaviors.setup<never>(async () => {
      await Promise.resolve()
      if (left-- > 0) throw new Error('not today')
      return Behaviors.ignore
    })
    system.spawn(Behaviors.supervise(failing, oneForOne({ maxRestarts: Infinity })))
    await others()
    expect(left).toBeGreaterThan(0)
    left = 0
  })

  test('somebody asks one question after the other', async () => {
    await using system = new ActorSystem()
    let left = endless
    const echo = system.spawn<{ tell(answer: number): void }>(
      Behaviors.receive((replyTo) => replyTo.tell(1)),
    )
    const asking = async (): Promise<void> => {
      // eslint-disable-next-line no-await-in-loop -- One question after the other.
      while (left-- > 0) await system.ask<{ tell(answer: number): void }, number>(echo, (to) => to)
    }
    const asked = asking()
    await others()
    expect(left).toBeGreaterThan(0)
    left = 0
    await asked
  })
})

/** Time passes by what is done. */
class WorkClock implements Clock {
  readonly manual = new ManualClock()
  workedMs = 0

  now(): number {
    return this.manual.now() + this.workedMs
  }

  wallNow(): number {
    return this.manual.wallNow()
  }

  schedule(delayMs: number, callback: () => void): Disposable {
    return this.manual.schedule(delayMs, callback)
  }
}

test('Whoever is slow does not use up the time of many messages before others have their turn', async () => {
  const clock = new WorkClock()
  await using system = new ActorSystem({ clock })
  let handled = 0
  for (let actor = 0; actor < 100; actor++) {
    const slow = system.spawn<number>(
      Behaviors.receive(() => {
        handled++
        clock.workedMs += 1
      }),
    )
    for (let message = 0; message < 100; message++) slow.tell(message)
  }
  await others()
  expect(handled).toBeGreaterThan(0)
  expect(clock.workedMs).toBeLessThanOrEqual(20)
  while (clock.manual.pendingTimers > 0) {
    // eslint-disable-next-line no-await-in-loop -- One turn after the other.
    await clock.manual.advanceAsync(0)
  }
  expect(handled).toBe(10_000)
})
