import { changed, fresh, nothingYet, type Body, type Crdt, type CrdtType } from '../crdt.ts'
import { branchOf, entriesOf } from '../kernel/dot-store.ts'
import { Draft } from '../kernel/draft.ts'
import { nothing } from '../kernel/payload.ts'
import { fromText, textOf, type Plain } from '../plain.ts'
import type { Replica } from '../replica.ts'
import { elementsOf, elementsShape, isMapKey, sortedKeys } from './elements.ts'

/**
 * A map of sets. A key is there as long as its set holds something. What is removed, by key or by element, is
 * what the remover has seen: what is added at the same time stays.
 */
export class ORMultiMap<T extends Plain = Plain> implements Crdt<ORMultiMap<T>> {
  readonly type: CrdtType<ORMultiMap<T>>
  readonly body: Body

  constructor(type: CrdtType<ORMultiMap<T>>, body: Body) {
    this.type = type
    this.body = body
  }

  /** The sets, in an order of keys and elements that is the same everywhere. */
  get value(): ReadonlyMap<string, readonly T[]> {
    const { store } = this.body.state
    return new Map(
      sortedKeys(store).map((text) => [
        fromText<string>(text),
        elementsOf<T>(entriesOf(store).get(text)),
      ]),
    )
  }

  /** How many keys there are. */
  get size(): number {
    return entriesOf(this.body.state.store).size
  }

  has(key: string): boolean {
    return entriesOf(this.body.state.store).has(textOf('key', key))
  }

  /** The set of a key; empty where there is no such key. */
  get(key: string): readonly T[] {
    return elementsOf<T>(entriesOf(this.body.state.store).get(textOf('key', key)))
  }

  /** @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT` for what is no plain data */
  add(replica: Replica, key: string, element: T): ORMultiMap<T> {
    return this.#change(replica, key, [], [textOf('element', element)])
  }

  /** The same instance where it is not in the set of that key. */
  remove(key: string, element: T): ORMultiMap<T> {
    const text = textOf('element', element)
    const { context } = this.body.state
    const found = this.#elements(key).get(text)
    return changed<ORMultiMap<T>>(this, new Draft(context).replace(found).delta())
  }

  /** One element in place of another: in one change, so that nobody sees both, or neither. */
  replace(replica: Replica, key: string, former: T, element: T): ORMultiMap<T> {
    return this.#change(replica, key, [textOf('former', former)], [textOf('element', element)])
  }

  /** The whole set of a key, in place of what is in it. An empty one removes the key. */
  put(replica: Replica, key: string, elements: Iterable<T>): ORMultiMap<T> {
    const texts = Array.from(elements, (element) => textOf('element', element))
    return this.#change(replica, key, [...this.#elements(key).keys()], texts)
  }

  /** The same instance where there is no such key. */
  removeKey(key: string): ORMultiMap<T> {
    const { store, context } = this.body.state
    const found = entriesOf(store).get(textOf('key', key))
    return changed<ORMultiMap<T>>(this, new Draft(context).replace(found).delta())
  }

  #elements(key: string): ReturnType<typeof entriesOf> {
    return entriesOf(entriesOf(this.body.state.store).get(textOf('key', key)))
  }

  #change(
    replica: Replica,
    key: string,
    removed: readonly string[],
    added: readonly string[],
  ): ORMultiMap<T> {
    const before = this.#elements(key)
    const draft = new Draft(this.body.state.context)
    for (const text of new Set([...removed, ...added])) draft.replace(before.get(text))
    const leaves = Array.from(
      new Set(added),
      (text) => [text, draft.leaf(replica, nothing)] as const,
    )
    return changed<ORMultiMap<T>>(
      this,
      draft.delta(branchOf([[textOf('key', key), branchOf(leaves)]])),
    )
  }
}

/** The type of maps of sets. */
export function orMultiMap<T extends Plain = Plain>(): CrdtType<ORMultiMap<T>> {
  const type: CrdtType<ORMultiMap<T>> = {
    name: 'or-multi-map',
    shape: { type: 'branch', below: elementsShape, isKey: isMapKey },
    get empty() {
      return fresh(type, nothingYet)
    },
    of: (body) => new ORMultiMap<T>(type, body),
  }
  return type
}
