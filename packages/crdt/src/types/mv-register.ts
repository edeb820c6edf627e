import { changed, fresh, nothingYet, type Body, type Crdt, type CrdtType } from '../crdt.ts'
import { compareText } from '../kernel/compare-text.ts'
import { stampsOf, type DotStore } from '../kernel/dot-store.ts'
import { Draft } from '../kernel/draft.ts'
import { isAscending, type LeafShape } from '../kernel/shape.ts'
import { fromText, isCanonicalText, textOf, type Plain } from '../plain.ts'
import type { Replica } from '../replica.ts'

const valuesShape: LeafShape = {
  type: 'leaf',
  isPayload: (payload) =>
    payload.length > 0 && payload.every((text) => isCanonicalText(text)) && isAscending(payload),
  combine: (stamps) => sortedTexts(stamps.flatMap(([, payload]) => payload.map(String))),
}

/**
 * A register that keeps all values that were written at the same time, until somebody who has seen them
 * writes another one.
 */
export class MVRegister<T extends Plain = Plain> implements Crdt<MVRegister<T>> {
  readonly type: CrdtType<MVRegister<T>>
  readonly body: Body

  constructor(type: CrdtType<MVRegister<T>>, body: Body) {
    this.type = type
    this.body = body
  }

  /** The values, each once, in an order that is the same everywhere; none before the first is written. */
  get values(): readonly T[] {
    return textsIn(this.body.state.store).map((text) => fromText<T>(text))
  }

  /**
   * Writes a value in place of all that are there.
   *
   * @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT` for what is no plain data
   */
  set(replica: Replica, value: T): MVRegister<T> {
    const text = textOf('value', value)
    const { store, context } = this.body.state
    const draft = new Draft(context).replace(store)
    return changed<MVRegister<T>>(this, draft.delta(draft.leaf(replica, [text])))
  }

  /** Takes away all values that are there; the same instance where there is none. */
  clear(): MVRegister<T> {
    const { store, context } = this.body.state
    return changed<MVRegister<T>>(this, new Draft(context).replace(store).delta())
  }
}

function textsIn(store: DotStore | undefined): readonly string[] {
  return sortedTexts([...stampsOf(store).values()].flatMap(({ payload }) => payload.map(String)))
}

function sortedTexts(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].toSorted(compareText)
}

/** The type of registers that keep concurrent values. */
export function mvRegister<T extends Plain = Plain>(): CrdtType<MVRegister<T>> {
  const type: CrdtType<MVRegister<T>> = {
    name: 'mv-register',
    shape: valuesShape,
    get empty() {
      return fresh(type, nothingYet)
    },
    of: (body) => new MVRegister<T>(type, body),
  }
  return type
}
