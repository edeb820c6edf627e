// How other nodes come to have what this one has: what it changed is told in rounds, a few nodes at a time; what was lost on
// the way is found by digests that are exchanged with one of them now and then, and more often while they differ.
import type { AnyValue } from '../any-value.ts'
import type { KeyState, ReplicatorMessage } from '../wire/messages.ts'
import { DeltaLog, sliceSizeOf } from './delta-log.ts'
import type { Effects } from './effects.ts'
import { changeOf } from './envelope.ts'
import type { CoreSettings, Moment } from './events.ts'
import type { Others } from './others.ts'
import { answersToBucket, bucketsThatDiffer } from './repair.ts'
import type { Tally } from './tally.ts'
import type { Values } from './values.ts'

/** In how many rounds of deltas all nodes are told, about. */
const gossipIntervalDivisor = 5

/** While nodes differ, digests are exchanged this often. */
const repairIntervalMs = 100

export interface TellingParts {
  readonly settings: CoreSettings
  readonly values: Values
  readonly others: Others
  readonly effects: Effects
  readonly tally: Tally
  /** Before digests are exchanged: what need not be remembered any more may go. */
  readonly tidy: (moment: Moment) => void
}

export class Telling {
  readonly #parts: TellingParts
  readonly #log = new DeltaLog<AnyValue>()
  #nextDeltasMs = 0
  #nextGossipMs = 0

  constructor(parts: TellingParts) {
    this.#parts = parts
  }

  /** When time has to pass, by the monotonic clock. */
  get nextDeadline(): number {
    return this.#log.isEmpty ? this.#nextGossipMs : Math.min(this.#nextGossipMs, this.#nextDeltasMs)
  }

  /** A value was changed here. */
  changed(key: string, delta: AnyValue, nowMs: number): void {
    const { others, settings } = this.#parts
    if (this.#log.isEmpty) this.#nextDeltasMs = nowMs + settings.deltaIntervalMs
    if (others.nodes.length > 0) this.#log.add(key, delta)
  }

  /** What others must have of a change: with those pruned nodes that it has a part of. */
  stateOf(key: string, delta: AnyValue): KeyState {
    const { values } = this.#parts
    const envelope = values.envelopeOf(key, delta.type)
    return { key, envelope: changeOf(delta, envelope) }
  }

  /** @param came - nodes that were not there before: they have nothing, or what they had */
  nodesChanged(came: readonly string[]): void {
    this.#log.forgetTold(this.#parts.others.inReach)
    for (const node of came) this.#tellSums(node)
  }

  timePassed(moment: Moment): void {
    const { nowMs } = moment
    if (!this.#log.isEmpty && this.#nextDeltasMs <= nowMs) this.#sendDeltas(nowMs)
    if (this.#nextGossipMs <= nowMs) this.#gossip(moment)
  }

  #sendDeltas(nowMs: number): void {
    const { others, effects, tally, settings } = this.#parts
    const nodes = others.inReach
    const sliceSize = sliceSizeOf(nodes.length, gossipIntervalDivisor)
    for (const [node, deltas] of this.#log.collect(nodes, sliceSize)) {
      const states = [...deltas].map(([key, { delta }]) => this.stateOf(key, delta))
      tally.deltasSent += states.length
      effects.send(node, { type: 'deltas', states })
    }
    this.#log.forgetTold(nodes)
    this.#nextDeltasMs = nowMs + settings.deltaIntervalMs
  }

  #gossip(moment: Moment): void {
    const { others, settings, tidy } = this.#parts
    this.#nextGossipMs = moment.nowMs + settings.gossipIntervalMs
    tidy(moment)
    const nodes = others.inReach
    const peer = nodes[Math.floor(moment.draw * nodes.length)]
    if (peer !== undefined) this.#tellSums(peer)
  }

  #tellSums(node: string): void {
    const { effects, values } = this.#parts
    effects.send(node, { type: 'summary', buckets: values.table.sums() })
  }

  /** Asks for what differs from what another node has. */
  compare(
    from: string,
    { buckets }: Extract<ReplicatorMessage, { type: 'summary' }>,
    moment: Moment,
  ): void {
    const { effects, values } = this.#parts
    const { messages, isAll } = bucketsThatDiffer(values.table, buckets, moment.draw)
    for (const message of messages) effects.send(from, message)
    if (!isAll) this.#gossipSoon(moment)
  }

  answerBucket(
    from: string,
    message: Extract<ReplicatorMessage, { type: 'bucket' }>,
    moment: Moment,
  ): void {
    const { effects, values } = this.#parts
    const { tell, want } = answersToBucket(values.table, message)
    this.sendStates(from, tell, true)
    if (want.length > 0) effects.send(from, { type: 'want', keys: want })
    if (tell.length + want.length > 0) this.#gossipSoon(moment)
  }

  #gossipSoon({ nowMs }: Moment): void {
    this.#nextGossipMs = Math.min(this.#nextGossipMs, nowMs + repairIntervalMs)
  }

  /** @param answers - whether what is missing there is wanted back */
  sendStates(to: string, keys: readonly string[], answers: boolean): void {
    const { effects, tally, values } = this.#parts
    const states = values.states(keys)
    if (states.length === 0) return
    tally.statesSent += states.length
    effects.send(to, { type: 'states', answers, states })
  }
}
