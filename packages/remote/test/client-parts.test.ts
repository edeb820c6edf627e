// What clients and members say to each other, how much they may, and what comes of it.
import { ManualClock, VectorClock } from '@casty/clock'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ClusterState, type NodeIdentity } from '@casty/membership'
import { cluster, node, statuses } from '../../membership/test/states.ts'
import { ClientBook } from '../src/client/client-book.ts'
import {
  decodeClientMessage,
  encodeClientMessage,
  type ClientMessage,
} from '../src/client/client-messages.ts'
import { knownAfter, knownOf, learnt, newsFor } from '../src/client/cluster-news.ts'
import { contentDigest } from '../src/client/content-digest.ts'
import { NewsReader } from '../src/client/news-reader.ts'

const nothing = knownOf(ClusterState.empty)
const nobody = (): boolean => false

/** Over the wire, and in. */
function told(state: ClusterState, messages: readonly ClientMessage[]): ClusterState | undefined {
  let known: ClusterState | undefined = state
  for (const message of messages) {
    const arrived = decodeClientMessage(encodeClientMessage(message))
    if (arrived.type !== 'news' || !known) return undefined
    known = learnt(known, arrived.content, arrived.isWhole ? 'whole' : 'part')
  }
  return known
}

describe('News of a cluster', () => {
  const before = cluster('a.up^1 b.up^2 c.joining').with({})
  const served = before.with({ registry: before.registry.register(node('b'), 'k', '/p') })

  test('bring a client that has nothing all that a member knows', () => {
    const known = told(ClusterState.empty, newsFor(served, nothing))
    expect(known && statuses(known)).toBe('a.up b.up c.joining')
    expect(known?.services).toEqual(served.services)
    expect(known?.versionDigest).toBe(served.versionDigest)
    expect(known?.registry.digest).toBe(served.registry.digest)
  })

  test('are what is new, once all was told', () => {
    const known = told(ClusterState.empty, newsFor(served, nothing)) ?? ClusterState.empty
    const sent = knownAfter(served, nothing)
    expect(newsFor(served, sent)).toEqual([])
    const after = served.markUnreachable(node('c'), node('a'))
    const news = newsFor(after, sent)
    expect(news).toHaveLength(1)
    const whole = newsFor(after, nothing).map((each) => encodeClientMessage(each).length)
    expect(news.map((each) => encodeClientMessage(each).length)[0]).toBeLessThan(whole[0] ?? 0)
    expect(told(known, news)?.reachability.equals(after.reachability)).toBe(true)
  })

  test('change nothing when they come twice', () => {
    const known = told(ClusterState.empty, newsFor(served, nothing)) ?? ClusterState.empty
    const [, services] = newsFor(served, nothing)
    expect(services && told(known, [services])).toBe(known)
  })

  test('of a member that is behind undo nothing', () => {
    const after = served.updateStatus(node('c'), 'up', node('a'))
    const known = told(ClusterState.empty, newsFor(after, nothing)) ?? ClusterState.empty
    const again = told(known, newsFor(served, nothing))
    expect(again && statuses(again)).toBe('a.up b.up c.up')
  })

  test('of another cluster count only where they are all that there is', () => {
    const other = cluster('d.up^1').with({ clusterId: 'another' })
    const part = newsFor(other, knownOf(served))
    expect(told(served, part)).toBeUndefined()
    const all = told(served, newsFor(other, nothing))
    expect(all && statuses(all)).toBe('d.up')
    expect(all?.services).toEqual([])
  })
})

describe('A client', () => {
  const first = cluster('a.up^1 b.up^2 c.joining').with({})

  /** One that knows `state`, and is greeted so often by a contact that knows `theirs`, which tells what is asked for. */
  function greeted(state: ClusterState, theirs: ClusterState, times: number): ClusterState {
    let held = state
    const view = { getState: () => held, become: (next: ClusterState) => void (held = next) }
    const reader = new NewsReader(view, new ManualClock())
    const read = (asked: ClientMessage | undefined): void => {
      if (asked?.type !== 'pull') return
      for (const news of newsFor(theirs, asked)) if (news.type === 'news') reader.read(news)
    }
    for (const news of newsFor(state, nothing)) if (news.type === 'news') reader.read(news)
    for (let count = 0; count < times; count++) {
      const welcome = { type: 'welcome', sequence: count, standing: 'welcome', life: 1 } as const
      const registryDigest = theirs.registry.digest
      read(reader.missing({ ...welcome, contentDigest: contentDigest(theirs), registryDigest }))
    }
    return held
  }

  test('that missed one of two changes learns of it, though its version is that of the second', () => {
    const second = first.updateStatus(node('c'), 'up', node('a'))
    const third = second.updateStatus(node('b'), 'leaving', node('a'))
    const sent = knownAfter(second, knownOf(first))
    const behind = told(first, newsFor(third, sent)) ?? first
    expect(statuses(behind)).toBe('a.up b.leaving c.joining')
    expect(statuses(greeted(behind, third, 4))).toBe('a.up b.leaving c.up')
  })

  test('forgets what one told that died before it told any other', () => {
    const alone = first.updateStatus(node('b'), 'down', node('c'))
    expect(statuses(greeted(alone, first, 3))).toBe('a.up b.down c.joining')
    expect(statuses(greeted(alone, first, 4))).toBe('a.up b.up c.joining')
  })

  test('that is behind is told once what is new', () => {
    const after = first.updateStatus(node('c'), 'up', node('a'))
    expect(statuses(greeted(first, after, 1))).toBe('a.up b.up c.up')
  })
})

