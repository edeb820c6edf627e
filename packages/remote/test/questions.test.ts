// Questions across nodes: answered once, or known at once to stay without an answer.
import { describe, expect, test } from 'vitest'
import { ActorError, Behaviors, type ActorRef } from '@casty/actor'
import { echoing, RemoteWorld, writing, type Question } from './remote-world.ts'

const ignored: ActorRef<unknown> = new (class {
  readonly path = '/nobody'
  tell(): void {}
})()

async function twoNodes(): Promise<RemoteWorld> {
  const world = await RemoteWorld.of('a b')
  world.node('b').system.spawn(echoing, { name: 'echo' })
  return world
}

function ask(world: RemoteWorld, about: unknown, path = '/echo'): Promise<unknown> {
  const ref = world.ref<Question>('a', 'b', path)
  const asked = world.node('a').system.ask(ref, (replyTo) => ({ about, replyTo }))
  return asked.catch((error: unknown) => error)
}

/** Why a question stayed without an answer. */
async function reasonOf(world: RemoteWorld, asked: Promise<unknown>): Promise<unknown> {
  const start = world.clock.now()
  const outcome = await world.settled(asked)
  expect(world.clock.now() - start).toBeLessThan(1_000)
  expect(world.node('a').remoting.metrics().pendingAsks).toBe(0)
  return outcome instanceof ActorError && outcome.code === 'CASTY_ACTOR_ASK_UNANSWERED'
    ? outcome.reason
    : outcome
}

