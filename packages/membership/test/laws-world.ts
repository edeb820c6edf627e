// Nodes that hold states and tell each other of them in any order, late, twice or not at all, with
// none of the protocol's rules about who may decide what, and when. Whatever holds here holds for any
// protocol that settles a state after each change as `step` does.
import { VectorClock } from '@casty/clock'
import fc from 'fast-check'
import {
  ClusterState,
  gossipFor,
  Member,
  NodeAddress,
  NodeIdentity,
  receiveGossip,
  statusAfterDown,
  statusAfterLeave,
  type Gossip,
} from '../src/index.ts'

/**
 * How many cases a property looks at. `CASTY_RUNS=100000` is the long run (minutes); a failure prints
 * its seed, which `CASTY_SEED` reruns.
 */
export const runs: fc.Parameters<unknown> = {
  numRuns: Number(process.env['CASTY_RUNS'] ?? 300),
  seed: Number(process.env['CASTY_SEED'] ?? 1),
}
/** For a long run: a millisecond or so for each case. */
export const timeLimitMs: number = Math.max(30_000, Number(process.env['CASTY_RUNS'] ?? 0) * 20)

/** How many nodes a world has room for; each address is used again and again. */
export const places = 5

/** What happens next. Numbers choose among what there is, whatever there is. */
export type Happening =
  | { readonly type: 'join'; readonly place: number; readonly via: number }
  | { readonly type: 'move'; readonly by: number; readonly member: number; readonly to: Move }
  | { readonly type: 'remove'; readonly by: number; readonly member: number }
  | { readonly type: 'observe'; readonly by: number; readonly member: number; readonly as: Seen }
  | { readonly type: 'doubt'; readonly by: number; readonly doubtful: boolean }
  | { readonly type: 'register'; readonly by: number; readonly key: number }
  | { readonly type: 'allocate'; readonly by: number; readonly epoch: number }
  | { readonly type: 'crash'; readonly place: number }
  | { readonly type: 'tell'; readonly from: number; readonly to: number; readonly known: Known }
  | { readonly type: 'deliver'; readonly message: number; readonly again: boolean }

type Move = 'weakly-up' | 'up' | 'leaving' | 'exiting' | 'down'
type Seen = 'reachable' | 'unreachable' | 'terminated'
/** What the sender believes the receiver to have: nothing, or what it had now or at some time. */
type Known = 'nothing' | 'current' | 'earlier'

const place = (): fc.Arbitrary<number> => fc.nat({ max: places - 1 })
const choice = (): fc.Arbitrary<number> => fc.nat({ max: 97 })

