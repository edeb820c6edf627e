// What a node on its way out still has: it may go when that is nothing, or nothing that anybody takes.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { ShardTable } from '../table/shard-table.ts'

/** `needed`: it votes, or a shard moves from it or to it. `at-rest`: it has shards which go to nobody. */
export type Remains = 'none' | 'at-rest' | 'needed'

/** Mutable, and of one node's core. */
export class Departure {
  readonly #node: { readonly self: NodeIdentity }
  readonly #patienceMs: number
  #isLeft = false
  #restsSince: number | undefined
  /** The answer holds for one table. */
  #known: { readonly table: ShardTable; readonly remains: Remains } = {
    table: ShardTable.empty,
    remains: 'none',
  }

  /** @param patienceMs - how long shards rest, under a coordinator at work, until it is plain that nobody takes them */
  constructor(node: { readonly self: NodeIdentity }, patienceMs: number) {
    this.#node = node
    this.#patienceMs = patienceMs
  }

  /** Shards remain here since no other member can run them: what is in them has to stop. */
  get isLeft(): boolean {
    return this.#isLeft
  }

  /** When `note` is due. */
  get nextDeadline(): number {
    return this.#isLeft || this.#restsSince === undefined
      ? Number.POSITIVE_INFINITY
      : this.#restsSince + this.#patienceMs
  }

  /** Whether the node should not go yet. */
  isNeededBy(table: ShardTable): boolean {
    const remains = this.#remainsOf(table)
    return remains === 'needed' || (remains === 'at-rest' && !this.#isLeft)
  }

  /** @param hasLease - a coordinator is at work: where it moves nothing, there is nobody to move it to */
  note(table: ShardTable, isGoing: boolean, hasLease: boolean, now: number): void {
    const isResting = isGoing && this.#remainsOf(table) === 'at-rest'
    if (this.#isLeft && isResting) return
    this.#restsSince = isResting && hasLease ? (this.#restsSince ?? now) : undefined
    this.#isLeft = this.#restsSince !== undefined && now >= this.#restsSince + this.#patienceMs
  }

  #remainsOf(table: ShardTable): Remains {
    if (this.#known.table !== table) {
      // Known by the incarnation that it has now: until it is a member it may be another one.
      this.#known = { table, remains: remainsOf(table, this.#node.self.key) }
    }
    return this.#known.remains
  }
}

function remainsOf({ types, electorate }: ShardTable, key: NodeKey): Remains {
  if ([...electorate.voters, ...electorate.former].some((voter) => voter.key === key))
    return 'needed'
  let remains: Remains = 'none'
  for (const { rows } of types.values()) {
    for (const { owner, movingTo } of rows) {
      const isOwner = owner?.key === key
      if (movingTo && (isOwner || movingTo.key === key)) return 'needed'
      if (isOwner) remains = 'at-rest'
    }
  }
  return remains
}