describe('A question to an actor of another node', () => {
  test('fails soon after the process was killed that has it, though nobody downs its node', async () => {
    await using world = await twoNodes()
    const asked = ask(world, 'nothing')
    await world.settle()
    await world.kill('b')
    expect(await reasonOf(world, asked)).toBe('lost')
  })

  test('is answered, however many are under way', async () => {
    await using world = await twoNodes()
    const asked = Promise.all(Array.from({ length: 500 }, (_, about) => ask(world, about)))
    expect(await world.settled(asked)).toEqual(Array.from({ length: 500 }, (_, about) => about))
    expect(world.node('a').remoting.metrics()).toMatchObject({
      questionsSent: 500,
      answersReceived: 500,
      pendingAsks: 0,
    })
  })

  test('ends with its deadline, and a later answer is a dead letter', async () => {
    await using world = await twoNodes()
    let late: ActorRef<unknown> | undefined
    const keeping = Behaviors.receive<Question>(({ replyTo }) => void (late = replyTo))
    world.node('b').system.spawn(keeping, { name: 'keeping' })
    const outcome = await world.settled(ask(world, 'x', '/keeping'))
    expect(outcome).toMatchObject({ code: 'CASTY_ACTOR_ASK_TIMEOUT' })
    await world.settled(ask(world, 'the slot is used again'))
    late?.tell('late')
    late?.tell('later')
    await world.settle()
    expect(world.node('a').lost).toEqual([expect.stringMatching(/^late-answer .*: "late"$/)])
    expect(world.node('b').lost).toEqual([expect.stringMatching(/^late-answer .*: "later"$/)])
  })

  test.each([
    ['fail', 'failed'],
    ['unknown', 'unhandled'],
  ])('about %s has no answer, because the actor %s', async (about, reason) => {
    await using world = await twoNodes()
    const choosy = Behaviors.receive<Question>(({ about: what }) => {
      if (what === 'fail') throw new Error('no')
      return Behaviors.unhandled
    })
    world.node('b').system.spawn(choosy, { name: 'choosy' })
    expect(await reasonOf(world, ask(world, about, '/choosy'))).toBe(reason)
  })

  test('has no answer where nobody lives at the path, or does not any more', async () => {
    await using world = await twoNodes()
    expect(await reasonOf(world, ask(world, 'x', '/nobody'))).toBe('not-found')
    expect(await world.settled(ask(world, 'x'))).toBe('x')
    world.ref<Question>('a', 'b', '/echo').tell({ about: 'stop', replyTo: ignored })
    expect(await reasonOf(world, ask(world, 'x'))).toBe('stopped')
    expect(await reasonOf(world, ask(world, 'x'))).toBe('not-found')
    world.node('b').system.spawn(echoing, { name: 'echo' })
    expect(await world.settled(ask(world, 'x'))).toBe('x')
  })

  test('has no answer where the mailbox is full', async () => {
    await using world = await RemoteWorld.of('a b')
    let release = (): void => {}
    const held = Behaviors.receive<Question>(
      () =>
        new Promise<void>((resolve) => {
          release = resolve
        }),
    )
    world.node('b').system.spawn(held, { name: 'echo', mailbox: { capacity: 1 } })
    const asked = Array.from({ length: 3 }, (_, about) => ask(world, about))
    const [, , third] = asked
    const outcome = await world.settled(third ?? Promise.resolve())
    expect(outcome).toMatchObject({ reason: 'mailbox-full' })
    release()
    await world.settle()
    release()
  })

  test('has no answer where it, or the answer, cannot be sent', async () => {
    await using world = await twoNodes()
    const ask1 = ask(world, () => {})
    const outcome = await world.settled(ask1)
    expect(outcome).toMatchObject({
      reason: 'not-serializable',
      cause: { code: 'CASTY_REMOTE_NOT_SERIALIZABLE' },
    })
    const thrown: unknown[] = []
    const answering = Behaviors.receive<Question>(({ replyTo }) => {
      try {
        replyTo.tell({ deep: [() => {}] })
      } catch (error) {
        thrown.push(error)
      }
    })
    world.node('b').system.spawn(answering, { name: 'answering' })
    expect(await reasonOf(world, ask(world, 'x', '/answering'))).toBe('not-serializable')
    expect(thrown).toMatchObject([{ code: 'CASTY_REMOTE_NOT_SERIALIZABLE' }])
  })

  test('has no answer where it, or the answer, does not fit a frame', async () => {
    await using world = await twoNodes()
    expect(await world.settled(ask(world, 'x'.repeat(1_100_000)))).toMatchObject({
      code: 'CASTY_ACTOR_ASK_UNANSWERED',
      cause: { code: 'CASTY_REMOTE_MESSAGE_TOO_LARGE' },
    })
    const largest = 'x'.repeat(1_000_000)
    expect(await world.settled(ask(world, largest))).toBe(largest)
  })

  test('fails at once when it cannot even leave', async () => {
    await using world = await RemoteWorld.of('a b', {
      cluster: { limits: { maxDataQueueBytes: 4_096, maxDataFrameBytes: 4_096 } },
    })
    const asked = Array.from({ length: 10 }, () => ask(world, 'x'.repeat(1_000)))
    const outcomes = await world.settled(Promise.all(asked))
    expect(outcomes.at(-1)).toMatchObject({ reason: 'not-sent' })
  })

  test('has no answer when its node is downed', async () => {
    await using world = await RemoteWorld.of('a b')
    const silent = Behaviors.receive<Question>(() => {})
    world.node('b').system.spawn(silent, { name: 'echo' })
    const asked = ask(world, 'x')
    await world.settle()
    const to = world.node('b').cluster.self
    world.node('a').cluster.down(to)
    expect(await reasonOf(world, asked)).toBe('node-gone')
    expect(await reasonOf(world, ask(world, 'y'))).toBe('node-gone')
    expect(world.node('a').lost).toEqual([expect.stringContaining('node-gone')])
  })

  test('that was waiting for a connection which broke has no answer', async () => {
    await using world = await twoNodes()
    expect(await world.settled(ask(world, 'x'))).toBe('x')
    world.network.cut(world.node('a').address, world.node('b').address, { mode: 'reset' })
    await world.settle()
    const outcome = await world.settled(ask(world, 'y'))
    expect(outcome).toMatchObject({ reason: 'lost' })
  })

  test('is refused where too many wait', async () => {
    await using world = await RemoteWorld.of('a b', { limits: { maxAsks: 2 } })
    const silent = Behaviors.receive<Question>(() => {})
    world.node('b').system.spawn(silent, { name: 'echo' })
    const [, , third] = [ask(world, 1), ask(world, 2), ask(world, 3)]
    expect(await third).toMatchObject({ reason: 'buffer-full' })
  })

  test('fails when the layer is taken away', async () => {
    await using world = await RemoteWorld.of('a b')
    const silent = Behaviors.receive<Question>(() => {})
    world.node('b').system.spawn(silent, { name: 'echo' })
    const asked = ask(world, 'x')
    await world.settle()
    world.node('a').remoting[Symbol.dispose]()
    expect(await reasonOf(world, asked)).toBe('node-gone')
  })

  test('may be answered by somebody else, on a third node', async () => {
    await using world = await RemoteWorld.of('a b c')
    world.node('c').system.spawn(echoing, { name: 'echo' })
    const third = world.ref<Question>('b', 'c', '/echo')
    const passing = Behaviors.receive<Question>((question) => third.tell(question))
    world.node('b').system.spawn(passing, { name: 'echo' })
    expect(await world.settled(ask(world, 'x'))).toBe('x')
  })

  test('of a local actor may be answered on another node', async () => {
    await using world = await twoNodes()
    const far = world.ref<Question>('a', 'b', '/echo')
    const { system, remoting } = world.node('a')
    const near = system.spawn<Question>(Behaviors.receive((question) => far.tell(question)))
    const asked = system.ask<Question, unknown>(near, (replyTo) => ({ about: 'x', replyTo }))
    expect(await world.settled(asked)).toBe('x')
    expect(remoting.metrics().pendingAsks).toBe(0)
  })
})

