import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NodeAddress, NodeIdentity } from '@casty/transport'
import { decodeSystemFrame, encodeSystemFrame } from '../src/system-delivery/system-frame.ts'
import type { LinkFrame } from '../src/system-delivery/system-frame.ts'
import {
  SystemPeers,
  type GiveUpReason,
  type PeersEvent,
} from '../src/system-delivery/system-peers.ts'

const limits = {
  minMs: 200,
  maxMs: 5_000,
  maxPending: 8,
  unknownNodeMs: 10_000,
  maxUnknownNodes: 2,
}

function life(host: string, incarnation: number): NodeIdentity {
  return NodeIdentity.of(NodeAddress.of(host, 1), incarnation)
}

interface Flight {
  readonly from: NodeIdentity
  readonly to: NodeIdentity
  readonly frame: LinkFrame
}

/** What a node sent to, or was told by, one life of another, session by session. */
interface Talk {
  readonly sessions: number[][]
}

/** One life of a node, with a record of all that it was told. */
class Node {
  readonly self: NodeIdentity
  peers: SystemPeers
  readonly sent = new Map<string, Talk>()
  readonly told = new Map<string, Talk>()
  readonly givenUp: { readonly node: string; readonly reason: GiveUpReason }[] = []
  readonly #world: World

  constructor(world: World, self: NodeIdentity, maxPending: number) {
    this.#world = world
    this.self = self
    this.peers = new SystemPeers({ ...limits, maxPending })
  }

  step(event: PeersEvent): void {
    for (const effect of this.peers.step(event, this.#world.now)) {
      if (effect.type === 'send-frame') {
        this.#world.lane.push({ from: this.self, to: effect.to, frame: effect.frame })
      } else if (effect.type === 'deliver') {
        const last = talkWith(this.told, effect.from).sessions.at(-1)
        last?.push(effect.message[0] ?? -1)
      } else {
        this.givenUp.push({ node: effect.node.key, reason: effect.reason })
        talkWith(this.sent, effect.node).sessions.push([])
        talkWith(this.told, effect.node).sessions.push([])
      }
    }
  }

  /** Whoever used it has ended, and another begins, who knows nothing. */
  beginAnew(maxPending: number): void {
    const { sessions } = this.peers
    this.peers = new SystemPeers({ ...limits, maxPending }, sessions)
    for (const talk of [...this.sent.values(), ...this.told.values()]) talk.sessions.push([])
  }

  send(to: NodeIdentity, number: number, isMember = true): void {
    const before = this.givenUp.length
    this.step({ type: 'send', to, message: Uint8Array.of(number), isMember })
    // What overflows is lost with all that waited.
    if (this.givenUp.length === before) talkWith(this.sent, to).sessions.at(-1)?.push(number)
  }
}

function talkWith(talks: Map<string, Talk>, node: NodeIdentity): Talk {
  const talk = talks.get(node.key) ?? { sessions: [[]] }
  talks.set(node.key, talk)
  return talk
}

/** Two addresses, and a lane between them that does what it is told. */
class World {
  now = 0
  readonly lane: Flight[] = []
  #nextNumber = 1
  readonly #nodes = new Map<string, Node>()
  readonly everLived: Node[] = []
  readonly #maxPending: number

  constructor(maxPending = limits.maxPending) {
    this.#maxPending = maxPending
    this.begin('a', 1)
    this.begin('b', 1)
  }

