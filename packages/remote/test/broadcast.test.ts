import { Behaviors, type ActorRef } from '@casty/actor'
import { describe, expect, test } from 'vitest'
import { hostOf } from '../../membership/test/cluster-world.ts'
import { BroadcastRef, type CollectedAnswers } from '@casty/remote'
import { ActorWorld, type ActorNode } from './actor-world.ts'

type Question =
  | { readonly type: 'size'; readonly replyTo: ActorRef<number> }
  | { readonly type: 'note'; readonly text: string }

interface Cache extends ActorNode {
  readonly notes: string[]
  readonly ref: ActorRef<Question>
}

/** A cache that says how large it is; one of size 0 keeps silent, and one below fails. */
function cacheOf(node: ActorNode, size: number): Cache {
  const notes: string[] = []
  const behavior = Behaviors.receiveMessage<Question>((message) => {
    if (message.type === 'note') notes.push(message.text)
    else if (size < 0) throw new Error('not today')
    else if (size > 0) message.replyTo.tell(size)
  })
  return { ...node, notes, ref: node.system.spawn(behavior, { name: 'cache' }) }
}

async function caches(
  world: ActorWorld,
  hosts: string,
  sizes: readonly number[],
): Promise<Cache[]> {
  const nodes = await world.startNodes(hosts)
  return nodes.map((node, at) => cacheOf(node, sizes[at] ?? 1))
}

function broadcast(
  node: ActorNode,
  options: { readonly role?: string } = {},
): BroadcastRef<Question> {
  return new BroadcastRef<Question>(node.remote, '/cache', options)
}

function first<T>(list: readonly T[]): T {
  const [found] = list
  if (found === undefined) throw new Error('There is none')
  return found
}

/** `'a:1 b:2 | c CASTY_ACTOR_ASK_TIMEOUT'` */
function shown({ answers, missing }: CollectedAnswers<number>): string {
  const there = [...answers].map(([node, answer]) => `${hostOf(node)}:${answer}`)
  const others = missing.map(({ node, why }) => `${hostOf(node.key)} ${why.code}`)
  return [there.join(' '), ...(others.length > 0 ? [others.join(', ')] : [])].join(' | ')
}

const size = (replyTo: ActorRef<number>): Question => ({ type: 'size', replyTo })

describe('A message to all', () => {
  test('reaches the actor of that path on every member that is up, once', async () => {
    await using world = new ActorWorld()
    const all = await caches(world, 'a b c', [])
    broadcast(first(all)).tell({ type: 'note', text: 'hello' })
    await world.advance(50)
    expect(all.map(({ notes }) => notes)).toEqual([['hello'], ['hello'], ['hello']])
  })

  test('reaches those with a role alone, where one is given', async () => {
    await using world = new ActorWorld()
    const a = cacheOf(await world.startNode('a'), 1)
    const b = cacheOf(await world.startNode('b', { roles: ['cache'] }), 1)
    await world.until(() => world.allUp(2), 10_000)
    broadcast(a, { role: 'cache' }).tell({ type: 'note', text: 'hello' })
    await world.advance(50)
    expect([a.notes, b.notes]).toEqual([[], ['hello']])
  })

  test('does not go to members that have not come up, or were removed', async () => {
    await using world = new ActorWorld()
    const all = await caches(world, 'a b c', [])
    const a = first(all)
    expect(broadcast(a).nodes.map(({ key }) => hostOf(key))).toEqual(['a', 'b', 'c'])
    await world.startNode('d')
    await world.kill('c')
    for (const { cluster } of all) {
      if (cluster.self.address.host === 'c') a.cluster.down(cluster.self)
    }
    await world.until(() => a.cluster.getState().members.length === 3, 30_000)
    await world.until(() => world.allUp(3), 30_000)
    expect(broadcast(a).nodes.map(({ key }) => hostOf(key))).toEqual(['a', 'b', 'd'])
  })
})