describe('The book of clients', () => {
  const limits = {
    maxClients: 2,
    clientTimeoutMs: 1_000,
    maxFramesPerSecond: 10,
    maxBytesPerSecond: 1_000,
  }

  test('has room for so many, and for another when one is gone', () => {
    const book = new ClientBook(limits)
    expect([book.greeted(node('a'), 0), book.greeted(node('b'), 0)]).toEqual(['new', 'new'])
    expect(book.greeted(node('c'), 0)).toBe('full')
    expect(book.takes(node('c'), 1, 0, nobody)).toBe(false)
    expect(book.dropped['not-admitted']).toBe(1)
    expect(book.left(node('a'))).toBe(true)
    expect(book.greeted(node('c'), 0)).toBe('new')
    expect(book.takes(node('c'), 1, 0, nobody)).toBe(true)
  })

  test('lets go of those that were not heard of, the others stay', () => {
    const book = new ClientBook(limits)
    book.greeted(node('a'), 0)
    book.greeted(node('b'), 0)
    book.greeted(node('a'), 600)
    expect(book.nextDeadline).toBe(1_000)
    expect(book.takeOverdue(1_000)).toEqual([node('b')])
    expect(book.nextDeadline).toBe(1_600)
  })

  test('says nothing of members', () => {
    const book = new ClientBook(limits)
    for (let count = 0; count < 100; count++) {
      expect(book.takes(node('m'), 1_000, 0, ({ key }) => key === node('m').key)).toBe(true)
    }
  })

  test('lets all who neither greet nor are members send as much as one client', () => {
    const book = new ClientBook(limits)
    let taken = 0
    for (let count = 0; count < 100; count++) {
      if (book.takes(node(count % 2 === 0 ? 'x' : 'y'), 1, 0, nobody)) taken++
    }
    expect(taken).toBe(limits.maxFramesPerSecond)
    expect(book.dropped.stranger).toBe(90)
    expect(book.takes(node('x'), 1, 1_000, nobody)).toBe(true)
  })

  test('counts what is said of topics as so many frames', () => {
    const book = new ClientBook(limits)
    book.greeted(node('a'), 0)
    const client = book.find(node('a'))
    if (!client) throw new Error('It is no client')
    expect(book.takesTopics(client, 8, 0)).toBe(true)
    expect(book.takesTopics(client, 8, 0)).toBe(false)
    expect(book.dropped['too-many-frames']).toBe(1)
    expect(book.takesTopics(client, 8, 1_000)).toBe(true)
  })

  test('never lets more through than a second has, in any second', () => {
    const frame = fc.record({ afterMs: fc.nat(300), bytes: fc.nat(400) })
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 100 }), (frames) => {
        const book = new ClientBook({ ...limits, clientTimeoutMs: 1_000_000 })
        const client: NodeIdentity = node('a')
        book.greeted(client, 0)
        const taken: { readonly at: number; readonly bytes: number }[] = []
        let now = 0
        let refused = 0
        for (const { afterMs, bytes } of frames) {
          now += afterMs
          if (book.takes(client, bytes, now, nobody)) taken.push({ at: now, bytes })
          else refused++
        }
        for (const { at } of taken) {
          const within = taken.filter((each) => each.at >= at && each.at < at + 1_000)
          // What was saved up, and what came in meanwhile.
          expect(within.length).toBeLessThanOrEqual(2 * limits.maxFramesPerSecond)
          const bytes = within.reduce((sum, each) => sum + each.bytes, 0)
          expect(bytes).toBeLessThanOrEqual(2 * limits.maxBytesPerSecond)
        }
        const { dropped } = book
        expect(dropped['too-many-frames'] + dropped['too-many-bytes']).toBe(refused)
      }),
    )
  })
})

describe('Messages between clients and members', () => {
  const messages: readonly ClientMessage[] = [
    { type: 'greeting', sequence: 7, isContact: true },
    {
      type: 'welcome',
      sequence: 7,
      standing: 'full',
      life: 9,
      contentDigest: 2 ** 52,
      registryDigest: 0,
    },
    {
      type: 'pull',
      version: VectorClock.empty.increment(node('a').key),
      registry: new Map([[node('a').key, 3]]),
    },
    ...newsFor(cluster('a.up^1 b.up^2'), nothing),
    { type: 'topics', topics: [{ name: 'news', ref: 'x:1#1!7/$a' }] },
    { type: 'touch' },
    { type: 'busy', dropped: 300 },
    { type: 'bye' },
  ]

  test.each(messages)('are read as they were written: $type', (message) => {
    const bytes = encodeClientMessage(message)
    const again = encodeClientMessage(decodeClientMessage(bytes))
    expect(again).toEqual(bytes)
    expect(decodeClientMessage(bytes).type).toBe(message.type)
  })

  test('are refused with one error where they are none, whatever they are', () => {
    const damaged = fc
      .record({ at: fc.nat(), place: fc.nat(), byte: fc.nat(255), cut: fc.nat(8) })
      .map(({ at, place, byte, cut }) => {
        const bytes = encodeClientMessage(messages[at % messages.length] ?? { type: 'bye' })
        bytes[place % bytes.length] = byte
        return bytes.subarray(0, Math.max(0, bytes.length - cut))
      })
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 64 })), (bytes) => {
        try {
          expect(decodeClientMessage(bytes).type).toBeTypeOf('string')
        } catch (error) {
          expect(error).toMatchObject({ code: 'CASTY_TRANSPORT_MALFORMED' })
        }
      }),
      { numRuns: 1_000 },
    )
  })
})
