import { changed, fresh, nothingYet, type Body, type Crdt, type CrdtType } from '../crdt.ts'
import { stampsOf, type DotStore } from '../kernel/dot-store.ts'
import { Draft } from '../kernel/draft.ts'
import { addCounts, countOf, type Count } from '../kernel/payload.ts'
import { countAt, totals, type LeafShape } from '../kernel/shape.ts'
import type { Replica } from '../replica.ts'
import { checkedAmount, safeNumber } from './amount.ts'

/** Which of the two totals of a node. */
export const incremented = 0
export const decremented = 1

/** What a node holds: what it added, and what it took away. */
export const pnShape: LeafShape = totals(2)

/**
 * A counter that grows and shrinks: each node keeps what it added and what it took away.
 *
 * @example pnCounter().empty.increment(new Replica('a'), 3).decrement(new Replica('b')).value // => 2
 */
export class PNCounter implements Crdt<PNCounter> {
  readonly type: CrdtType<PNCounter>
  readonly body: Body

  constructor(type: CrdtType<PNCounter>, body: Body) {
    this.type = type
    this.body = body
  }

  /** @throws CrdtError `CASTY_CRDT_OVERFLOW` beyond ±(2⁵³ − 1) */
  get value(): number {
    return safeNumber('The value of a counter', countOf(this.bigValue))
  }

  /** Exact however large. */
  get bigValue(): bigint {
    return balanceOf(this.body.state.store)
  }

  /** What each node added, of those that did. */
  get increments(): ReadonlyMap<string, bigint> {
    return totalsAt(this.body.state.store, incremented)
  }

  /** What each node took away, of those that did. */
  get decrements(): ReadonlyMap<string, bigint> {
    return totalsAt(this.body.state.store, decremented)
  }

  /**
   * @param amount - an integer of at least 0; with 0 nothing changes
   * @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT`
   */
  increment(replica: Replica, amount: number | bigint = 1): PNCounter {
    return this.#count(replica, incremented, amount)
  }

  /**
   * @param amount - an integer of at least 0; with 0 nothing changes
   * @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT`
   */
  decrement(replica: Replica, amount: number | bigint = 1): PNCounter {
    return this.#count(replica, decremented, amount)
  }

  #count(replica: Replica, place: 0 | 1, amount: number | bigint): PNCounter {
    const added = checkedAmount(amount)
    if (added === 0) return this
    const { store, context } = this.body.state
    const draft = new Draft(context)
    return changed<PNCounter>(this, draft.delta(counted(draft, store, replica, place, added)))
  }
}

/** A leaf in which the totals of that replica have grown. */
export function counted(
  draft: Draft,
  store: DotStore | undefined,
  replica: Replica,
  place: 0 | 1,
  added: Count,
): DotStore {
  const own = stampsOf(store).get(replica.node)
  if (own) draft.replace({ type: 'leaf', dots: new Map([[replica.node, own]]) })
  const [plus, minus] = [countAt(own?.payload ?? [], 0), countAt(own?.payload ?? [], 1)]
  const payload =
    place === incremented ? [addCounts(plus, added), minus] : [plus, addCounts(minus, added)]
  return draft.leaf(replica, payload)
}

/** What was added, less what was taken away. */
export function balanceOf(store: DotStore | undefined): bigint {
  let [plus, minus]: Count[] = [0, 0]
  for (const { payload } of stampsOf(store).values()) {
    plus = addCounts(plus ?? 0, countAt(payload, incremented))
    minus = addCounts(minus ?? 0, countAt(payload, decremented))
  }
  return BigInt(plus ?? 0) - BigInt(minus ?? 0)
}

function totalsAt(store: DotStore | undefined, place: 0 | 1): ReadonlyMap<string, bigint> {
  const totals = [...stampsOf(store)]
    .map(([node, { payload }]) => [node, BigInt(countAt(payload, place))] as const)
    .filter(([, total]) => total > 0n)
  return new Map(totals)
}

const type: CrdtType<PNCounter> = {
  name: 'pn-counter',
  shape: pnShape,
  get empty() {
    return fresh(type, nothingYet)
  },
  of: (body) => new PNCounter(type, body),
}

/** The type of counters that grow and shrink. */
export function pnCounter(): CrdtType<PNCounter> {
  return type
}
