import { describe, expect, test } from 'vitest'
import { Behaviors, type ActorContext } from '../src/index.ts'
import { gate, TestSystem } from './probe.ts'

function ticking(
  log: string[],
  begin: (context: ActorContext<string>) => void,
  handle: (message: string, context: ActorContext<string>) => void | Promise<void> = () => {},
): ReturnType<typeof Behaviors.setup<string>> {
  return Behaviors.setup<string>((context) => {
    begin(context)
    return Behaviors.receive(async (message) => {
      log.push(
        `${message} at ${context.system instanceof TestSystem ? context.system.clock.now() : ''}`,
      )
      await handle(message, context)
    })
  })
}

describe('A timer', () => {
  test('sends its message once, when it is due', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    system.spawn(ticking(log, ({ timers }) => timers.startOnce('t', 'tick', 100)))
    await system.pass(1_000)
    expect(log).toEqual(['tick at 100'])
  })

  test('keeps its rhythm, whenever the messages are handled', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const slow = gate()
    system.spawn(
      ticking(
        log,
        ({ timers }) => timers.startPeriodic('t', 'tick', 100),
        async () => await (log.length === 2 ? slow.promise : undefined),
      ),
    )
    await system.pass(450)
    slow.open()
    await system.pass(150)
    // The one that waits stands for all that were due meanwhile.
    expect(log).toEqual(['tick at 100', 'tick at 200', 'tick at 450', 'tick at 500', 'tick at 600'])
  })

  test('that was cancelled, or replaced, sends nothing, not even what waits in the mailbox', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const slow = gate()
    const ref = system.spawn(
      ticking(
        log,
        ({ timers }) => {
          timers.startOnce('cancelled', 'cancelled', 100)
          timers.startOnce('replaced', 'first', 100)
        },
        async (message, { timers }) => {
          if (message !== 'go') return
          await slow.promise
          timers.cancel('cancelled')
          timers.startOnce('replaced', 'second', 100)
        },
      ),
    )
    ref.tell('go')
    await system.pass(150)
    slow.open()
    await system.pass(500)
    expect(log).toEqual(['go at 0', 'second at 250'])
  })

  test('is active until its message is handled', async () => {
    await using system = new TestSystem()
    const active: boolean[] = []
    const ref = system.spawn(
      ticking(
        [],
        ({ timers }) => timers.startOnce('t', 'tick', 100),
        (_message, { timers }) => void active.push(timers.isActive('t')),
      ),
    )
    ref.tell('look')
    await system.pass(100)
    ref.tell('look')
    await system.idle()
    expect(active).toEqual([true, false, false])
  })
})
