import { changed, fresh, nothingYet, type Body, type Crdt, type CrdtType } from '../crdt.ts'
import { branchOf, entriesOf } from '../kernel/dot-store.ts'
import { Draft } from '../kernel/draft.ts'
import { countOf } from '../kernel/payload.ts'
import { fromText, textOf } from '../plain.ts'
import type { Replica } from '../replica.ts'
import { checkedAmount, safeNumber } from './amount.ts'
import { isMapKey, sortedKeys } from './elements.ts'
import { balanceOf, counted, decremented, incremented, pnShape } from './pn-counter.ts'

/**
 * A map of counters. Removing a key takes away what the remover has seen of it; what others count at the same
 * time stays, and with it what each of those had counted there before.
 */
export class PNCounterMap implements Crdt<PNCounterMap> {
  readonly type: CrdtType<PNCounterMap>
  readonly body: Body

  constructor(type: CrdtType<PNCounterMap>, body: Body) {
    this.type = type
    this.body = body
  }

  /**
   * The counts, in an order of keys that is the same everywhere.
   *
   * @throws CrdtError `CASTY_CRDT_OVERFLOW` where one is beyond ±(2⁵³ − 1)
   */
  get value(): ReadonlyMap<string, number> {
    return new Map([...this.bigValue].map(([key, count]) => [key, safe(count)]))
  }

  /** The counts, exact however large. */
  get bigValue(): ReadonlyMap<string, bigint> {
    const { store } = this.body.state
    return new Map(
      sortedKeys(store).map((text) => [
        fromText<string>(text),
        balanceOf(entriesOf(store).get(text)),
      ]),
    )
  }

  get size(): number {
    return entriesOf(this.body.state.store).size
  }

  has(key: string): boolean {
    return entriesOf(this.body.state.store).has(textOf('key', key))
  }

  /**
   * Undefined where there is no such key.
   *
   * @throws CrdtError `CASTY_CRDT_OVERFLOW` beyond ±(2⁵³ − 1)
   */
  get(key: string): number | undefined {
    const found = entriesOf(this.body.state.store).get(textOf('key', key))
    return found === undefined ? undefined : safe(balanceOf(found))
  }

  /**
   * @param amount - an integer of at least 0; with 0 nothing changes
   * @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT`
   */
  increment(replica: Replica, key: string, amount: number | bigint = 1): PNCounterMap {
    return this.#count(replica, key, incremented, amount)
  }

  /**
   * @param amount - an integer of at least 0; with 0 nothing changes
   * @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT`
   */
  decrement(replica: Replica, key: string, amount: number | bigint = 1): PNCounterMap {
    return this.#count(replica, key, decremented, amount)
  }

  /** The same instance where there is no such key. */
  remove(key: string): PNCounterMap {
    const { store, context } = this.body.state
    const found = entriesOf(store).get(textOf('key', key))
    return changed<PNCounterMap>(this, new Draft(context).replace(found).delta())
  }

  #count(replica: Replica, key: string, place: 0 | 1, amount: number | bigint): PNCounterMap {
    const added = checkedAmount(amount)
    const text = textOf('key', key)
    if (added === 0) return this
    const { store, context } = this.body.state
    const draft = new Draft(context)
    const after = counted(draft, entriesOf(store).get(text), replica, place, added)
    return changed<PNCounterMap>(this, draft.delta(branchOf([[text, after]])))
  }
}

function safe(count: bigint): number {
  return safeNumber('The value of a counter', countOf(count))
}

const type: CrdtType<PNCounterMap> = {
  name: 'pn-counter-map',
  shape: { type: 'branch', below: pnShape, isKey: isMapKey },
  get empty() {
    return fresh(type, nothingYet)
  },
  of: (body) => new PNCounterMap(type, body),
}

/** The type of maps of counters. */
export function pnCounterMap(): CrdtType<PNCounterMap> {
  return type
}
