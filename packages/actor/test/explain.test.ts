import { describe, expect, test } from 'vitest'
import { Behaviors, oneForOne, type ActorRef, type Behavior } from '../src/index.ts'
import { gate, TestSystem } from './probe.ts'

interface Question {
  readonly type: 'question'
  readonly replyTo: ActorRef<string>
}

const ask = (replyTo: ActorRef<string>): Question => ({ type: 'question', replyTo })
const never = new Promise<never>(() => {})

describe('An actor is explained', () => {
  test('that has nothing to do, and that has stopped', async () => {
    await using system = new TestSystem()
    const ref = system.spawn<string>(Behaviors.ignore, { name: 'a' })
    await system.idle()
    expect(system.explain(ref)).toEqual({
      summary: '/a has nothing to do.',
      path: '/a',
      stage: 'active',
      awaits: undefined,
      asks: [],
      askedBy: [],
      mailbox: { size: 0, capacity: 10_000 },
      stash: { size: 0, capacity: 1_000 },
      children: [],
      restarts: 0,
    })
    await system.stop(ref)
    expect(system.explain(ref).summary).toBe('/a has stopped.')
  })

  test('that waits for one who waits for another', async () => {
    const system = new TestSystem()
    const relay = (next: ActorRef<Question>): Behavior<Question> =>
      Behaviors.receive(async ({ replyTo }, context) => {
        replyTo.tell(await context.ask(next, ask, { timeoutMs: 60_000 }))
      })
    const last = system.spawn<Question>(
      Behaviors.receive(() => never),
      { name: 'c' },
    )
    const middle = system.spawn(relay(last), { name: 'b' })
    const first = system.spawn(relay(middle), { name: 'a' })
    void system.ask(first, ask, { timeoutMs: Infinity })
    await system.pass(3_000)
    first.tell(ask(first as unknown as ActorRef<string>))
    expect(system.explain(first)).toMatchObject({
      summary:
        '/a has waited for a message of type question for 3000 ms, and for the answer of /b, which ' +
        'has waited for a message of type question for 3000 ms, and for the answer of /c, which ' +
        'has waited for a message of type question for 3000 ms. A message waits for it.',
      awaits: { what: 'a message of type question', forMs: 3_000 },
      asks: ['/b'],
      mailbox: { size: 1 },
    })
    expect(system.explain(last).askedBy).toEqual(['/b', '/a'])
  })

  test('that is being set up, or pauses, or waits for its children to stop', async () => {
    const system = new TestSystem()
    const slow = gate()
    const starting = system.spawn<string>(
      Behaviors.setup(() => never),
      { name: 'starting' },
    )
    const failing = Behaviors.receive<string>(() => {
      throw new Error('no')
    })
    const backoff = { minMs: 1_000, maxMs: 1_000 }
    const pausing = system.spawn(Behaviors.supervise(failing, oneForOne({ backoff })), {
      name: 'pausing',
    })
    const parent = system.spawn<string>(
      Behaviors.setup((context) => {
        const child = Behaviors.withLifecycle(Behaviors.ignore, { postStop: () => slow.promise })
        context.spawn(child, { name: 'child' })
        return Behaviors.receive(() => Behaviors.stopped)
      }),
      { name: 'parent' },
    )
    pausing.tell('x')
    parent.tell('stop')
    await system.pass(500)
    expect(system.explain(starting).summary).toBe('/starting has waited for its setup for 500 ms.')
    expect(system.explain(pausing)).toMatchObject({
      summary: '/pausing pauses before it begins anew, for the 1. time.',
      restarts: 1,
    })
    expect(system.explain(parent)).toMatchObject({
      summary:
        '/parent is to stop when its children have: /parent/child has waited for its postStop hook for 500 ms.',
      stage: 'stopping',
      children: ['/parent/child'],
    })
    slow.open()
  })

  test('that has put messages aside', async () => {
    await using system = new TestSystem()
    const ref = system.spawn<string>(
      Behaviors.receive((message, { stash }) => stash.stash(message)),
      { name: 'a' },
    )
    for (const message of ['x', 'y']) ref.tell(message)
    await system.idle()
    expect(system.explain(ref)).toMatchObject({
      summary: '/a has put 2 messages aside, and waits for another.',
      stash: { size: 2 },
    })
  })

  test('only by its own system', async () => {
    await using system = new TestSystem()
    await using other = new TestSystem()
    const ref = other.spawn(Behaviors.ignore)
    expect(() => system.explain(ref)).toThrow(
      expect.objectContaining({ code: 'CASTY_ACTOR_FOREIGN_REF' }),
    )
  })
})
