import { changed, fresh, nothingYet, type Body, type Crdt, type CrdtType } from '../crdt.ts'
import { CrdtError } from '../errors.ts'
import { branchOf, entriesOf, type DotStore } from '../kernel/dot-store.ts'
import { Draft } from '../kernel/draft.ts'
import { nothing } from '../kernel/payload.ts'
import { dotsOnly } from '../kernel/shape.ts'
import { fromText, textOf } from '../plain.ts'
import type { Replica } from '../replica.ts'
import { isMapKey, sortedKeys } from './elements.ts'

/** In what is below a key: the dots of those who changed the key, and the value. */
const presence = 'p'
const content = 'v'

/**
 * A map of replicated values of one type, which stand in the context of the map. Removing a key takes away
 * what the remover has seen of its value: what is changed in it at the same time stays, and nothing else
 * does. A key that is made anew begins with nothing.
 */
export class ORMap<V extends Crdt<V>> implements Crdt<ORMap<V>> {
  readonly type: CrdtType<ORMap<V>>
  readonly body: Body
  readonly #valueType: CrdtType<V>

  constructor(type: CrdtType<ORMap<V>>, body: Body, valueType: CrdtType<V>) {
    this.type = type
    this.body = body
    this.#valueType = valueType
  }

  /** The values, in an order of keys that is the same everywhere. */
  get value(): ReadonlyMap<string, V> {
    const { store } = this.body.state
    return new Map(
      sortedKeys(store).map((text) => [
        fromText<string>(text),
        this.#valueOf(entriesOf(store).get(text)),
      ]),
    )
  }

  get size(): number {
    return entriesOf(this.body.state.store).size
  }

  has(key: string): boolean {
    return entriesOf(this.body.state.store).has(textOf('key', key))
  }

  /** Undefined where there is no such key. */
  get(key: string): V | undefined {
    const found = entriesOf(this.body.state.store).get(textOf('key', key))
    return found === undefined ? undefined : this.#valueOf(found)
  }

  /**
   * Changes the value of a key, or the empty one where there is no such key, which is then made even if the
   * value stays empty. The same instance where the key is there and its value stays the same.
   *
   * @param change - answers what it makes of the value it is given, by changes of that value alone
   * @throws CrdtError `CASTY_CRDT_FOREIGN_VALUE` for another value; use `put` for those
   */
  update(replica: Replica, key: string, change: (value: V) => V): ORMap<V> {
    const text = textOf('key', key)
    const found = entriesOf(this.body.state.store).get(text)
    const before = this.#valueOf(found)
    const after = change(before)
    if (after === before && found !== undefined) return this
    const isForeign =
      after.type.name !== before.type.name || after.body.origin !== before.body.origin
    if (isForeign) throw CrdtError.foreignValue(key)
    const { pending = nothingYet } = after.body
    const draft = new Draft(this.body.state.context, pending.context)
    return this.#touch(replica, draft, text, found, pending.store)
  }

  /** Puts a copy of a value, as if that replica had made all of it, in place of what is there. */
  put(replica: Replica, key: string, value: V): ORMap<V> {
    if (value.type.name !== this.#valueType.name) {
      throw CrdtError.typeMismatch(this.#valueType.name, value.type.name)
    }
    const text = textOf('key', key)
    const found = entriesOf(this.body.state.store).get(text)
    const draft = new Draft(this.body.state.context).replace(found)
    const copy = draft.copy(replica, value.body.state.store, this.#valueType.shape)
    return this.#touch(replica, draft, text, found, copy)
  }

  /** The same instance where there is no such key. */
  remove(key: string): ORMap<V> {
    const { store, context } = this.body.state
    const found = entriesOf(store).get(textOf('key', key))
    return changed<ORMap<V>>(this, new Draft(context).replace(found).delta())
  }

  /** With a new dot on the key, so that whoever removes it at the same time has not seen this change. */
  #touch(
    replica: Replica,
    draft: Draft,
    text: string,
    found: DotStore | undefined,
    value: DotStore | undefined,
  ): ORMap<V> {
    draft.replace(entriesOf(found).get(presence))
    const entry = branchOf([
      [presence, draft.leaf(replica, nothing)],
      [content, value],
    ])
    return changed<ORMap<V>>(this, draft.delta(branchOf([[text, entry]])))
  }

  #valueOf(entry: DotStore | undefined): V {
    const { context } = this.body.state
    return fresh(this.#valueType, { store: entriesOf(entry).get(content), context })
  }
}

/** The type of maps of replicated values. */
export function orMap<V extends Crdt<V>>(valueType: CrdtType<V>): CrdtType<ORMap<V>> {
  const type: CrdtType<ORMap<V>> = {
    name: `or-map<${valueType.name}>`,
    shape: {
      type: 'branch',
      below: { type: 'fields', fields: { [presence]: dotsOnly, [content]: valueType.shape } },
      isKey: isMapKey,
    },
    get empty() {
      return fresh(type, nothingYet)
    },
    of: (body) => new ORMap<V>(type, body, valueType),
  }
  return type
}
