import { ringOrder, selectReceivers } from './heartbeat-ring.ts'
import { wholeFrom } from './options.ts'

export interface HeartbeatSenderOptions<K extends string = string> {
  readonly self: K
  /** How many reachable nodes to monitor. @defaultValue 5 */
  readonly monitoredByCount?: number
  /** The nodes there are to begin with, with or without `self`. */
  readonly nodes?: Iterable<K>
  /** Puts nodes in the order of the ring; must be the same on every node. @defaultValue ringOrder */
  readonly order?: (nodes: Iterable<K>) => readonly K[]
}

interface Fields<K extends string> {
  readonly self: K
  readonly count: number
  readonly order: (nodes: Iterable<K>) => readonly K[]
  readonly nodes: ReadonlySet<K>
  readonly unreachable: ReadonlySet<K>
  /** Receivers that fell out of the ring while their detector found them unavailable. */
  readonly kept: ReadonlySet<K>
  /** Those with a detector, and whether it finds them available. Only receivers have one. */
  readonly detectors: ReadonlyMap<K, boolean>
}

/**
 * Whom a node sends heartbeats while members come, go and become unreachable. Immutable; what
 * changes nothing returns the same instance.
 *
 * A receiver that falls out of the ring is dropped with its detector, unless the detector finds it
 * unavailable: then it is kept until it answers or is removed, or nobody would ever take back that
 * it was called unreachable.
 *
 * @see Apache Pekko, ClusterHeartbeatSenderState
 */
export class HeartbeatSenderState<K extends string = string> {
  readonly #fields: Fields<K>
  /** In the order of the ring, then those kept. */
  readonly active: ReadonlySet<K>

  private constructor(fields: Fields<K>, receivers: readonly K[] = receiversOf(fields)) {
    this.#fields = fields
    this.active = new Set([...receivers, ...fields.kept])
  }

  /** @throws FailureDetectorError `CASTY_FAILURE_DETECTOR_INVALID_OPTION` */
  static create<K extends string>(options: HeartbeatSenderOptions<K>): HeartbeatSenderState<K> {
    return new HeartbeatSenderState<K>({
      self: options.self,
      count: wholeFrom('monitoredByCount', 1, options.monitoredByCount ?? 5),
      order: options.order ?? ringOrder,
      nodes: new Set([options.self, ...(options.nodes ?? [])]),
      unreachable: new Set(),
      kept: new Set(),
      detectors: new Map(),
    })
  }

  /** Whether there is a detector for the node: it has answered, and still has to. */
  isMonitoring(node: K): boolean {
    return this.#fields.detectors.has(node)
  }

  /** A node became a member. */
  add(node: K): HeartbeatSenderState<K> {
    if (this.#fields.nodes.has(node)) return this
    return this.#changed({ nodes: withEntry(this.#fields.nodes, node) })
  }

  /** A member is gone for good: nothing is kept of it. */
  remove(node: K): HeartbeatSenderState<K> {
    const { nodes, unreachable, kept, detectors, self } = this.#fields
    if (node === self || !nodes.has(node)) return this
    const remaining = new Map(detectors)
    remaining.delete(node)
    return this.#changed({
      nodes: withoutEntry(nodes, node),
      unreachable: withoutEntry(unreachable, node),
      kept: withoutEntry(kept, node),
      detectors: remaining,
    })
  }

  /** The cluster calls a member unreachable. */
  unreachable(node: K): HeartbeatSenderState<K> {
    const { unreachable, nodes } = this.#fields
    if (unreachable.has(node) || !nodes.has(node)) return this
    return this.#changed({ unreachable: withEntry(unreachable, node) })
  }

  /** The cluster calls a member reachable again. */
  reachable(node: K): HeartbeatSenderState<K> {
    if (!this.#fields.unreachable.has(node)) return this
    return this.#changed({ unreachable: withoutEntry(this.#fields.unreachable, node) })
  }

  /** A receiver answered; one that was only kept is let go. */
  response(node: K): HeartbeatSenderState<K> {
    const { detectors, kept } = this.#fields
    if (!this.active.has(node)) return this
    if (detectors.get(node) === true && !kept.has(node)) return this
    return this.#changed({
      detectors: new Map(detectors).set(node, true),
      kept: withoutEntry(kept, node),
    })
  }

  /** The detector of a receiver finds it unavailable, from now until it answers. */
  detectorUnavailable(node: K): HeartbeatSenderState<K> {
    const { detectors } = this.#fields
    if (!this.active.has(node) || detectors.get(node) === false) return this
    return this.#changed({ detectors: new Map(detectors).set(node, false) })
  }

  /** Finds the new receivers, then keeps or drops those that are none any more. */
  #changed(change: Partial<Fields<K>>): HeartbeatSenderState<K> {
    const next = { ...this.#fields, ...change }
    const receivers = receiversOf(next)
    const current = new Set(receivers)
    const kept = new Set(next.kept)
    const detectors = new Map(next.detectors)
    for (const [node, available] of next.detectors) {
      if (current.has(node) || kept.has(node)) continue
      if (available) detectors.delete(node)
      else kept.add(node)
    }
    return new HeartbeatSenderState({ ...next, kept, detectors }, receivers)
  }
}

function receiversOf<K extends string>(fields: Fields<K>): readonly K[] {
  const { self, count, order, nodes, unreachable } = fields
  return selectReceivers({ ringOrder: order(nodes), self, unreachable, count })
}

function withEntry<K>(set: ReadonlySet<K>, entry: K): ReadonlySet<K> {
  return new Set(set).add(entry)
}

function withoutEntry<K>(set: ReadonlySet<K>, entry: K): ReadonlySet<K> {
  if (!set.has(entry)) return set
  const rest = new Set(set)
  rest.delete(entry)
  return rest
}
