// A tiny world of cores: no actors, no network, no production membership. Nodes have clocks of their own rate, stand
// still, die and come again; messages are lost, late and out of order; what each node knows of the members differs, and
// changes by membership's rules: who rises, exits or is removed was seen so by all; who is downed may not know it.
import { NodeAddress, NodeIdentity, type NodeKey } from '@casty/transport'
import {
  coreDefaults,
  ShardingCore,
  type Copies,
  type CoreEffect,
  type CoreEvent,
  type CoreSettings,
  type RowChange,
  type ShardAtEpoch,
  type ShardingMessage,
  type ViewMember,
} from '@casty/sharding'
import { Invariants } from './invariants.ts'

type Status = ViewMember['status']

interface Record {
  readonly node: NodeIdentity
  readonly status: Status
  readonly upNumber: number | undefined
}

/** Draws from a seed: mulberry32. */
export function draws(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

interface Entry {
  readonly at: number
  readonly run: () => void
}

export class WorldNode {
  readonly identity: NodeIdentity
  readonly core: ShardingCore
  readonly rate: number
  readonly offset: number
  readonly wallBehindMs: number
  /** How far it has heard of membership's decisions. */
  heard: number
  isAlive = true
  pausedUntil = 0
  wakeAt = Number.POSITIVE_INFINITY
  readonly inbox: (readonly [NodeIdentity, ShardingMessage])[] = []
  /** Shards that stopped here while they moved, under their epoch. */
  readonly released = new Map<number, number>()

  constructor(
    identity: NodeIdentity,
    settings: CoreSettings,
    at: { rate: number; offset: number; heard: number; now: number; wallBehindMs: number },
  ) {
    this.identity = identity
    this.rate = at.rate
    this.offset = at.offset
    this.wallBehindMs = at.wallBehindMs
    this.heard = at.heard
    this.core = new ShardingCore(settings, this.clock(at.now))
  }

  get key(): NodeKey {
    return this.identity.key
  }

  clock(real: number): number {
    return (real + this.offset) * this.rate
  }

  realOf(clock: number): number {
    return clock / this.rate - this.offset
  }

  /** Whether a message to the shard would be handled here at that instant. */
  runs(shard: number, real: number): boolean {
    if (this.core.leaseUntil <= this.clock(real)) return false
    const row = this.core.committed.row('t', shard)
    return row.owner?.key === this.key && this.released.get(shard) !== row.epoch
  }
}

export interface WorldOptions {
  readonly seed: number
  readonly numShards?: number
  readonly leaseMs?: number
  readonly lossShare?: number
  readonly slowShare?: number
  readonly slowMs?: number
  readonly replicas?: number
  /** Whether less than a majority may down the others, who then stop within the margin. */
  readonly minoritySurvives?: boolean
  /** Clock rates differ by so much from 1. */
  readonly drift?: number
  /** Names of nodes that run no shards. */
  readonly routers?: readonly string[]
  /** How long an owner may take to release a shard. */
  readonly releaseMs?: number
}

export class World {
  readonly nodes: WorldNode[] = []
  readonly random: () => number
  readonly invariants: Invariants
  options: Required<WorldOptions>
  now = 0
  #views: (readonly Record[])[] = [[]]
  /** Latest first. */
  readonly #queue: Entry[] = []
  readonly #cuts = new Set<string>()
  #incarnation = 1
  #lostSince = new Map<NodeKey, number>()
  /** What a node has of a shard that others own. */
  copiesAt: (node: WorldNode, shard: ShardAtEpoch) => Copies | undefined = () => undefined
  /** What becomes of the next messages; of those behind them, chance decides. */
  fates: ('fine' | 'lost' | 'late')[] = []
  /** Told of each message as it is sent, and as it arrives: harm that is done then comes before it is handled. */
  watch: (stage: 'sent' | 'arrived', by: WorldNode, message: ShardingMessage) => void = () => {}
  /** Sent so far, by type. */
  readonly sent = new Map<string, number>()

  constructor(options: WorldOptions) {
    this.options = {
      numShards: 12,
      leaseMs: 2_000,
      lossShare: 0.02,
      slowShare: 0.02,
      slowMs: 2_500,
      replicas: 0,
      minoritySurvives: false,
      drift: 0.01,
      routers: [],
      releaseMs: 300,
      ...options,
    }
    this.random = draws(options.seed)
    this.invariants = new Invariants(this.options.numShards)
    this.at(0, () => this.#gossip())
    this.at(0, () => this.#decide())
  }

  at(delay: number, run: () => void): void {
    const at = this.now + delay
    let [low, high] = [0, this.#queue.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#queue[middle]?.at ?? 0) > at) low = middle + 1
      else high = middle
    }
    this.#queue.splice(low, 0, { at, run })
  }

  /**
   * Begins a process. The first one is a cluster of its own.
   *
   * @param wallBehindMs - its wall clock is wrong by so much, and it is named after when it began by that
   */
  start(name: string, wallBehindMs?: number): WorldNode {
    const address = NodeAddress.parse(`${name}:1`)
    const count = this.#incarnation++
    const wallNow = 1_000_000 + this.now - (wallBehindMs ?? 0)
    const identity = NodeIdentity.of(
      address,
      wallBehindMs === undefined ? count : Math.floor(wallNow),
    )
    const view = this.#latest()
    const isFirst = view.length === 0
    const status = isFirst ? 'up' : 'joining'
    const upNumber = isFirst ? 1 : undefined
    const others = view.filter(({ node }) => node.address.toString() !== address.toString())
    const contact = this.nodes.find((node) => node.isAlive && this.#isMember(node))
    this.#publish([...others, { node: identity, status, upNumber }], contact)
    const drift = () => (this.random() * 2 - 1) * this.options.drift
    const { leaseMs } = this.options
    const settings = {
      ...coreDefaults,
      self: identity,
      leaseMs,
      gatherMs: leaseMs / 4,
      downRemovalMarginMs: 4 * leaseMs,
    }
    const offset = this.random() * 100_000
    const node = new WorldNode(identity, settings, {
      rate: 1 + drift(),
      offset,
      heard: this.#views.length - 1,
      now: this.now,
      wallBehindMs: wallBehindMs ?? 0,
    })
    this.nodes.push(node)
    const { numShards, replicas, routers } = this.options
    const types = routers.includes(name) ? [] : [{ name: 't', numShards, replicas, disks: 0 }]
    this.step(node, { type: 'types-started', types })
    this.#tellView(node)
    return node
  }

  named(name: string): WorldNode | undefined {
    return this.nodes.findLast(({ identity }) => identity.address.toString() === `${name}:1`)
  }

  kill(node: WorldNode): void {
    node.isAlive = false
  }

  pause(node: WorldNode, forMs: number): void {
    node.pausedUntil = Math.max(node.pausedUntil, this.now + forMs)
    this.at(forMs, () => this.#resume(node))
  }

  #resume(node: WorldNode): void {
    if (!node.isAlive || node.pausedUntil > this.now) return
    for (const [from, message] of node.inbox.splice(0)) {
      this.step(node, { type: 'message-received', from, message })
    }
    this.step(node, { type: 'deadline-reached' })
  }

  leave(node: WorldNode): void {
    this.#change(node, (record) =>
      record.node.key === node.key && record.status === 'up'
        ? { ...record, status: 'leaving' }
        : record,
    )
  }

  /** Some decide against others, whether or not they are more; those stop within the margin. */
  downByDecision(by: WorldNode, lost: readonly WorldNode[]): void {
    const keys = new Set(lost.map(({ key }) => key))
    this.#change(by, (record) =>
      keys.has(record.node.key) ? { ...record, status: 'down' } : record,
    )
    for (const node of lost) this.at(4 * this.options.leaseMs * 0.95, () => this.kill(node))
  }

  /** Nothing goes between them any more. */
  split(left: readonly WorldNode[], right: readonly WorldNode[]): void {
    for (const one of left) {
      for (const other of right) {
        this.cut(one, other)
        this.cut(other, one)
      }
    }
  }

  /** Runs in small steps until something is so, at most for so long. @returns whether it came to be */
  runUntil(isSo: () => boolean, forMs = 30_000): boolean {
    const end = this.now + forMs
    while (!isSo() && this.now < end) this.run(5)
    return isSo()
  }

  /** Shards that run on a node now. */
  shardsOf(node: WorldNode): readonly number[] {
    const shards = [...Array(this.options.numShards).keys()]
    return shards.filter((shard) => node.isAlive && node.runs(shard, this.now))
  }

  /** Shards that run nowhere now. */
  get homeless(): readonly number[] {
    const housed = new Set(this.alive.flatMap((node) => this.shardsOf(node)))
    return [...Array(this.options.numShards).keys()].filter((shard) => !housed.has(shard))
  }

  get leading(): readonly WorldNode[] {
    return this.alive.filter((node) => node.core.coordinates(node.clock(this.now)) !== undefined)
  }

  /** Nothing goes that way any more. */
  cut(from: WorldNode, to: WorldNode): void {
    this.#cuts.add(`${from.key}>${to.key}`)
  }

  heal(): void {
    this.#cuts.clear()
  }

  /** From now on, nothing is lost or late. */
  calm(): void {
    this.heal()
    this.options = { ...this.options, lossShare: 0, slowShare: 0 }
  }

  linked(from: NodeKey, to: NodeKey): boolean {
    return !this.#cuts.has(`${from}>${to}`)
  }

  /** Whether all members are alive and settled: then there is nothing left to wait for. */
  get isSettled(): boolean {
    return this.#latest().every(
      ({ node, status }) =>
        status === 'up' && this.nodes.some(({ key, isAlive }) => key === node.key && isAlive),
    )
  }

  status(node: WorldNode): Status | 'removed' {
    return this.#latest().find((record) => record.node.key === node.key)?.status ?? 'removed'
  }

  get alive(): readonly WorldNode[] {
    return this.nodes.filter(({ isAlive }) => isAlive)
  }

  run(forMs: number): void {
    const end = this.now + forMs
    while (this.invariants.violations.length === 0) {
      const soonest = this.#queue.at(-1)
      let waking: WorldNode | undefined
      for (const node of this.nodes) {
        const isAble = node.isAlive && node.pausedUntil <= this.now
        if (isAble && node.wakeAt < (waking?.wakeAt ?? Number.POSITIVE_INFINITY)) waking = node
      }
      const next = Math.min(soonest?.at ?? end, waking?.wakeAt ?? end)
      if (next >= end) break
      this.now = Math.max(this.now, next)
      if (waking && waking.wakeAt <= (soonest?.at ?? end))
        this.step(waking, { type: 'deadline-reached' })
      else if (soonest) {
        this.#queue.pop()
        soonest.run()
      }
    }
    this.now = end
  }

  step(node: WorldNode, event: CoreEvent): void {
    const now = node.clock(this.now)
    const effects = node.core.step(event, {
      now,
      wallNow: 1_000_000 + this.now - node.wallBehindMs,
    })
    for (const effect of effects) if (node.isAlive) this.#perform(node, effect)
    const next = node.realOf(node.core.nextDeadline(now))
    node.wakeAt = Math.max(next, this.now + 0.01)
    this.invariants.check(this)
  }

  #perform(node: WorldNode, effect: CoreEffect): void {
    switch (effect.type) {
      case 'send':
        this.#send(node, effect.to, effect.message)
        break
      case 'table-committed':
        this.invariants.committed(node, effect.table)
        for (const change of effect.changes) this.#rowChanged(node, change)
        break
      case 'report-replicas': {
        const shards = effect.shards.map((shard) => ({
          ...shard,
          copies: this.copiesAt(node, shard),
          lineage: undefined,
          censuses: [],
        }))
        this.at(1, () => this.step(node, { type: 'replicas-reported', to: effect.to, shards }))
        break
      }
      case 'lease-changed':
      case 'give-up':
      case 'recovery-answered':
      case 'shards-wait':
      case 'shard-recovered':
      case 'coordinating':
        break
    }
  }

  /** As an owner does that took over what its replicas have, and gave it to those that are to keep it. */
  #copyLater(
    node: WorldNode,
    { typeName, shard, row }: Pick<RowChange, 'typeName' | 'shard' | 'row'>,
  ): void {
    const { epoch, replicas } = row
    const superfluous = replicas.slice(this.options.replicas)
    if (superfluous.length === 0) return
    const report = { typeName, shard, epoch, replicas, superfluous }
    this.at(this.random() * 500, () => {
      if (node.isAlive) this.step(node, { type: 'shards-replicated', shards: [report] })
    })
  }

  #rowChanged(node: WorldNode, { typeName, shard, row }: RowChange): void {
    if (row.owner?.key === node.key) this.#copyLater(node, { typeName, shard, row })
    if (row.owner?.key !== node.key || row.movingTo === undefined) {
      node.released.delete(shard)
      return
    }
    if (node.released.get(shard) === row.epoch) return
    this.#releaseLater(node, { typeName, shard, epoch: row.epoch })
  }

  #releaseLater(node: WorldNode, moving: ShardAtEpoch): void {
    const { typeName, shard, epoch } = moving
    this.at(1 + this.random() * this.options.releaseMs, () => {
      if (node.isAlive && node.pausedUntil > this.now) return this.#releaseLater(node, moving)
      const current = node.core.committed.row(typeName, shard)
      const isMoving =
        current.epoch === epoch && current.owner?.key === node.key && current.movingTo
      if (!node.isAlive || !isMoving) return
      node.released.set(shard, epoch)
      this.step(node, { type: 'shard-released', shard: { typeName, shard, epoch } })
    })
  }

  #send(node: WorldNode, to: NodeIdentity, message: ShardingMessage): void {
    this.sent.set(message.type, (this.sent.get(message.type) ?? 0) + 1)
    const { lossShare, slowShare, slowMs } = this.options
    if (!this.linked(node.key, to.key) || this.random() < lossShare) return
    const isSlow = this.random() < slowShare
    const fate = this.fates.shift()
    if (fate === 'lost') return
    const delay = fate === 'late' ? slowMs : 0.5 + this.random() * (isSlow ? slowMs : 20)
    this.watch('sent', node, message)
    this.at(delay, () => {
      const target = this.nodes.find(({ key }) => key === to.key)
      if (target?.isAlive && this.linked(node.key, to.key)) this.watch('arrived', target, message)
      if (!target?.isAlive || !this.linked(node.key, to.key)) return
      if (target.pausedUntil > this.now) target.inbox.push([node.identity, message])
      else this.step(target, { type: 'message-received', from: node.identity, message })
    })
  }

  // Membership.

  #latest(): readonly Record[] {
    return this.#views.at(-1) ?? []
  }

  #isMember(node: WorldNode): boolean {
    return this.#latest().some((record) => record.node.key === node.key && record.status !== 'down')
  }

  /** A decision of one node: others hear of it. */
  #publish(records: readonly Record[], by: WorldNode | undefined): void {
    this.#views.push(records.toSorted((left, right) => NodeIdentity.compare(left.node, right.node)))
    if (!by) return
    by.heard = this.#views.length - 1
    this.#tellView(by)
  }

  #change(by: WorldNode, change: (record: Record) => Record | undefined): void {
    this.#publish(
      this.#latest().flatMap((record) => change(record) ?? []),
      by,
    )
  }

  #tellView(node: WorldNode): void {
    const records = this.#views[node.heard] ?? []
    const own = records.find((record) => record.node.key === node.key)
    if (!own || own.status === 'down') {
      this.kill(node)
      return
    }
    const members = records.map((record) => ({
      ...record,
      isReachable: !this.#isMissed(node, record.node.key),
    }))
    this.step(node, { type: 'members-changed', members })
  }

  #reaches(from: WorldNode, to: WorldNode): boolean {
    return to.isAlive && to.pausedUntil <= this.now && this.linked(from.key, to.key)
  }

  #isMissed(observer: WorldNode, key: NodeKey): boolean {
    const peer = this.nodes.find((node) => node.key === key)
    if (!peer || peer === observer) return false
    return !this.#reaches(observer, peer) || !this.linked(peer.key, observer.key)
  }

  #gossip(): void {
    this.at(100, () => this.#gossip())
    for (const node of this.nodes) {
      if (!node.isAlive || node.pausedUntil > this.now) continue
      for (const peer of this.nodes) {
        const isBehind = node.heard < peer.heard && this.random() < 0.5
        if (!isBehind || !peer.isAlive || peer.pausedUntil > this.now) continue
        if (!this.linked(peer.key, node.key) || !this.linked(node.key, peer.key)) continue
        // Decisions arrive one after the other, or many at once.
        const steps = Math.ceil(this.random() * (peer.heard - node.heard))
        node.heard += steps
      }
      if (this.random() < 0.5) this.#tellView(node)
    }
  }

  /** What the leader decides on convergence, and who is downed. */
  #decide(): void {
    this.at(150, () => this.#decide())
    const view = this.#latest()
    const index = this.#views.length - 1
    const nodeOf = ({ node }: Record) => this.nodes.find(({ key }) => key === node.key)
    const needed = view.filter(({ status }) => status === 'up' || status === 'leaving')
    const isConverged = needed.every((record) => {
      const node = nodeOf(record)
      return node?.isAlive && node.pausedUntil <= this.now && node.heard === index
    })
    const leader = needed.map(nodeOf).find((node) => node !== undefined)
    if (isConverged && leader) this.#onConvergence(leader, index)
    this.#downLost(view.filter(({ status }) => status !== 'down'))
  }

  #onConvergence(leader: WorldNode, index: number): void {
    const view = this.#latest()
    let next = Math.max(0, ...view.map(({ upNumber }) => upNumber ?? 0))
    let hasNews = false
    const changed = view.flatMap((record): Record[] => {
      const node = this.nodes.find(({ key }) => key === record.node.key)
      const decided = ((): Record | undefined => {
        switch (record.status) {
          case 'joining':
            return node?.isAlive && node.heard === index
              ? { ...record, status: 'up', upNumber: ++next }
              : record
          case 'leaving':
            return { ...record, status: 'exiting' }
          case 'exiting':
            return node?.isAlive && !node.core.mayExit ? record : undefined
          case 'down':
            return undefined
          default:
            return record
        }
      })()
      if (decided !== record) hasNews = true
      if (!decided && record.status === 'exiting' && node) this.kill(node)
      return decided ? [decided] : []
    })
    if (hasNews) this.#publish(changed, leader)
  }

  /** The side with a majority downs the others after a while, or any side where a minority may survive. */
  #downLost(members: readonly Record[]): void {
    const nodes = members.flatMap(
      ({ node }) => this.nodes.find(({ key }) => key === node.key) ?? [],
    )
    const side = this.#largestSide(nodes)
    const keys = new Set(side.map(({ key }) => key))
    const wasUp = (record: Record): boolean => record.upNumber !== undefined
    const [there, all] = [members.filter((record) => keys.has(record.node.key)), members].map(
      (some) => some.filter(wasUp).length,
    )
    const isMajority = (there ?? 0) * 2 > (all ?? 0)
    const lost = nodes.filter(({ key }) => !keys.has(key))
    for (const key of this.#lostSince.keys()) {
      if (!lost.some((node) => node.key === key)) this.#lostSince.delete(key)
    }
    for (const { key } of lost) if (!this.#lostSince.has(key)) this.#lostSince.set(key, this.now)
    const due = lost.filter(({ key }) => this.now - (this.#lostSince.get(key) ?? this.now) > 3_000)
    const [by] = side.filter(({ heard }) => heard === this.#views.length - 1)
    if (due.length === 0 || !by || (!isMajority && !this.options.minoritySurvives)) return
    if (this.#latest().find(({ node }) => node.key === by.key)?.status !== 'up') return
    const downed = new Set(due.map(({ key }) => key))
    this.#change(by, (record) =>
      downed.has(record.node.key) ? { ...record, status: 'down' } : record,
    )
    if (isMajority) return
    const margin = 4 * this.options.leaseMs * 0.95
    for (const node of due) this.at(this.random() * margin, () => this.kill(node))
  }

  #largestSide(nodes: readonly WorldNode[]): readonly WorldNode[] {
    let largest: readonly WorldNode[] = []
    for (const start of nodes) {
      const side = nodes.filter(
        (node) =>
          node.isAlive &&
          node.pausedUntil <= this.now &&
          (node === start || (this.#reaches(start, node) && this.#reaches(node, start))),
      )
      const mutual = side.filter((node) =>
        side.every((other) => other === node || this.#reaches(node, other)),
      )
      if (mutual.length > largest.length) largest = mutual
    }
    return largest
  }
}
