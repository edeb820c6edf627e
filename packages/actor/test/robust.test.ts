// What users without types, or without luck, do: it is their actor's failure, and nobody else's.
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Behaviors, EventStream, type ActorRef, type Behavior } from '../src/index.ts'
import { gate, TestSystem, writing } from './probe.ts'

const throwing: ProxyHandler<object> = {
  get() {
    throw new Error('hands off')
  },
  has() {
    throw new Error('hands off')
  },
  getPrototypeOf() {
    throw new Error('hands off')
  },
}

test('A ref prints as the path of its actor', async () => {
  await using system = new TestSystem()
  const ref = system.spawn(Behaviors.ignore, { name: 'orders' })
  expect(inspect({ ref })).toBe('{ ref: ActorRef(/orders) }')
})

describe('A handler that returns', () => {
  test.each<[string, unknown, string]>([
    ['null', null, 'CASTY_ACTOR_INVALID_BEHAVIOR'],
    ['a number', 3, 'CASTY_ACTOR_INVALID_BEHAVIOR'],
    ['a function', () => {}, 'CASTY_ACTOR_INVALID_BEHAVIOR'],
    ['an object that is none', { type: 'receives' }, 'CASTY_ACTOR_INVALID_BEHAVIOR'],
    ['a proxy that throws', new Proxy({}, throwing), 'hands off'],
    ['a promise of null', Promise.resolve(null), 'CASTY_ACTOR_INVALID_BEHAVIOR'],
  ])('%s has failed, and its actor stops', async (_case, value, why) => {
    await using system = new TestSystem()
    // As code without types would.
    const ref = system.spawn<string>(
      Behaviors.receive(() => value as undefined),
      { name: 'odd' },
    )
    ref.tell('x')
    await system.idle()
    const failure = system.events.find(({ type }) => type === 'actor-failed')
    const error = failure && 'error' in failure ? failure.error : undefined
    expect([error instanceof Error && error.message, Reflect.get(Object(error), 'code')]).toContain(
      why,
    )
    expect(system.story.at(-1)).toBe('stopped /odd')
  })

  test('something with a `then` of its own is waited for', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const settled = gate()
    const behavior: Behavior<string> = Behaviors.receive((message) => {
      log.push(message)
      // As other libraries' promises are.
      const thenable: PromiseLike<undefined> = {
        // oxlint-disable-next-line unicorn/no-thenable -- That is what this is about.
        then: (resolve, reject) => settled.promise.then(() => undefined).then(resolve, reject),
      }
      return thenable as Promise<undefined>
    })
    const ref = system.spawn(behavior)
    for (const message of ['a', 'b']) ref.tell(message)
    await system.idle()
    expect(log).toEqual(['a'])
    settled.open()
    await system.idle()
    expect(log).toEqual(['a', 'b'])
  })
})

test('An actor fails on what is no error as on one', async () => {
  await using system = new TestSystem()
  for (const thrown of [undefined, null, 0, 'text', Symbol('s')]) {
    const ref = system.spawn<string>(
      Behaviors.receive(() => {
        // oxlint-disable-next-line typescript/only-throw-error -- That is what this is about.
        throw thrown
      }),
    )
    const asked = system.ask(ref, () => 'x')
    // eslint-disable-next-line no-await-in-loop -- One after the other.
    await expect(asked).rejects.toMatchObject({
      code: 'CASTY_ACTOR_ASK_UNANSWERED',
      reason: 'failed',
    })
  }
  expect(system.story.filter((line) => line.startsWith('stopped'))).toHaveLength(5)
})

test('A message that does not want to be looked at keeps nobody from stopping', async () => {
  const system = new TestSystem()
  const waiting = gate()
  const ref = system.spawn<object>(
    Behaviors.receive(() => waiting.promise),
    { name: 'a' },
  )
  ref.tell({})
  ref.tell(new Proxy({}, throwing))
  ref.tell(Object.defineProperty({}, 'type', { get: () => expect.unreachable() }))
  await system.idle()
  const ended = system.shutdown()
  waiting.open()
  await ended
  expect(system.story).toContain('stopped /a')
})