export function happenings(maxLength: number): fc.Arbitrary<readonly Happening[]> {
  const happening = fc.oneof(
    {
      weight: 9,
      arbitrary: fc.record({ type: fc.constant('join' as const), place: place(), via: place() }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        type: fc.constant('move' as const),
        by: place(),
        member: choice(),
        to: fc.constantFrom<Move>(
          'weakly-up',
          'up',
          'up',
          'up',
          'leaving',
          'leaving',
          'exiting',
          'down',
        ),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ type: fc.constant('remove' as const), by: place(), member: choice() }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('observe' as const),
        by: place(),
        member: choice(),
        as: fc.constantFrom<Seen>('reachable', 'unreachable', 'terminated'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('doubt' as const),
        by: place(),
        doubtful: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('register' as const),
        by: place(),
        key: fc.nat({ max: 2 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('allocate' as const),
        by: place(),
        epoch: fc.nat({ max: 3 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('crash' as const), place: place() }) },
    {
      weight: 12,
      arbitrary: fc.record({
        type: fc.constant('tell' as const),
        from: place(),
        to: place(),
        known: fc.constantFrom<Known>('nothing', 'current', 'current', 'earlier'),
      }),
    },
    {
      weight: 10,
      arbitrary: fc.record({
        type: fc.constant('deliver' as const),
        message: choice(),
        again: fc.boolean(),
      }),
    },
  )
  return fc.array(happening, { maxLength, size: 'max' })
}

/** One life of one place. */
export class LawNode {
  readonly identity: NodeIdentity
  state: ClusterState
  /** It has learned that it was downed, removed or replaced, or it crashed. */
  isStopped = false
  /** Every version it had. */
  readonly versions: VectorClock[] = []
  /** Members that it downed itself. */
  readonly downed: NodeIdentity[] = []

  constructor(identity: NodeIdentity, state: ClusterState) {
    this.identity = identity
    this.state = state
  }
}

interface Message {
  readonly from: NodeIdentity
  readonly to: NodeIdentity
  readonly gossip: Gossip
  readonly sections: ClusterState
}

export class LawWorld {
  /** By place, who lives there now. */
  readonly nodes: (LawNode | undefined)[] = []
  readonly messages: Message[] = []
  /** Called after each change of a node's state. */
  onChange: (node: LawNode, before: ClusterState) => void = () => undefined
  #incarnations = 0
  #time = 0

  constructor() {
    const identity = this.#identity(0)
    const state = ClusterState.empty
      .with({ clusterId: 'law' })
      .addMember(Member.of({ node: identity, status: 'up', upNumber: 1 }), identity)
      .markSeen([identity.key])
    this.nodes[0] = new LawNode(identity, state)
    for (let at = 1; at < places - 1; at++) this.#join(at, 0)
    this.heal()
  }

  get live(): readonly LawNode[] {
    return this.nodes.filter((node): node is LawNode => node !== undefined && !node.isStopped)
  }

  #identity(at: number): NodeIdentity {
    return NodeIdentity.of(NodeAddress.of('node', at + 1), ++this.#incarnations)
  }

  #liveAt(at: number): LawNode | undefined {
    const node = this.nodes[at]
    return node?.isStopped === false ? node : undefined
  }

  run(happening: Happening): void {
    this.#time++
    switch (happening.type) {
      case 'join':
        return this.#join(happening.place, happening.via)
      case 'deliver':
        return this.#deliver(happening.message, happening.again)
      case 'tell':
        return this.#tell(happening.from, happening.to, happening.known)
      case 'crash': {
        const node = this.#liveAt(happening.place)
        if (node && this.live.length > 1) node.isStopped = true
        return
      }
      default: {
        const node = this.#liveAt(happening.by)
        if (node) this.#settle(node, this.#changed(node, happening))
      }
    }
  }

  #changed(
    node: LawNode,
    happening: Exclude<Happening, { type: 'join' | 'deliver' | 'tell' | 'crash' }>,
  ): ClusterState {
    const { state, identity } = node
    if (happening.type === 'doubt') return state.markDoubtful(identity, happening.doubtful)
    if (happening.type === 'register')
      return state.withRegistry(state.registry.register(identity, `key-${happening.key}`, '/'))
    if (happening.type === 'allocate')
      return state.withAllocations('type', new Map(), happening.epoch, identity)
    const member = state.members[happening.member % state.members.length]
    if (!member) return state
    switch (happening.type) {
      case 'remove':
        // Without anybody's consent, and whatever the member still does: worse than any protocol.
        return member.node.equals(identity)
          ? state
          : state.removeMembers([member.node], this.#time, identity)
      case 'observe':
        return member.node.equals(identity)
          ? state
          : observed(state, identity, member, happening.as)
      case 'move':
        return this.#moved(node, member, happening.to)
    }
  }

  #moved({ state, identity, downed }: LawNode, member: Member, to: Move): ClusterState {
    switch (to) {
      case 'down':
        if (statusAfterDown(member.status) && !member.node.equals(identity))
          downed.push(member.node)
        return state.updateStatus(member.node, 'down', identity)
      case 'leaving':
        return statusAfterLeave(member.status)
          ? state.updateStatus(member.node, 'leaving', identity)
          : state
      case 'up': {
        const upNumber = 1 + Math.max(0, ...state.members.map((one) => one.upNumber ?? 0))
        return member.status === 'joining' || member.status === 'weakly-up'
          ? state.mergeMembers([member.withStatus('up', upNumber)], identity)
          : state
      }
      case 'weakly-up':
      case 'exiting':
        return state.updateStatus(member.node, to, identity)
    }
  }

  /** What `step` does after each event: orphans are adopted, own views are seen, ends are heeded. */
  #settle(node: LawNode, changed: ClusterState): void {
    const before = node.state
    const state = changed.adoptOrphans(node.identity).markSeen([node.identity.key])
    node.versions.push(before.version)
    node.state = state
    const self = state.member(node.identity)
    if (!self || self.status === 'down') node.isStopped = true
    this.onChange(node, before)
  }

  #join(at: number, via: number): void {
    const contact = this.#liveAt(via)
    if (!contact || this.#liveAt(at)) return
    const identity = this.#identity(at)
    this.#settle(contact, contact.state.addMember(Member.of({ node: identity }), contact.identity))
    if (contact.isStopped) return
    const joiner = new LawNode(identity, ClusterState.empty)
    this.nodes[at] = joiner
    this.#settle(
      joiner,
      receiveGossip(ClusterState.empty, gossipFor(contact.state, VectorClock.empty)),
    )
  }

  #tell(fromPlace: number, toPlace: number, known: Known): void {
    const from = this.#liveAt(fromPlace)
    const to = this.#liveAt(toPlace)
    if (!from || !to || from === to) return
    const earlier = to.versions[Math.floor(to.versions.length / 2)] ?? VectorClock.empty
    const version = { nothing: VectorClock.empty, current: to.state.version, earlier }[known]
    const gossip = gossipFor(from.state, version)
    this.messages.push({ from: from.identity, to: to.identity, gossip, sections: from.state })
    if (this.messages.length > 40) this.messages.shift()
  }

  #deliver(index: number, again: boolean): void {
    const at = index % Math.max(1, this.messages.length)
    const message = this.messages[at]
    if (!message) return
    if (!again) this.messages.splice(at, 1)
    const to = this.live.find(({ identity }) => identity.equals(message.to))
    if (to) this.receive(to, message)
  }

  /** As between members: who is gone here is not heard, and learns of that. */
  receive(to: LawNode, { from, gossip, sections }: Omit<Message, 'to'>): void {
    const { state } = to
    if (
      state.tombstones.has(from) ||
      (state.member(from.address)?.incarnation ?? 0) > from.incarnation
    ) {
      const sender = this.live.find(({ identity }) => identity.equals(from))
      if (sender) sender.isStopped = true
      return
    }
    const merged = receiveGossip(state, gossip)
    const allocations = merged.allocations.merge(sections.allocations.tables)
    const rows = [...sections.registry.rows.values()].filter((row) => merged.member(row.node))
    const registry = merged.registry.merge(rows)
    const isNew = allocations !== merged.allocations || registry !== merged.registry
    this.#settle(to, isNew ? merged.with({ allocations, registry }) : merged)
  }

  /** Everybody tells everybody all they lack, until nobody learns anything: returns the rounds. */
  heal(): number {
    this.messages.length = 0
    for (let round = 1; round <= 20; round++) {
      const before = this.live.map(({ state }) => state)
      for (const from of this.live) {
        for (const to of this.live) {
          if (from === to || from.isStopped || to.isStopped) continue
          const gossip = gossipFor(from.state, to.state.version)
          this.receive(to, { from: from.identity, gossip, sections: from.state })
        }
      }
      const after = this.live.map(({ state }) => state)
      if (before.length === after.length && after.every((state, index) => state === before[index]))
        return round
    }
    return Number.POSITIVE_INFINITY
  }
}

/**
 * All that a state says, as text; `seen` and what spreads by itself left out. So are dots: which of
 * two changes that told of the same is kept depends on who was removed when they met.
 */
export function contentOf(state: ClusterState): string {
  const records = state.members.map((member) => `${member} age ${member.upNumber}`)
  const tombstones = [...state.tombstones.values()].map(
    ({ node, left }) => `${node} ${left ? 'left' : 'downed'}`,
  )
  const rows = [...state.reachability.rows].map(([observer, row]) => {
    const found = [...row.records].map(([subject, record]) => `${subject} ${record.status}`)
    return `${observer} at ${row.version}${row.doubtful ? ', doubtful' : ''}: ${found.toSorted().join()}`
  })
  return [records, tombstones, rows].map((lines) => lines.toSorted().join('\n')).join('\n--\n')
}

function observed(state: ClusterState, by: NodeIdentity, member: Member, as: Seen): ClusterState {
  switch (as) {
    case 'reachable':
      return state.markReachable(member.node, by)
    case 'unreachable':
      return state.markUnreachable(member.node, by)
    case 'terminated':
      return state.markTerminated(member.node, by)
  }
}