describe('A question to all', () => {
  test('brings the answer of each', async () => {
    await using world = new ActorWorld()
    const all = await caches(world, 'a b c', [1, 2, 3])
    const asked = broadcast(first(all)).ask<number>(size)
    expect(shown(await world.settled(asked))).toBe('a:1 b:2 c:3')
  })

  test('brings what there is by the deadline, and tells who is missing', async () => {
    await using world = new ActorWorld()
    const all = await caches(world, 'a b c', [1, 0, 3])
    const asked = broadcast(first(all)).ask<number>(size, { timeoutMs: 500 })
    const start = world.clock.now()
    expect(shown(await world.settled(asked))).toBe('a:1 c:3 | b CASTY_ACTOR_ASK_TIMEOUT')
    expect(world.clock.now() - start).toBeLessThanOrEqual(505)
  })

  test('tells at once who failed on it', async () => {
    await using world = new ActorWorld()
    const all = await caches(world, 'a b', [-1, 2])
    const asked = broadcast(first(all)).ask<number>(size)
    const start = world.clock.now()
    expect(shown(await world.settled(asked))).toBe('b:2 | a CASTY_ACTOR_ASK_UNANSWERED')
    expect(world.clock.now() - start).toBeLessThanOrEqual(100)
  })

  test('rejects where it cannot be made, or its options are wrong', async () => {
    await using world = new ActorWorld()
    const all = await caches(world, 'a b', [])
    const fails = broadcast(first(all)).ask<number>(() => {
      throw new Error('not today')
    })
    await expect(world.settled(fails)).rejects.toThrow('not today')
    const wrong = broadcast(first(all)).ask<number>(size, { timeoutMs: -1 })
    await expect(world.settled(wrong)).rejects.toMatchObject({ code: 'CASTY_ACTOR_INVALID_OPTION' })
  })

  test('rejects with the reason of its signal', async () => {
    await using world = new ActorWorld()
    const all = await caches(world, 'a b', [1, 0])
    const controller = new AbortController()
    const asked = broadcast(first(all)).ask<number>(size, { signal: controller.signal })
    await world.advance(100)
    controller.abort(new Error('enough'))
    await expect(world.settled(asked)).rejects.toThrow('enough')
  })
})

describe('A ref to all that is sent to another node', () => {
  test('reaches all from there, and leads through nobody', async () => {
    await using world = new ActorWorld()
    const nodes = await caches(world, 'a b c', [])
    const [a, b] = nodes
    if (!a || !b) throw new Error('There are no two')
    const got: ActorRef<Question>[] = []
    const inbox = Behaviors.receiveMessage<ActorRef<Question>>((ref) => void got.push(ref))
    b.system.spawn(inbox, { name: 'inbox' })
    const toB = a.remote.ref<ActorRef<Question>>(b.cluster.self, '/inbox')
    for (let time = 0; time < 3; time++) toB.tell(broadcast(a, { role: 'none' }))
    toB.tell(broadcast(a))
    await world.advance(50)
    expect(a.remote.metrics().exports).toBe(0)
    const [someone, , , everyone] = got
    expect(someone).toBeInstanceOf(BroadcastRef)
    someone?.tell({ type: 'note', text: 'nobody has that role' })
    await world.advance(50)
    expect(nodes.map(({ notes }) => notes.length)).toEqual([0, 0, 0])
    everyone?.tell({ type: 'note', text: 'hello' })
    await world.advance(50)
    expect(nodes.map(({ notes }) => notes)).toEqual([['hello'], ['hello'], ['hello']])
  })

  test('is refused where it is none', async () => {
    await using world = new ActorWorld()
    const a = first(await caches(world, 'a', []))
    for (const data of ['', '[]', '["/cache",7]', '["/cache","role","more"]', '{"0":"/cache"}']) {
      expect(() => a.remote.refFromText(`*broadcast ${data}`), data).toThrow(
        expect.objectContaining({ code: 'CASTY_REMOTE_MALFORMED' }),
      )
    }
  })
})

test.each([
  ['a name that is not known', { roles: 'worker' }, 'Option roles of BroadcastRef is "worker"'],
  ['a role that is no text', { role: ['worker'] }, 'Option role of BroadcastRef is an object'],
  ['a role in place of options', 'worker', 'Option options of BroadcastRef is "worker"'],
])('A broadcast with %s is refused, in place of reaching all', async (_what, options, message) => {
  await using world = new ActorWorld()
  const node = first(await world.startNodes('a'))
  expect(() => broadcast(node, options as object)).toThrow(
    expect.objectContaining({
      code: 'CASTY_REMOTE_INVALID_OPTION',
      message: expect.stringContaining(message) as string,
    }),
  )
})
