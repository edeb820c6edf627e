// What becomes of the nodes that have shards of one type, or copies of them.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { mayRun, type ViewMember } from '../core/view.ts'

/** What an owner means for its shards: it is out of reach or gone, it hands them over, or keeps them. */
export type Fate = 'gone' | 'goes' | 'stays'

export class Fates {
  readonly #members: ReadonlyMap<NodeKey, ViewMember>
  readonly #canRun: (node: NodeKey) => boolean | undefined
  /** Asked for once a shard, of few nodes. */
  readonly #known = new Map<NodeKey, Fate>()

  /** @param canRun - whether a node can run shards of the type; undefined where it has not told yet */
  constructor(view: readonly ViewMember[], canRun: (node: NodeKey) => boolean | undefined) {
    this.#members = new Map(view.map((member) => [member.node.key, member]))
    this.#canRun = canRun
  }

  of(owner: NodeIdentity): Fate {
    const known = this.#known.get(owner.key)
    if (known) return known
    const isServing = this.isThere(owner) && this.#members.get(owner.key)?.isReachable === true
    const fate = !isServing ? 'gone' : this.isToStay(owner) ? 'stays' : 'goes'
    this.#known.set(owner.key, fate)
    return fate
  }

  /** Whether it has what it had, in reach or not. */
  isThere({ key }: NodeIdentity): boolean {
    const member = this.#members.get(key)
    return member !== undefined && mayRun(member)
  }

  /** Whether it neither leaves nor has told that it cannot run the type. */
  isToStay({ key }: NodeIdentity): boolean {
    return this.#members.get(key)?.status === 'up' && this.#canRun(key) !== false
  }
}