test('a node that comes back as another life of itself answers at once, and its former life is gone', async () => {
  await using world = await twoNodes()
  const former = world.ref<Question>('a', 'b', '/echo')
  expect(await world.settled(ask(world, 1))).toBe(1)
  await world.kill('b')
  await world.start('b')
  await world.until(() =>
    world.nodes.every(({ cluster }) => cluster.getState().members.length === 2),
  )
  world.node('b').system.spawn(echoing, { name: 'echo' })
  expect(await world.settled(ask(world, 2))).toBe(2)
  const { system } = world.node('a')
  const asked = system.ask(former, (replyTo) => ({ about: 3, replyTo }))
  expect(
    await reasonOf(
      world,
      asked.catch((error: unknown) => error),
    ),
  ).toBe('node-gone')
})

test('what was on its way to a node when it left is handled there, and what came later is counted', async () => {
  await using world = await RemoteWorld.of('a b c')
  const log: unknown[] = []
  world.node('b').system.spawn(writing(log), { name: 'log' })
  const far = world.ref<unknown>('c', 'b', '/log')
  const left = world.node('b').cluster.leave()
  let isOver = false
  void left.then(() => (isOver = true))
  let told = 0
  while (!isOver) {
    far.tell(told++)
    await world.clock.advanceAsync(0.5) // Half of what it takes: one is always on its way.
  }
  await world.settle()
  const { lost, events } = world.node('c')
  const refused = events.reduce(
    (sum, event) => sum + (event.type === 'gap' && event.direction === 'sent' ? event.count : 0),
    0,
  )
  const handled = told - lost.length - refused // What did not arrive is told of at the sender.
  expect(log).toEqual(Array.from({ length: handled }, (_, index) => index))
})

test('what a node was answered before it left counts, though it has left when that comes', async () => {
  await using world = await RemoteWorld.of('a b c')
  world.node('c').system.spawn(echoing, { name: 'echo' })
  const far = world.ref<Question>('b', 'c', '/echo')
  const { system, cluster } = world.node('b')
  const echo = async (about: unknown): Promise<unknown> =>
    await system.ask<Question, unknown>(far, (replyTo) => ({ about, replyTo }))
  await world.settled(echo('first'))
  world.network.delay(world.node('c').address, world.node('b').address, { latencyMs: 800 })
  const asked = echo('x')
  let hasLeft = false
  using _ = cluster.subscribe(({ type }) => {
    if (type === 'cluster-shutting-down') hasLeft = true
  })
  const left = cluster.leave()
  let leftFirst: boolean | undefined
  asked.then(
    () => (leftFirst = hasLeft),
    () => {},
  )
  expect(await world.settled(asked)).toBe('x')
  expect(leftFirst).toBe(true)
  await world.settled(left)
})

test('what a node answered before it left arrives, though word that it is gone was quicker', async () => {
  await using world = await RemoteWorld.of('a b c')
  world.node('b').system.spawn(echoing, { name: 'echo' })
  const { system } = world.node('c')
  const far = world.ref<Question>('c', 'b', '/echo')
  const echo = async (about: unknown): Promise<unknown> =>
    await system.ask<Question, unknown>(far, (replyTo) => ({ about, replyTo }))
  await world.settled(echo('first'))
  world.network.delay(world.node('b').address, world.node('c').address, { latencyMs: 800 })
  const asked = echo('x')
  const lost = echo('nothing').catch((error: unknown) => error)
  await world.clock.advanceAsync(5)
  const left = world.node('b').cluster.leave()
  const { key } = world.node('b').cluster.self
  await world.until(
    () =>
      !world
        .node('c')
        .cluster.getState()
        .members.some((one) => one.key === key),
  )
  const ignored = world.ref<unknown>('c', 'c', '/nobody')
  far.tell({ about: 'late', replyTo: ignored })
  expect(await world.settled(asked)).toBe('x')
  expect(await world.settled(lost)).toMatchObject({ reason: 'node-gone' })
  expect(world.node('c').lost).toEqual([expect.stringContaining('node-gone')])
  await world.settled(left)
})
