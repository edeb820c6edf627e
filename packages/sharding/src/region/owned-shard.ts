// One shard that this node owns, from the table that gave it here to the table that gives it to another. A pure
// state machine: what is to happen to its entities goes out as data.
//
// running → fencing → draining → handing-over → released. Each stage has an end by itself: who does not send its
// fence, or an entity that does not stop, delays a handoff and never prevents it.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { Home } from './home.ts'

export interface OwnerSettings {
  /** How long fences of others are waited for, in milliseconds. */
  readonly fenceTimeoutMs: number
  /** How long entities may take for what they have begun, in milliseconds; then they are stopped. */
  readonly handoffTimeoutMs: number
  /** How long those that are stopped may take for their hooks, in milliseconds; then they are left behind. */
  readonly stopTimeoutMs: number
  /** How long the new owner may take to accept what entities hand over, in milliseconds. */
  readonly handOverTimeoutMs: number
}

/** What its owner is to do. */
export type OwnerEffect =
  /** It is this node's from now on, under that epoch. */
  | { readonly type: 'begin'; readonly epoch: number }
  /** It goes on being this node's, under the next epoch: entities are to stop at once, and their next lives to go on from there. */
  | { readonly type: 'begin-anew'; readonly epoch: number }
  /** Entities are to handle what they have, and to stop. */
  | { readonly type: 'drain' }
  /** It does not move after all: what has stopped starts again with its next message. */
  | { readonly type: 'stay' }
  /** Entities are to stop after what they handle now: they did not do so by themselves in time. */
  | { readonly type: 'force' }
  /** Those that did not stop even so are waited for no longer. */
  | { readonly type: 'leave-behind' }
  /** What stopped entities left is to be sent to the new owner. */
  | { readonly type: 'hand-over'; readonly to: NodeIdentity; readonly epoch: number }
  /** The coordinator is to know that nothing of it runs here any more. */
  | { readonly type: 'released'; readonly epoch: number }
  /** It is another's: entities are to stop at once. */
  | { readonly type: 'end'; readonly epoch: number }

/** What to do with a message that came for the shard under some epoch. */
export type Admission =
  | { readonly type: 'take' }
  /** The table here is behind: it has to wait for a newer one. */
  | { readonly type: 'hold' }
  /** It goes back to its sender, whose table is behind, or is about to be: it is to wait for that epoch. */
  | { readonly type: 'return'; readonly neededEpoch: number }

const take: Admission = Object.freeze({ type: 'take' })
const hold: Admission = Object.freeze({ type: 'hold' })

type Stage =
  | { readonly type: 'absent' }
  | { readonly type: 'running' }
  | { readonly type: 'fencing'; readonly waitsFor: Set<NodeKey>; readonly until: number }
  | { readonly type: 'draining'; readonly until: number; readonly isForced: boolean }
  | { readonly type: 'handing-over'; readonly until: number }
  | { readonly type: 'released' }

const absent: Stage = Object.freeze({ type: 'absent' })
const running: Stage = Object.freeze({ type: 'running' })
const released: Stage = Object.freeze({ type: 'released' })

/** Mutable, and of its owner alone. */
export class OwnedShard {
  readonly #node: { readonly self: NodeIdentity }
  readonly #settings: OwnerSettings
  #epoch = 0
  #to: NodeIdentity | undefined
  #stage: Stage = absent
  /** Whose fence came under this epoch: perhaps before the table that made them send it. */
  readonly #fencedBy = new Set<NodeKey>()

  constructor(node: { readonly self: NodeIdentity }, settings: OwnerSettings) {
    this.#node = node
    this.#settings = settings
  }

  get stage(): Stage['type'] {
    return this.#stage.type
  }

  /** As far as this node's table goes. */
  get epoch(): number {
    return this.#epoch
  }

  /** Whom it is handed to. */
  get movingTo(): NodeIdentity | undefined {
    return this.#to
  }

  /** Whether entities of it may be started here. */
  get takesMessages(): boolean {
    return this.#stage.type === 'running' || this.#stage.type === 'fencing'
  }

