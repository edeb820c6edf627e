import { changed, fresh, nothingYet, type Body, type Crdt, type CrdtType } from '../crdt.ts'
import { stampsOf } from '../kernel/dot-store.ts'
import { Draft } from '../kernel/draft.ts'
import { addCounts, type Count } from '../kernel/payload.ts'
import { countAt, totals } from '../kernel/shape.ts'
import type { Replica } from '../replica.ts'
import { checkedAmount, safeNumber } from './amount.ts'

/**
 * A counter that only grows: each node keeps a total of its own, and the value is their sum.
 *
 * @example gCounter().empty.increment(new Replica('a'), 3).value // => 3
 */
export class GCounter implements Crdt<GCounter> {
  readonly type: CrdtType<GCounter>
  readonly body: Body

  constructor(type: CrdtType<GCounter>, body: Body) {
    this.type = type
    this.body = body
  }

  /** @throws CrdtError `CASTY_CRDT_OVERFLOW` beyond 2⁵³ − 1 */
  get value(): number {
    return safeNumber('The value of a counter', this.#sum())
  }

  /** Exact however large. */
  get bigValue(): bigint {
    return BigInt(this.#sum())
  }

  /** What each node added. */
  get totals(): ReadonlyMap<string, bigint> {
    const totals = [...stampsOf(this.body.state.store)].map(
      ([node, { payload }]) => [node, BigInt(countAt(payload, 0))] as const,
    )
    return new Map(totals)
  }

  /**
   * @param amount - an integer of at least 0; with 0 nothing changes
   * @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT`
   */
  increment(replica: Replica, amount: number | bigint = 1): GCounter {
    const added = checkedAmount(amount)
    if (added === 0) return this
    const own = stampsOf(this.body.state.store).get(replica.node)
    const draft = new Draft(this.body.state.context)
    if (own) draft.replace({ type: 'leaf', dots: new Map([[replica.node, own]]) })
    const total = addCounts(own === undefined ? 0 : countAt(own.payload, 0), added)
    return changed<GCounter>(this, draft.delta(draft.leaf(replica, [total])))
  }

  #sum(): Count {
    let sum: Count = 0
    for (const { payload } of stampsOf(this.body.state.store).values())
      sum = addCounts(sum, countAt(payload, 0))
    return sum
  }
}

const type: CrdtType<GCounter> = {
  name: 'g-counter',
  shape: totals(1),
  get empty() {
    return fresh(type, nothingYet)
  },
  of: (body) => new GCounter(type, body),
}

/** The type of counters that only grow. */
export function gCounter(): CrdtType<GCounter> {
  return type
}