  begin(host: string, incarnation: number): void {
    const node = new Node(this, life(host, incarnation), this.#maxPending)
    this.#nodes.set(host, node)
    this.everLived.push(node)
  }

  node(host: string): Node {
    const node = this.#nodes.get(host)
    if (!node) throw new Error(`Nobody lives at ${host}`)
    return node
  }

  other(host: string): Node {
    return this.node(host === 'a' ? 'b' : 'a')
  }

  send(host: string): void {
    const number = this.#nextNumber++ % 250
    this.node(host).send(this.other(host).self, number)
  }

  /** The next life of an address; the other node hears that the one before is gone. */
  restart(host: string): void {
    const gone = this.node(host).self
    this.begin(host, gone.incarnation + 1)
    this.other(host).step({ type: 'node-gone', node: gone })
  }

  beginAnew(host: string): void {
    this.node(host).beginAnew(this.#maxPending)
  }

  /** Hands a frame over, if the life that it is for still is, and knows no end of its sender's. */
  arrive(index: number, keep: boolean): void {
    if (this.lane.length === 0) return
    const at = index % this.lane.length
    const flight = this.lane[at]
    if (!keep) this.lane.splice(at, 1)
    if (!flight) return
    const node = this.node(flight.to.address.host)
    const isCurrent =
      node.self.equals(flight.to) && this.other(node.self.address.host).self.equals(flight.from)
    if (isCurrent) node.step({ type: 'frame-received', from: flight.from, frame: flight.frame })
  }

  pass(ms: number): void {
    const until = this.now + ms
    for (;;) {
      const due = ['a', 'b'].map((host) => this.node(host).peers.nextDeadline ?? Infinity)
      const next = Math.max(this.now, Math.min(...due))
      if (next > until) break
      this.now = next
      for (const host of ['a', 'b']) this.node(host).step({ type: 'due' })
    }
    this.now = until
  }

  /** The lane does its best from now on, until nothing is left to say. */
  heal(): void {
    for (let round = 0; round < 200; round++) {
      this.pass(0)
      while (this.lane.length > 0) {
        this.arrive(0, false)
        this.pass(0)
      }
      const deadlines = ['a', 'b'].map((host) => this.node(host).peers.nextDeadline ?? Infinity)
      const next = Math.min(...deadlines)
      if (next === Infinity) return
      this.pass(next - this.now)
    }
    throw new Error('It does not come to rest')
  }
}

type Command =
  | { readonly type: 'send' | 'restart' | 'begin-anew' | 'connect'; readonly host: string }
  | { readonly type: 'arrive' | 'double' | 'lose'; readonly index: number }
  | { readonly type: 'pass'; readonly ms: number }

function run(world: World, command: Command): void {
  switch (command.type) {
    case 'send':
      return world.send(command.host)
    case 'restart':
      return world.restart(command.host)
    case 'begin-anew':
      return world.beginAnew(command.host)
    case 'connect':
      return world.node(command.host).step({
        type: 'lane-opened',
        peer: world.other(command.host).self,
      })
    case 'arrive':
      return world.arrive(command.index, false)
    case 'double':
      return world.arrive(command.index, true)
    case 'lose':
      if (world.lane.length > 0) world.lane.splice(command.index % world.lane.length, 1)
      return
    case 'pass':
      return world.pass(command.ms)
  }
}

const host = fc.constantFrom('a', 'b')
const index = fc.nat(1_000)

function commands(types: readonly Command['type'][]): fc.Arbitrary<Command[]> {
  const all: Record<Command['type'], { weight: number; arbitrary: fc.Arbitrary<Command> }> = {
    send: { weight: 6, arbitrary: fc.record({ type: fc.constant('send'), host }) },
    restart: { weight: 1, arbitrary: fc.record({ type: fc.constant('restart'), host }) },
    'begin-anew': {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant('begin-anew'), host }),
    },
    connect: { weight: 1, arbitrary: fc.record({ type: fc.constant('connect'), host }) },
    arrive: { weight: 6, arbitrary: fc.record({ type: fc.constant('arrive'), index }) },
    double: { weight: 2, arbitrary: fc.record({ type: fc.constant('double'), index }) },
    lose: { weight: 2, arbitrary: fc.record({ type: fc.constant('lose'), index }) },
    pass: {
      weight: 4,
      arbitrary: fc.record({ type: fc.constant('pass'), ms: fc.constantFrom(0, 100, 250, 6_000) }),
    },
  }
  return fc.array(fc.oneof(...types.map((type) => all[type])), { maxLength: 120 })
}

/** Whatever a life was told by another is what that one sent it, in order, from the first on. */
function expectPrefixes(world: World): void {
  for (const node of world.everLived) {
    for (const from of world.everLived) {
      const told = node.told.get(from.self.key)?.sessions ?? []
      const sent = from.sent.get(node.self.key)?.sessions ?? []
      // A session of which one end never heard took place without it.
      for (const session of told.filter(({ length }) => length > 0)) {
        expect(sent.some((whole) => isPrefix(session, whole))).toBe(true)
      }
    }
  }
}

/** A world in which all of this has happened, with nothing wrong at any time, and then all that was lost has come. */
function lived(list: readonly Command[], maxPending: number): World {
  const world = new World(maxPending)
  for (const command of list) {
    run(world, command)
    expectPrefixes(world)
  }
  world.heal()
  return world
}

function isPrefix(part: readonly number[], whole: readonly number[]): boolean {
  return part.length <= whole.length && part.every((number, at) => number === whole[at])
}

describe('System messages', () => {
  test('arrive once, in order and all, whatever the lane loses, doubles and reorders', () => {
    const types = ['send', 'arrive', 'double', 'lose', 'pass', 'connect'] as const
    fc.assert(
      fc.property(commands(types), (list) => {
        const world = lived(list, 1_000)
        const [a, b] = [world.node('a'), world.node('b')]
        expect(b.told.get(a.self.key)?.sessions ?? [[]]).toEqual(
          a.sent.get(b.self.key)?.sessions ?? [[]],
        )
        expect(a.told.get(b.self.key)?.sessions ?? [[]]).toEqual(
          b.sent.get(a.self.key)?.sessions ?? [[]],
        )
        expect([...a.givenUp, ...b.givenUp]).toEqual([])
        expect(a.peers.pending + b.peers.pending).toBe(0)
      }),
      { numRuns: 400 },
    )
  })

  test('of one life never reach another, and nothing is kept of lives that are over', () => {
    const types = ['send', 'restart', 'arrive', 'double', 'lose', 'pass'] as const
    fc.assert(
      fc.property(commands(types), (list) => {
        const world = lived(list, 1_000)
        const [a, b] = [world.node('a'), world.node('b')]
        expect(a.peers.size).toBeLessThanOrEqual(1)
        expect(b.peers.size).toBeLessThanOrEqual(1)
        expect(b.told.get(a.self.key)?.sessions.at(-1) ?? []).toEqual(
          a.sent.get(b.self.key)?.sessions.at(-1) ?? [],
        )
        for (const { givenUp } of world.everLived) {
          expect(new Set(givenUp.map(({ node }) => node)).size).toBe(givenUp.length)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('that are too many are given up by both ends, which then go on from nothing', () => {
    const types = ['send', 'arrive', 'double', 'lose', 'pass', 'connect'] as const
    fc.assert(
      fc.property(commands(types), (list) => {
        const world = lived(list, 3)
        expect(world.node('a').givenUp.length > 0).toBe(world.node('b').givenUp.length > 0)
        world.send('a')
        world.send('b')
        world.heal()
        const [a, b] = [world.node('a'), world.node('b')]
        expect(b.told.get(a.self.key)?.sessions.at(-1)).toEqual(
          a.sent.get(b.self.key)?.sessions.at(-1),
        )
        expect(a.told.get(b.self.key)?.sessions.at(-1)).toEqual(
          b.sent.get(a.self.key)?.sessions.at(-1),
        )
        expect(a.peers.pending + b.peers.pending).toBe(0)
      }),
      { numRuns: 400 },
    )
  })

  test('of one who used the link before do not mix with those of one who begins anew', () => {
    const types = ['send', 'arrive', 'double', 'lose', 'pass', 'connect', 'begin-anew'] as const
    fc.assert(
      fc.property(commands(types), (list) => {
        const world = lived(list, 1_000)
        world.send('a')
        world.send('b')
        world.heal()
        const [a, b] = [world.node('a'), world.node('b')]
        expect(b.told.get(a.self.key)?.sessions.at(-1)).toEqual(
          a.sent.get(b.self.key)?.sessions.at(-1),
        )
        expect(a.told.get(b.self.key)?.sessions.at(-1)).toEqual(
          b.sent.get(a.self.key)?.sessions.at(-1),
        )
      }),
      { numRuns: 400 },
    )
  })

  test('of one turn share a frame', () => {
    const world = new World()
    for (let count = 0; count < 5; count++) world.send('a')
    world.pass(0)
    expect(world.lane.map(({ frame }) => frame.messages.length)).toEqual([5])
  })

  test('are sent again with growing delays, a single frame of them', () => {
    const world = new World(10_000)
    const { self } = world.node('b')
    for (let count = 0; count < 100; count++) {
      world
        .node('a')
        .step({ type: 'send', to: self, message: new Uint8Array(1_000), isMember: true })
    }
    world.pass(0)
    const times: number[] = []
    while (times.length < 7) {
      world.lane.length = 0
      world.pass((world.node('a').peers.nextDeadline ?? 0) - world.now)
      times.push(world.now)
      expect(world.lane).toHaveLength(1)
    }
    expect(times).toEqual([200, 600, 1_400, 3_000, 6_200, 11_200, 16_200])
  })

  test('go again at once over a new connection', () => {
    const world = new World()
    world.send('a')
    world.pass(6_000)
    world.lane.length = 0
    world.node('a').step({ type: 'lane-opened', peer: world.node('b').self })
    world.pass(0)
    expect(world.lane).toHaveLength(1)
  })

  test('are as many at a time as a control lane takes, and the rest follows', () => {
    const world = new World(10_000)
    const [a, b] = [world.node('a'), world.node('b')]
    for (let count = 0; count < 500; count++) {
      a.step({ type: 'send', to: b.self, message: new Uint8Array(1_000).fill(1), isMember: true })
    }
    world.pass(0)
    const bytes = world.lane.flatMap(({ frame }) => frame.messages.map(({ length }) => length))
    expect(bytes.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(65_536)
    world.heal()
    expect(b.told.get(a.self.key)?.sessions.at(-1)).toHaveLength(500)
  })

  test('that wait go as soon as there is room', () => {
    const world = new World()
    world.send('a')
    world.pass(0)
    world.arrive(0, false)
    world.pass(0)
    world.arrive(0, false)
    world.send('a')
    world.pass(0)
    expect(world.lane.map(({ frame }) => frame.first)).toEqual([2])
  })

  test('count as arrived also where the word of it comes after they were taken for lost', () => {
    const world = new World(10_000)
    const [a, b] = [world.node('a'), world.node('b')]
    for (let count = 0; count < 500; count++) {
      a.step({ type: 'send', to: b.self, message: new Uint8Array(1_000), isMember: true })
    }
    world.pass(0)
    const sent = world.lane.flatMap(({ frame }) => frame.messages).length
    world.pass(200)
    world.lane.length = 0
    const frame = { session: 1, acknowledged: sent, first: 0, messages: [] }
    a.step({ type: 'frame-received', from: b.self, frame })
    expect(a.peers.pending).toBe(500 - sent)
    world.pass(0)
    expect(world.lane.flatMap((flight) => flight.frame.messages)).toHaveLength(sent)
  })

  test('to somebody who does not turn out to be a member are given up after a while, once', () => {
    const world = new World()
    const stranger = life('c', 1)
    world.node('a').send(stranger, 1, false)
    world.pass(9_999)
    expect([world.node('a').givenUp, world.lane]).toEqual([[], []])
    world.pass(60_000)
    expect(world.node('a').givenUp).toEqual([{ node: stranger.key, reason: 'unknown' }])
    expect(world.node('a').peers.size).toBe(0)
  })

  test('to too many of those are given up at once, until there is room again', () => {
    const world = new World()
    const a = world.node('a')
    const reasons = (): readonly string[] => a.givenUp.map(({ node }) => node)
    for (const host of ['c', 'd', 'e']) a.send(life(host, 1), 1, false)
    expect(reasons()).toEqual([life('e', 1).key])
    a.step({ type: 'member-known', node: life('c', 1) })
    a.step({ type: 'member-known', node: life('c', 1) })
    a.step({ type: 'node-gone', node: life('d', 1) })
    for (const host of ['f', 'g', 'h']) a.send(life(host, 1), 1, false)
    expect(reasons().slice(1)).toEqual([life('d', 1).key, life('h', 1).key])
  })

  test('to somebody who does turn out to be a member wait for it', () => {
    const world = new World()
    const late = life('c', 1)
    world.node('a').send(late, 1, false)
    world.node('a').step({ type: 'member-known', node: late })
    world.pass(0)
    expect(world.lane.map(({ frame }) => frame.messages.length)).toEqual([1])
    world.pass(60_000)
    expect(world.node('a').givenUp).toEqual([])
    expect(world.node('a').peers.pending).toBe(1)
  })

  test('an acknowledgement of what was never sent is not heeded', () => {
    const world = new World()
    world.send('a')
    world.pass(0)
    const { self } = world.node('b')
    const frame = { session: 1, acknowledged: 99, first: 0, messages: [] }
    world.node('a').step({ type: 'frame-received', from: self, frame })
    expect(world.node('a').peers.pending).toBe(1)
  })
})

describe('A frame of system messages', () => {
  test('reads as it was written', () => {
    const frames = fc.record({
      incarnation: fc.maxSafeNat(),
      session: fc.nat(2 ** 31 - 1),
      acknowledged: fc.maxSafeNat(),
      first: fc.maxSafeNat(),
      messages: fc.array(fc.uint8Array({ maxLength: 40 })),
    })
    fc.assert(
      fc.property(frames, (frame) => {
        const bytes = encodeSystemFrame(frame)
        expect(decodeSystemFrame(bytes, 0, bytes.length)).toEqual(frame)
      }),
    )
  })

  test('of arbitrary bytes is refused as malformed, or read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          const { messages } = decodeSystemFrame(bytes, 0, bytes.length)
          expect(messages.length).toBeLessThanOrEqual(bytes.length)
        } catch (error) {
          expect(error).toMatchObject({ code: 'CASTY_TRANSPORT_MALFORMED' })
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
