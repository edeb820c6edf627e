// Messages that layers above hand over, and dead letters that they make.
import { describe, expect, test } from 'vitest'
import {
  ActorError,
  Behaviors,
  type ActorRef,
  type Behavior,
  type DeadLetterReason,
  type Delivery,
} from '../src/index.ts'
import { gate, TestSystem, writing } from './probe.ts'

class Noted implements Delivery {
  readonly reasons: DeadLetterReason[] = []
  readonly carried: unknown

  constructor(carried?: unknown) {
    this.carried = carried
  }

  undelivered(reason: DeadLetterReason): void {
    this.reasons.push(reason)
  }
}

const failing: Behavior<unknown> = Behaviors.receive(() => {
  throw new Error('no')
})
const choosy: Behavior<unknown> = Behaviors.receive(() => Behaviors.unhandled)

describe('A message that is handed over', () => {
  test('is handled as one that was told, in order with others', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const ref = system.spawn(writing(log))
    const delivery = new Noted()
    system.deliver(ref, 1)
    ref.tell(2)
    system.deliver(ref, 3, delivery)
    await system.idle()
    expect(log).toEqual([1, 2, 3])
    expect(delivery.reasons).toEqual([])
  })

  test.each([
    ['failed', failing],
    ['unhandled', choosy],
  ])('is known to be %s', async (reason, behavior) => {
    await using system = new TestSystem()
    const delivery = new Noted()
    system.deliver(system.spawn(behavior), 'x', delivery)
    await system.idle()
    expect(delivery.reasons).toEqual([reason])
    expect(system.deadLetters).toEqual({ [reason]: 1 })
  })

  test('is known to have come too late', async () => {
    await using system = new TestSystem()
    const delivery = new Noted()
    const ref = system.spawn(Behaviors.stopped)
    await system.idle()
    system.deliver(ref, 'x', delivery)
    expect(delivery.reasons).toEqual(['stopped'])
  })

  test.each(['drop-new', 'reject'] as const)(
    'throws nothing where a mailbox is full that says %s',
    async (overflow) => {
      await using system = new TestSystem()
      const delivery = new Noted()
      const ref = system.spawn(writing([]), { mailbox: { capacity: 1, overflow } })
      await system.idle()
      for (const message of [1, 2, 3]) system.deliver(ref, message, delivery)
      expect(delivery.reasons).toEqual(['mailbox-full', 'mailbox-full'])
      expect(system.deadLetters).toEqual({ 'mailbox-full': 2 })
    },
  )

  test('reaches an actor through a ref that it adapted', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    let adapted: ActorRef<number> | undefined
    const ref = system.spawn<string>(
      Behaviors.setup((context) => {
        adapted = context.adapt((count: number) => `count ${count}`)
        return Behaviors.receive((message) => {
          log.push(message)
          return Behaviors.stopped
        })
      }),
    )
    await system.idle()
    const delivery = new Noted()
    if (adapted) for (const count of [1, 2]) system.deliver(adapted, count, delivery)
    await system.idle()
    expect(log).toEqual(['count 1'])
    expect(delivery.reasons).toEqual(['stopped'])
    expect(system.lost).toEqual([`stopped ${ref.path}: 2`])
  })

  test('to a ref of somebody else is told, and a refusal is a dead letter', async () => {
    await using system = new TestSystem()
    const told: unknown[] = []
    system.deliver({ path: '/elsewhere', tell: (message) => told.push(message) }, 1)
    const delivery = new Noted()
    const refusing = {
      path: '/elsewhere',
      tell: () => {
        throw new Error('no')
      },
    }
    system.deliver(refusing, 2, delivery)
    expect(told).toEqual([1])
    expect(delivery.reasons).toEqual(['not-sent'])
    expect(system.deadLetters).toEqual({ 'not-sent': 1 })
  })

  test('has what it carries handed to the instrument', async () => {
    const seen: unknown[] = []
    await using system = new TestSystem({
      instrument: {
        onSend: () => 'sent',
        onReceive(_received, carried, handle) {
          seen.push(carried)
          return handle()
        },
      },
    })
    system.deliver(system.spawn(writing([])), 'x', new Noted('from afar'))
    await system.idle()
    expect(seen).toEqual(['from afar'])
  })
})

