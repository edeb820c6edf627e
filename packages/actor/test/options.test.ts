import { describe, expect, test } from 'vitest'
import {
  ActorSystem,
  Behaviors,
  oneForOne,
  type ActorSystemOptions,
  type AskOptions,
  type Logger,
  type SpawnOptions,
} from '../src/index.ts'
import { TestSystem } from './probe.ts'

function lineLogger(): { readonly lines: string[]; readonly logger: Logger } {
  const lines: string[] = []
  const write =
    (level: string) =>
    (_details: object, message: string): void =>
      void lines.push(`${level}: ${message}`)
  const logger = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  }
  return { lines, logger }
}

describe('Options are checked at the door:', () => {
  // Given by code without types.
  const untyped = <T>(value: unknown): T => value as T

  test.each<[unknown, string]>([
    [{ clok: 1 }, 'Option clok of ActorSystem is not known; allowed is clock, random'],
    [{ clock: {} }, 'Option clock of ActorSystem is an object; allowed is a Clock with now'],
    [{ random: 7 }, 'Option random of ActorSystem is 7; allowed is a function'],
    [{ logger: {} }, 'allowed is a logger with debug'],
    [{ mailbox: { capacity: 0 } }, 'Option mailbox.capacity of ActorSystem is 0'],
    [null, 'The options of ActorSystem are null'],
  ])('those of a system (%j)', (options, message) => {
    expect(() => new ActorSystem(untyped<ActorSystemOptions>(options))).toThrow(
      expect.objectContaining({
        code: 'CASTY_ACTOR_INVALID_OPTION',
        message: expect.stringContaining(message) as unknown,
      }),
    )
  })

  test.each<[unknown, string]>([
    [{ nam: 'a' }, 'Option nam of spawn() is not known'],
    [{ name: 'a/b' }, 'Option name of spawn() is "a/b"'],
    [{ mailbox: { overflow: 'none' } }, 'Option mailbox.overflow of spawn() is "none"'],
    [{ mailbox: { size: 3 } }, 'Option size of mailbox of spawn() is not known'],
    [{ mailbox: { stashCapacity: -1 } }, 'Option mailbox.stashCapacity of spawn() is -1'],
  ])('those of a spawn (%j)', async (options, message) => {
    await using system = new TestSystem()
    expect(() => system.spawn(Behaviors.ignore, untyped<SpawnOptions>(options))).toThrow(message)
  })

  test.each<[unknown, string]>([
    [{ timeout: 3 }, 'Option timeout of ask() is not known'],
    [{ timeoutMs: -1 }, 'Option timeoutMs of ask() is -1'],
    [{ signal: {} }, 'Option signal of ask() is an object'],
  ])('those of a question (%j)', async (options, message) => {
    await using system = new TestSystem()
    const ref = system.spawn<unknown>(Behaviors.ignore)
    const asked = system.ask(ref, (replyTo) => replyTo, untyped<AskOptions>(options))
    await expect(asked).rejects.toThrow(message)
    expect(system.clock.pendingTimers).toBe(0)
  })

  test('a task of the shutdown, and not only when it is to be done', async () => {
    await using system = new TestSystem()
    const add = (task: unknown) => () => system.beforeShutdown('drain', untyped<() => void>(task))
    expect(add(system.shutdown())).toThrow('Option task of beforeShutdown() is an object')
    expect(add(undefined)).toThrow('Option task of beforeShutdown() is undefined')
  })

  test.each<[unknown, string]>([
    [{ maxRestart: 1 }, 'Option maxRestart of oneForOne() is not known'],
    [{ withinMs: '9' }, 'Option withinMs of oneForOne() is "9"'],
    [{ backoff: { minMs: 1, maxMs: 2, jiter: 0 } }, 'Option jiter of backoff of oneForOne()'],
  ])('those of a strategy (%j)', (options, message) => {
    expect(() => oneForOne(untyped(options))).toThrow(message)
  })
})

describe('The logger of a system', () => {
  test('is told of failures', async () => {
    const { lines, logger } = lineLogger()
    await using system = new TestSystem({ logger })
    const ref = system.spawn<string>(
      Behaviors.receive(() => {
        throw new Error('no')
      }),
      { name: 'a' },
    )
    ref.tell('x')
    await system.idle()
    expect(lines).toContain('error: /a failed')
  })

  test('is told of the first dead letters of a kind in each minute, and how many came besides', async () => {
    const missed: unknown[] = []
    const { logger } = lineLogger()
    await using system = new TestSystem({
      logger: { ...logger, warn: (details) => missed.push(details) },
    })
    const ref = system.spawn<string>(Behaviors.receive(() => Behaviors.stopped))
    ref.tell('stop')
    await system.idle()
    for (let count = 0; count < 100; count++) ref.tell('secret')
    expect(missed).toHaveLength(10)
    expect(JSON.stringify(missed)).not.toContain('secret')
    await system.pass(60_000)
    ref.tell('late')
    expect(missed).toHaveLength(11)
    expect(missed.at(-1)).toMatchObject({ missed: 90, reason: 'stopped', messageType: 'string' })
  })

  test('is told of listeners and spies that throw, which disturb nobody', async () => {
    const { lines, logger } = lineLogger()
    await using system = new TestSystem({ logger })
    const log: string[] = []
    system.subscribe(() => {
      throw new Error('listener')
    })
    const spied = Behaviors.spy<string>(
      Behaviors.receive((message) => void log.push(message)),
      () => {
        throw new Error('spy')
      },
    )
    const ref = system.spawn(spied, { name: 'a' })
    ref.tell('x')
    ref.tell('y')
    await system.idle()
    expect(log).toEqual(['x', 'y'])
    expect(lines).toEqual([
      'error: A listener threw',
      'error: A spy of /a threw',
      'error: A spy of /a threw',
    ])
  })

  test('that throws disturbs nobody', async () => {
    const { logger } = lineLogger()
    const throwing = (): void => {
      throw new Error('logger')
    }
    await using system = new TestSystem({ logger: { ...logger, warn: throwing } })
    const ref = system.spawn<string>(Behaviors.receive(() => Behaviors.unhandled))
    ref.tell('x')
    await system.idle()
    expect(system.deadLetters).toEqual({ unhandled: 1 })
  })

  test('that throws does so for nobody else who logs to it', async () => {
    const told: string[] = []
    const logger = {
      ...lineLogger().logger,
      warn(_details: object, message: string) {
        told.push(message)
        throw new Error('logger')
      },
    }
    await using system = new TestSystem({ logger })
    expect(() => system.logger?.warn({}, 'first')).not.toThrow()
    expect(told).toEqual(['first'])
  })
})
