import { changed, fresh, nothingYet, type Body, type Crdt, type CrdtType } from '../crdt.ts'
import { branchOf, entriesOf } from '../kernel/dot-store.ts'
import { Draft } from '../kernel/draft.ts'
import { nothing } from '../kernel/payload.ts'
import { textOf, type Plain } from '../plain.ts'
import type { Replica } from '../replica.ts'
import { elementsOf, elementsShape } from './elements.ts'

/** A set that only grows. Elements are plain data, equal where their content is. */
export class GSet<T extends Plain = Plain> implements Crdt<GSet<T>> {
  readonly type: CrdtType<GSet<T>>
  readonly body: Body

  constructor(type: CrdtType<GSet<T>>, body: Body) {
    this.type = type
    this.body = body
  }

  /** The elements, in an order that is the same everywhere. */
  get value(): readonly T[] {
    return elementsOf<T>(this.body.state.store)
  }

  get size(): number {
    return entriesOf(this.body.state.store).size
  }

  has(element: T): boolean {
    return entriesOf(this.body.state.store).has(textOf('element', element))
  }

  /**
   * The same instance where it is in the set.
   *
   * @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT` for what is no plain data
   */
  add(replica: Replica, element: T): GSet<T> {
    const text = textOf('element', element)
    if (entriesOf(this.body.state.store).has(text)) return this
    const draft = new Draft(this.body.state.context)
    return changed<GSet<T>>(this, draft.delta(branchOf([[text, draft.leaf(replica, nothing)]])))
  }
}

/** The type of sets that only grow. */
export function gSet<T extends Plain = Plain>(): CrdtType<GSet<T>> {
  const type: CrdtType<GSet<T>> = {
    name: 'g-set',
    shape: elementsShape,
    get empty() {
      return fresh(type, nothingYet)
    },
    of: (body) => new GSet<T>(type, body),
  }
  return type
}
