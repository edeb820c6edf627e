import { changed, fresh, nothingYet, type Body, type Crdt, type CrdtType } from '../crdt.ts'
import { branchOf, entriesOf } from '../kernel/dot-store.ts'
import { Draft } from '../kernel/draft.ts'
import { fromText, textOf, type Plain } from '../plain.ts'
import type { Replica } from '../replica.ts'
import { isMapKey, sortedKeys } from './elements.ts'
import {
  checkedLwwOptions,
  lwwSuffix,
  write,
  writtenIn,
  writtenShape,
  type LwwOptions,
  type Written,
} from './written.ts'

/**
 * A map in which one write per key stays of several at the same time. Removing a key takes away what the
 * remover has seen of it: a write at the same time stays.
 */
export class LWWMap<T extends Plain = Plain> implements Crdt<LWWMap<T>> {
  readonly type: CrdtType<LWWMap<T>>
  readonly body: Body
  readonly #options: Required<LwwOptions>

  constructor(type: CrdtType<LWWMap<T>>, body: Body, options: Required<LwwOptions>) {
    this.type = type
    this.body = body
    this.#options = options
  }

  /** The entries, in an order of keys that is the same everywhere. */
  get value(): ReadonlyMap<string, T> {
    const { store } = this.body.state
    return new Map(
      sortedKeys(store).flatMap((text) => {
        const written = writtenIn<T>(entriesOf(store).get(text), this.#options)
        return written === undefined ? [] : [[fromText<string>(text), written.value] as const]
      }),
    )
  }

  get size(): number {
    return entriesOf(this.body.state.store).size
  }

  has(key: string): boolean {
    return entriesOf(this.body.state.store).has(textOf('key', key))
  }

  get(key: string): T | undefined {
    return this.written(key)?.value
  }

  /** The value of a key with when and by whom it was written. */
  written(key: string): Written<T> | undefined {
    return writtenIn<T>(entriesOf(this.body.state.store).get(textOf('key', key)), this.#options)
  }

  /**
   * Writes the value of a key. Where the first write is kept and there is one, the same instance.
   *
   * @param nowMs - by the writer's clock, milliseconds since 1970 by custom; whole
   * @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT` for what is no plain data, or no time
   */
  put(replica: Replica, key: string, value: T, nowMs: number): LWWMap<T> {
    const text = textOf('key', key)
    const { store, context } = this.body.state
    const draft = new Draft(context)
    const after = write(draft, entriesOf(store).get(text), replica, value, nowMs, this.#options)
    if (after === undefined) return this
    return changed<LWWMap<T>>(this, draft.delta(branchOf([[text, after]])))
  }

  /** The same instance where there is no such key. */
  remove(key: string): LWWMap<T> {
    const { store, context } = this.body.state
    const found = entriesOf(store).get(textOf('key', key))
    return changed<LWWMap<T>>(this, new Draft(context).replace(found).delta())
  }
}

/**
 * The type of maps in which one write per key stays.
 *
 * @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT`
 */
export function lwwMap<T extends Plain = Plain>(options: LwwOptions = {}): CrdtType<LWWMap<T>> {
  const checked = checkedLwwOptions(options)
  const type: CrdtType<LWWMap<T>> = {
    name: `lww-map${lwwSuffix(checked)}`,
    shape: { type: 'branch', below: writtenShape(checked), isKey: isMapKey },
    get empty() {
      return fresh(type, nothingYet)
    },
    of: (body) => new LWWMap<T>(type, body, checked),
  }
  return type
}