describe('Whoever wants to know when an actor has stopped', () => {
  test('is called with how it ended, once', async () => {
    await using system = new TestSystem()
    const ref = system.spawn(failing)
    const endings: string[] = []
    system.whenStopped(ref, (ending) => endings.push(ending))
    ref.tell('x')
    await system.idle()
    expect(endings).toEqual(['failed'])
    system.whenStopped(ref, (ending) => endings.push(`${ending} already`))
    expect(endings).toEqual(['failed', 'failed already'])
  })

  test('is not called after it lost interest', async () => {
    await using system = new TestSystem()
    const ref = system.spawn(failing)
    const endings: string[] = []
    system.whenStopped(ref, (ending) => endings.push(ending))[Symbol.dispose]()
    ref.tell('x')
    await system.idle()
    expect(endings).toEqual([])
  })

  test('keeps nobody from hearing by throwing', async () => {
    await using system = new TestSystem()
    const ref = system.spawn(failing)
    const endings: string[] = []
    system.whenStopped(ref, () => {
      throw new Error('no')
    })
    system.whenStopped(ref, (ending) => endings.push(ending))
    ref.tell('x')
    await system.idle()
    expect(endings).toEqual(['failed'])
    expect(system.lookup(ref.path)).toBe(undefined)
  })

  test('is refused for a ref of another system', async () => {
    await using system = new TestSystem()
    await using other = new TestSystem()
    const code = 'CASTY_ACTOR_FOREIGN_REF'
    const ref = other.spawn(choosy)
    expect(() => system.whenStopped(ref, () => {})).toThrow(expect.objectContaining({ code }))
  })
})

test('a layer above makes dead letters of its own', async () => {
  await using system = new TestSystem()
  system.publishDeadLetter('/far', 'x', 'node-gone')
  expect(system.lost).toEqual(['node-gone /far: x'])
  expect(system.deadLetters).toEqual({ 'node-gone': 1 })
})

test('a question that was dropped tells its reason with the error', async () => {
  await using system = new TestSystem()
  const release = gate()
  const ref = system.spawn(
    Behaviors.receive(() => release.promise),
    { mailbox: { capacity: 1 } },
  )
  ref.tell('held')
  await system.idle()
  ref.tell('waits')
  const asked: unknown = await system.ask(ref, () => 'x').catch((error: unknown) => error)
  release.open()
  expect(asked).toBeInstanceOf(ActorError)
  expect(asked).toMatchObject({ code: 'CASTY_ACTOR_ASK_UNANSWERED', reason: 'mailbox-full' })
})

describe('An actor that is to finish', () => {
  test('handles what waits for it, and nothing that comes later', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const ref = system.spawn(writing(log))
    for (const message of [1, 2, 3]) ref.tell(message)
    system.finish(ref)
    ref.tell(4)
    await system.idle()
    expect(log).toEqual([1, 2, 3])
    expect(system.deadLetters).toEqual({ stopped: 1 })
  })

  test('leaves what it did not handle to whoever takes it back', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const ref = system.spawn(writing(log))
    const taken: DeadLetterReason[] = []
    const delivery = Object.assign(new Noted(), {
      takesBack: (reason: DeadLetterReason) => taken.push(reason) > 0,
    })
    system.finish(ref)
    system.deliver(ref, 'x', delivery)
    await system.idle()
    expect(taken).toEqual(['stopped'])
    expect(delivery.reasons).toEqual([])
    expect(system.deadLetters).toEqual({})
  })

  test('does so although its mailbox is full', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const ref = system.spawn(writing(log), { mailbox: { capacity: 1 } })
    ref.tell(1)
    system.finish(ref)
    await system.idle()
    expect(log).toEqual([1])
    expect(system.lookup(ref.path)).toBeUndefined()
  })
})