  admit(epoch: number): Admission {
    if (epoch > this.#epoch) return hold
    if (this.takesMessages && epoch === this.#epoch) return take
    // Whoever sent under this very epoch comes again when the shard has been given away.
    const neededEpoch = epoch < this.#epoch ? this.#epoch : this.#epoch + 1
    return { type: 'return', neededEpoch }
  }

  /**
   * The table says so now.
   *
   * @param senders - the members who have sent something, and are in reach
   */
  homeChanged(home: Home, senders: Iterable<NodeKey>, now: number): readonly OwnerEffect[] {
    const effects: OwnerEffect[] = []
    const isMine = home.owner !== undefined && home.owner.equals(this.#node.self)
    const wasMine = this.#stage !== absent
    // Where epochs are left out, somebody else may have had it meanwhile, and come to what was sent later.
    const isNext = wasMine && isMine && home.epoch === this.#epoch + 1
    if (isNext) {
      effects.push({ type: 'begin-anew', epoch: home.epoch })
      this.#stage = running
    } else if (wasMine && (!isMine || home.epoch !== this.#epoch)) {
      effects.push({ type: 'end', epoch: this.#epoch })
      this.#stage = absent
    }
    if (home.epoch !== this.#epoch) this.#fencedBy.clear()
    this.#epoch = home.epoch
    const hadTo = this.#to
    this.#to = isMine ? home.movingTo : undefined
    if (!isMine) return effects
    if (this.#stage === absent) {
      this.#stage = running
      effects.push({ type: 'begin', epoch: home.epoch })
    }
    if (this.#to === undefined) return [...effects, ...this.#stays()]
    if (this.#stage === running) {
      this.#stage = {
        type: 'fencing',
        waitsFor: new Set([...senders].filter((key) => !this.#fencedBy.has(key))),
        until: now + this.#settings.fenceTimeoutMs,
      }
    } else if (!hadTo?.equals(this.#to)) return [...effects, ...this.#goesElsewhere(now)]
    return [...effects, ...this.settle(now)]
  }

  #stays(): readonly OwnerEffect[] {
    if (this.#stage === running) return []
    this.#stage = running
    return [{ type: 'stay' }]
  }

  /** Its new owner is another one than before. */
  #goesElsewhere(now: number): readonly OwnerEffect[] {
    const { type } = this.#stage
    return type === 'handing-over' || type === 'released' ? this.#handOver(now) : []
  }

  /** Behind this, nothing comes from there under that epoch. */
  fenced(from: NodeKey, epoch: number, now: number): readonly OwnerEffect[] {
    if (!this.takesMessages || epoch !== this.#epoch) return []
    this.#fencedBy.add(from)
    if (this.#stage.type !== 'fencing') return []
    this.#stage.waitsFor.delete(from)
    return this.settle(now)
  }

  /** Only those can be waited for. */
  membersChanged(reachable: ReadonlySet<NodeKey>, now: number): readonly OwnerEffect[] {
    for (const key of this.#fencedBy) if (!reachable.has(key)) this.#fencedBy.delete(key)
    if (this.#stage.type !== 'fencing') return []
    for (const key of this.#stage.waitsFor)
      if (!reachable.has(key)) this.#stage.waitsFor.delete(key)
    return this.settle(now)
  }

  /** No entity of it is left. */
  emptied(now: number): readonly OwnerEffect[] {
    return this.#stage.type === 'draining' ? this.#handOver(now) : []
  }

  /** The new owner has all that was to be handed over; or there was nothing. */
  handedOver(to: NodeIdentity): readonly OwnerEffect[] {
    if (this.#stage.type !== 'handing-over' || !this.#to?.equals(to)) return []
    return this.#release()
  }

  /** When it wants to be settled next. */
  nextDeadline(): number | undefined {
    return 'until' in this.#stage ? this.#stage.until : undefined
  }

  /** Goes on where a stage has had its time. */
  settle(now: number): readonly OwnerEffect[] {
    const stage = this.#stage
    switch (stage.type) {
      case 'fencing': {
        if (stage.waitsFor.size > 0 && stage.until > now) return []
        const until = now + this.#settings.handoffTimeoutMs
        this.#stage = { type: 'draining', until, isForced: false }
        return [{ type: 'drain' }]
      }
      case 'draining': {
        if (stage.until > now) return []
        if (stage.isForced) return [{ type: 'leave-behind' }, ...this.#handOver(now)]
        const until = now + this.#settings.stopTimeoutMs
        this.#stage = { type: 'draining', until, isForced: true }
        return [{ type: 'force' }]
      }
      case 'handing-over':
        return stage.until > now ? [] : this.#release()
      case 'absent':
      case 'running':
      case 'released':
        return []
    }
  }

  #handOver(now: number): readonly OwnerEffect[] {
    if (this.#to === undefined) return []
    this.#stage = { type: 'handing-over', until: now + this.#settings.handOverTimeoutMs }
    return [{ type: 'hand-over', to: this.#to, epoch: this.#epoch }]
  }

  #release(): readonly OwnerEffect[] {
    this.#stage = released
    return [{ type: 'released', epoch: this.#epoch }]
  }
}
