import { describe, expect, test } from 'vitest'
import { Behaviors, type ActorRef, type Behavior } from '../src/index.ts'
import { ActorTestKit, BehaviorTestKit, TestInbox } from '../src/testkit.ts'

const failed = { code: 'CASTY_ACTOR_EXPECTATION_FAILED' }

describe('A probe', () => {
  test('takes messages in order, and says what it was told instead', async () => {
    await using kit = new ActorTestKit()
    const probe = kit.probe<{ readonly n: number; readonly to?: unknown }>('probe')
    for (const n of [1, 2, 3]) probe.ref.tell({ n, to: undefined })
    expect(await probe.receive()).toEqual({ n: 1 })
    await probe.expect({ n: 2 })
    await expect(probe.expect({ n: 4 })).rejects.toThrow(
      '/probe expected {"n":4} next, and has been told {"n":3}.',
    )
    await expect(probe.expectNothing()).rejects.toMatchObject(failed)
    await probe.receive()
    await probe.expectNothing()
    await expect(probe.receive()).rejects.toThrow('expected a message, and has been told nothing')
  })

  test('fishes for what it wants', async () => {
    await using kit = new ActorTestKit()
    const probe = kit.probe<number>()
    for (const n of [1, 2, 3, 4]) probe.ref.tell(n)
    expect(await probe.fish((n) => n > 2)).toBe(3)
    expect(probe.messages).toEqual([4])
    await expect(probe.fish((n) => n > 4)).rejects.toMatchObject(failed)
  })

  test('hears of ends, and of nothing before its time', async () => {
    await using kit = new ActorTestKit()
    const probe = kit.probe<string>()
    const ref = kit.system.spawn<string>(
      Behaviors.setup(({ timers }) => {
        timers.startOnce('end', 'end', 1_000)
        return Behaviors.receive(() => Behaviors.stopped)
      }),
    )
    probe.watch(ref)
    await kit.pass(999)
    await expect(probe.expectStopped(ref)).rejects.toMatchObject(failed)
    await kit.pass(1)
    expect(await probe.expectStopped(ref)).toBe('stopped')
    ref.tell('late')
    expect(kit.deadLetters).toEqual([{ path: ref.path, message: 'late', reason: 'stopped' }])
  })

  test.each<[unknown, unknown, boolean]>([
    [[1, { a: 2 }], [1, { a: 2 }], true],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [new Map([[1, [2]]]), new Map([[1, [2]]]), true],
    [new Set([1]), new Set([2]), false],
    [[1], { 0: 1 }, false],
    [NaN, NaN, true],
    [new TestInbox('/a'), new TestInbox('/a'), false],
  ])('compares data: %j and %j', async (told, expected, isAlike) => {
    await using kit = new ActorTestKit()
    const probe = kit.probe<unknown>()
    probe.ref.tell(told)
    const outcome = probe.expect(expected).then(
      () => true,
      () => false,
    )
    expect(await outcome).toBe(isAlike)
  })
})

describe('A behavior on its own', () => {
  test('is run at once, and what it does is written down', () => {
    type Message = 'start' | 'hello' | ActorRef<string>
    const behavior = Behaviors.setup<Message>((context) => {
      const worker = context.spawn<string>(Behaviors.ignore, { name: 'worker' })
      context.watch(worker)
      return Behaviors.receive((message, { stash, timers, self }) => {
        if (typeof message === 'object') message.tell('answer')
        else if (message === 'hello') stash.stash(message)
        else {
          stash.unstashAll()
          timers.startPeriodic('t', 'hello', 100)
          worker.tell('work')
          self.tell('hello')
          return Behaviors.receive((later) => (later === 'hello' ? undefined : Behaviors.stopped))
        }
        return undefined
      })
    })
    const kit = new BehaviorTestKit(behavior)
    kit.run('hello')
    expect(kit.takeEffects()).toEqual([
      { type: 'spawned', name: 'worker', behavior: Behaviors.ignore },
      { type: 'watched', path: '/test/worker' },
      { type: 'stashed', message: 'hello' },
    ])
    const inbox = new TestInbox<string>()
    kit.run(inbox)
    expect(inbox.take()).toBe('answer')
    expect(() => inbox.take()).toThrow('/inbox was told nothing.')
    kit.run('start')
    expect(kit.takeEffects()).toEqual([
      { type: 'unstashed', messages: ['hello'] },
      { type: 'timer-started', key: 't', message: 'hello', delayMs: 100, everyMs: 100 },
    ])
    expect(kit.child<string>('worker').messages).toEqual(['work'])
    kit.runNext()
    expect(kit.isAlive).toBe(true)
    kit.run('start')
    expect(kit.isAlive).toBe(false)
  })

  test('is answered what it asks by the test, and told what it waits for', async () => {
    const bank = new TestInbox<{ readonly replyTo: ActorRef<number> }>('/bank')
    const log: number[] = []
    const kit = new BehaviorTestKit<number>(
      Behaviors.setup((context) => {
        const asked = context.ask(bank, (replyTo: ActorRef<number>) => ({ replyTo }))
        context.pipeToSelf(asked, (balance) => balance)
        return Behaviors.receive((balance) => void log.push(balance))
      }),
    )
    const [, piped] = kit.takeEffects()
    bank.take().replyTo.tell(100)
    await (piped?.type === 'piped' ? piped.promise : undefined)
    kit.runNext()
    expect(log).toEqual([100])
  })

  test('throws its failures to the test, and has its hooks called', () => {
    const log: string[] = []
    const inner: Behavior<string> = Behaviors.receive(
      (message) => {
        if (message === 'fail') throw new Error('failure')
        return message === 'stop' ? Behaviors.stopped : Behaviors.unhandled
      },
      (signal) => void log.push(signal.ref.path),
    )
    const spied = Behaviors.spy(inner, ({ message }) => log.push(message))
    const kit = new BehaviorTestKit(
      Behaviors.withLifecycle(spied, {
        preStart: () => void log.push('pre-start'),
        postStop: () => void log.push('post-stop'),
      }),
    )
    expect(() => kit.run('fail')).toThrow('failure')
    kit.signal(new TestInbox('/other'))
    kit.run('what')
    expect(kit.unhandled).toBe(1)
    kit.run('stop')
    expect(log).toEqual(['pre-start', '/other', 'what', 'post-stop', 'stop'])
  })

  test('must not give promises', () => {
    const kit = new BehaviorTestKit<string>(Behaviors.receive(async () => await Promise.resolve()))
    expect(() => kit.run('x')).toThrow('use an ActorTestKit')
  })
})
