import { changed, fresh, nothingYet, type Body, type Crdt, type CrdtType } from '../crdt.ts'
import { Draft } from '../kernel/draft.ts'
import type { Plain } from '../plain.ts'
import type { Replica } from '../replica.ts'
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
 * A register in which one write stays of several at the same time: the latest by the clocks of the writers.
 * What a writer has seen, its own write always replaces, even if its clock is behind.
 */
export class LWWRegister<T extends Plain = Plain> implements Crdt<LWWRegister<T>> {
  readonly type: CrdtType<LWWRegister<T>>
  readonly body: Body
  readonly #options: Required<LwwOptions>

  constructor(type: CrdtType<LWWRegister<T>>, body: Body, options: Required<LwwOptions>) {
    this.type = type
    this.body = body
    this.#options = options
  }

  /** Undefined before the first write. */
  get value(): T | undefined {
    return this.written?.value
  }

  /** The value with when and by whom it was written. */
  get written(): Written<T> | undefined {
    return writtenIn<T>(this.body.state.store, this.#options)
  }

  /**
   * Writes a value. Where the first write is kept and there is one, the same instance.
   *
   * @param nowMs - by the writer's clock, milliseconds since 1970 by custom; whole
   * @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT` for what is no plain data, or no time; `CASTY_CRDT_OVERFLOW` where
   * what is there was written at 2⁵² ms
   */
  set(replica: Replica, value: T, nowMs: number): LWWRegister<T> {
    const { store, context } = this.body.state
    const draft = new Draft(context)
    const after = write(draft, store, replica, value, nowMs, this.#options)
    return after === undefined ? this : changed<LWWRegister<T>>(this, draft.delta(after))
  }
}

/**
 * The type of registers in which one write stays.
 *
 * @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT`
 */
export function lwwRegister<T extends Plain = Plain>(
  options: LwwOptions = {},
): CrdtType<LWWRegister<T>> {
  const checked = checkedLwwOptions(options)
  const type: CrdtType<LWWRegister<T>> = {
    name: `lww-register${lwwSuffix(checked)}`,
    shape: writtenShape(checked),
    get empty() {
      return fresh(type, nothingYet)
    },
    of: (body) => new LWWRegister<T>(type, body, checked),
  }
  return type
}
