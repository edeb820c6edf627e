import { changed, fresh, nothingYet, type Body, type Crdt, type CrdtType } from '../crdt.ts'
import { branchOf, entriesOf } from '../kernel/dot-store.ts'
import { Draft } from '../kernel/draft.ts'
import { nothing } from '../kernel/payload.ts'
import { textOf, type Plain } from '../plain.ts'
import type { Replica } from '../replica.ts'
import { elementsOf, elementsShape } from './elements.ts'

/**
 * A set to which elements are added and from which they are removed. Removing takes away what the remover
 * has seen, so an element that is added and removed at the same time stays. Nothing is kept of what was removed.
 * Elements are plain data, equal where their content is.
 *
 * @see Bieniusa et al., "An optimized conflict-free replicated set", 2012
 */
export class ORSet<T extends Plain = Plain> implements Crdt<ORSet<T>> {
  readonly type: CrdtType<ORSet<T>>
  readonly body: Body

  constructor(type: CrdtType<ORSet<T>>, body: Body) {
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
   * Adds an element, also anew: whoever removes it at the same time has not seen that.
   *
   * @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT` for what is no plain data
   */
  add(replica: Replica, element: T): ORSet<T> {
    return this.addAll(replica, [element])
  }

  /** Adds several in one pass. */
  addAll(replica: Replica, elements: Iterable<T>): ORSet<T> {
    const texts = new Set(Array.from(elements, (element) => textOf('element', element)))
    if (texts.size === 0) return this
    const before = entriesOf(this.body.state.store)
    const draft = new Draft(this.body.state.context)
    const added = Array.from(texts, (text) => {
      draft.replace(before.get(text))
      return [text, draft.leaf(replica, nothing)] as const
    })
    return changed<ORSet<T>>(this, draft.delta(branchOf(added)))
  }

  /** The same instance where it is not in the set. */
  remove(element: T): ORSet<T> {
    const found = entriesOf(this.body.state.store).get(textOf('element', element))
    if (found === undefined) return this
    return changed<ORSet<T>>(this, new Draft(this.body.state.context).replace(found).delta())
  }

  /** Removes all that is in the set; the same instance where nothing is. */
  clear(): ORSet<T> {
    const { store, context } = this.body.state
    return changed<ORSet<T>>(this, new Draft(context).replace(store).delta())
  }
}

/** The type of sets with removal. */
export function orSet<T extends Plain = Plain>(): CrdtType<ORSet<T>> {
  const type: CrdtType<ORSet<T>> = {
    name: 'or-set',
    shape: elementsShape,
    get empty() {
      return fresh(type, nothingYet)
    },
    of: (body) => new ORSet<T>(type, body),
  }
  return type
}
