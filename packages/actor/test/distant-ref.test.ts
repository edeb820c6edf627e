import { describe, expect, test } from 'vitest'
import {
  Behaviors,
  DistantRef,
  type AnswerHolder,
  type AnswerRef,
  type Behavior,
  type Ending,
} from '../src/index.ts'
import { TestSystem } from './probe.ts'

/** A ref to an actor that a test plays. */
class PlayedRef extends DistantRef<unknown> {
  readonly told: unknown[] = []
  readonly answers: AnswerRef<unknown>[] = []
  readonly #watchers = new Set<(ending: Ending) => void>()
  readonly path = '/far'
  readonly key: string

  constructor(key = 'far') {
    super()
    this.key = key
  }

  tell(message: unknown): void {
    this.told.push(message)
  }

  ask(message: unknown, answer: AnswerRef<unknown>): void {
    if (message === 'refused') throw new Error('refused')
    this.told.push(message)
    this.answers.push(answer)
  }

  watch(ended: (ending: Ending) => void): Disposable {
    this.#watchers.add(ended)
    return { [Symbol.dispose]: () => void this.#watchers.delete(ended) }
  }

  get watchers(): number {
    return this.#watchers.size
  }

  end(ending: Ending): void {
    for (const ended of this.#watchers) ended(ending)
  }
}

type Told = 'watch' | 'watch another' | 'unwatch' | 'stash' | 'ended'

function watching(log: string[], ref: PlayedRef, another: PlayedRef = ref): Behavior<Told> {
  return Behaviors.setup((context) => {
    context.watch(ref)
    return Behaviors.receive<Told>(
      (message) => {
        log.push(message)
        if (message === 'watch') context.watch(ref)
        if (message === 'watch another') context.watch(another)
        if (message === 'unwatch') context.unwatch(another)
      },
      (signal) => void log.push(`${signal.ref.path} ${signal.ending}`),
    )
  })
}

describe('A ref to somebody elsewhere', () => {
  test('is asked with the ref of the answer, and answered', async () => {
    await using system = new TestSystem()
    const ref = new PlayedRef()
    const asked = system.ask<unknown, string>(ref, (replyTo) => ({ replyTo }))
    expect(ref.told).toEqual([{ replyTo: ref.answers[0] }])
    ref.answers[0]?.tell('hello')
    expect(await asked).toBe('hello')
    expect(ref.answers[0]?.isOver).toBe(true)
  })

  test('can say that no answer will come, and why', async () => {
    await using system = new TestSystem()
    const ref = new PlayedRef()
    const asked = system.ask(ref, () => 'x')
    const cause = new Error('cut')
    ref.answers[0]?.undelivered('node-gone', cause)
    const code = 'CASTY_ACTOR_ASK_UNANSWERED'
    await expect(asked).rejects.toMatchObject({ code, reason: 'node-gone', cause })
    ref.answers[0]?.undelivered('lost')
    expect(system.deadLetters).toEqual({})
  })

  test('fails the question with what it throws', async () => {
    await using system = new TestSystem()
    await expect(system.ask(new PlayedRef(), () => 'refused')).rejects.toThrow('refused')
  })

  test('is told when the answer is waited for no more', async () => {
    await using system = new TestSystem()
    const ref = new PlayedRef()
    const over: number[] = []
    const holder: AnswerHolder = { answerOver: (slot) => void over.push(slot) }
    const first = system.ask(ref, () => 1, { timeoutMs: 100 })
    const second = system.ask(ref, () => 2)
    ref.answers.forEach((answer, slot) => answer.heldBy(holder, slot))
    ref.answers[1]?.tell('yes')
    expect(over).toEqual([1])
    const late = expect(first).rejects.toMatchObject({ code: 'CASTY_ACTOR_ASK_TIMEOUT' })
    await system.pass(100)
    await late
    await second
    expect(over).toEqual([1, 0])
  })
})

describe('Whoever watches somebody elsewhere', () => {
  test.each(['stopped', 'failed', 'node-gone'] as const)('is told that it %s', async (ending) => {
    await using system = new TestSystem()
    const log: string[] = []
    const ref = new PlayedRef()
    system.spawn(watching(log, ref))
    await system.idle()
    ref.end(ending)
    ref.end(ending)
    await system.idle()
    expect(log).toEqual([`/far ${ending}`])
  })

  test('is told with the message that it asked for', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const ref = new PlayedRef()
    system.spawn<Told>(
      Behaviors.setup((context) => {
        context.watch(ref)
        context.watchWith(ref, 'ended')
        return Behaviors.receive((message) => void log.push(message))
      }),
    )
    await system.idle()
    expect(ref.watchers).toBe(1)
    ref.end('stopped')
    await system.idle()
    expect(log).toEqual(['ended'])
  })

  test('is told nothing of whom it watches no more, by whatever ref', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const [ref, same] = [new PlayedRef(), new PlayedRef()]
    const watcher = system.spawn(watching(log, ref, same))
    watcher.tell('watch another')
    await system.idle()
    expect([ref.watchers, same.watchers]).toEqual([1, 0])
    ref.end('stopped')
    watcher.tell('unwatch')
    await system.idle()
    expect(log).toEqual(['watch another', '/far stopped', 'unwatch'])
    watcher.tell('watch')
    watcher.tell('unwatch')
    await system.idle()
    expect(ref.watchers).toBe(0)
  })

  test('is unwatched when it stops', async () => {
    await using system = new TestSystem()
    const ref = new PlayedRef()
    const watcher = system.spawn(watching([], ref))
    await system.idle()
    expect(ref.watchers).toBe(1)
    await system.stop(watcher)
    expect(ref.watchers).toBe(0)
  })

  test('may be no actor', async () => {
    await using system = new TestSystem()
    const endings: string[] = []
    const ref = new PlayedRef()
    using _watch = system.whenStopped(ref, (ending) => endings.push(ending))
    ref.end('node-gone')
    expect(endings).toEqual(['node-gone'])
  })
})