test('Dead letters that a listener makes of dead letters are counted, and not told', async () => {
  await using system = new TestSystem()
  const gone = system.spawn<string>(Behaviors.stopped)
  await system.idle()
  for (let listeners = 0; listeners < 2; listeners++) {
    system.eventStream.subscribe('dead-letter', () => gone.tell('heard of it'))
  }
  gone.tell('first')
  expect(system.lost).toEqual(['stopped /$0: first'])
  expect(system.deadLetters).toEqual({ stopped: 3 })
  gone.tell('second')
  expect(system.lost).toHaveLength(2)
})

test('An actor deeper in the tree than the stack goes has a path, and stops', async () => {
  await using system = new TestSystem()
  const depth = 20_000
  let deepest: ActorRef<never> | undefined
  const level = (left: number): Behavior<never> =>
    Behaviors.setup((context) => {
      deepest = context.self
      if (left > 1) context.spawn(level(left - 1), { name: 'x' })
      return Behaviors.ignore
    })
  const top = system.spawn(level(depth), { name: 'x' })
  await system.idle()
  expect(deepest?.path).toBe('/x'.repeat(depth))
  await system.stop(top)
  expect(system.lookup('/x')).toBeUndefined()
})

test('Word of an end that was asked for otherwise meanwhile comes as it was asked for last', async () => {
  await using system = new TestSystem()
  const log: string[] = []
  const busy = gate()
  const watched = system.spawn<string>(Behaviors.receive(() => Behaviors.stopped))
  const watcher = system.spawn<string>(
    Behaviors.receive(async (message, context) => {
      log.push(message)
      if (message !== 'watch') return
      context.watchWith(watched, 'former')
      watched.tell('stop')
      await busy.promise
      context.unwatch(watched)
      context.watchWith(watched, 'latter')
    }),
  )
  watcher.tell('watch')
  await system.idle()
  busy.open()
  await system.idle()
  expect(log).toEqual(['watch', 'latter'])
})

test('Who has been answered may be asked back by whom it was answered, before it goes on', async () => {
  await using system = new TestSystem()
  type Question = { readonly type: 'begin' | 'reflect'; readonly replyTo: ActorRef<string> }
  const heard: unknown[] = []
  const first: ActorRef<Question> = system.spawn<Question>(
    Behaviors.receive(async ({ type, replyTo }, context) => {
      const answer =
        type === 'begin' ? await context.ask(second, (to: ActorRef<string>) => to) : 'me'
      replyTo.tell(answer)
    }),
  )
  const second = system.spawn<ActorRef<string>>(
    Behaviors.receive(async (replyTo, context) => {
      replyTo.tell('answer')
      const makeQuestion = (to: ActorRef<string>): Question => ({ type: 'reflect', replyTo: to })
      heard.push(await context.ask(first, makeQuestion))
    }),
  )
  const makeQuestion = (to: ActorRef<string>): Question => ({ type: 'begin', replyTo: to })
  expect(await system.ask(first, makeQuestion)).toBe('answer')
  await system.idle()
  expect(heard).toEqual(['me'])
})

test('An event stream of a user goes on with who remains when actors die while it tells', async () => {
  await using system = new TestSystem()
  const stream = new EventStream<{ readonly type: 'news'; readonly count: number }>()
  const log: unknown[] = []
  const dying = system.spawn<{ readonly type: 'news' }>(Behaviors.receive(() => Behaviors.stopped))
  stream.subscribe(dying)
  stream.subscribe(system.spawn(writing(log)))
  for (let count = 0; count < 3; count++) {
    stream.publish({ type: 'news', count })
    // eslint-disable-next-line no-await-in-loop -- One after the other.
    await system.idle()
  }
  expect(log).toHaveLength(3)
  expect(stream.size).toBe(1)
  expect(system.lost).toEqual([])
})
