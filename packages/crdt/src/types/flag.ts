import { changed, fresh, nothingYet, type Body, type Crdt, type CrdtType } from '../crdt.ts'
import { Draft } from '../kernel/draft.ts'
import { nothing } from '../kernel/payload.ts'
import { dotsOnly } from '../kernel/shape.ts'
import type { Replica } from '../replica.ts'

/** A flag that is off until somebody switches it on, and stays on. */
export class Flag implements Crdt<Flag> {
  readonly type: CrdtType<Flag>
  readonly body: Body

  constructor(type: CrdtType<Flag>, body: Body) {
    this.type = type
    this.body = body
  }

  get value(): boolean {
    return this.body.state.store !== undefined
  }

  /** The same instance where it is on. */
  switchOn(replica: Replica): Flag {
    if (this.value) return this
    const draft = new Draft(this.body.state.context)
    return changed<Flag>(this, draft.delta(draft.leaf(replica, nothing)))
  }
}

const type: CrdtType<Flag> = {
  name: 'flag',
  shape: dotsOnly,
  get empty() {
    return fresh(type, nothingYet)
  },
  of: (body) => new Flag(type, body),
}

/** The type of flags that are switched on once. */
export function flag(): CrdtType<Flag> {
  return type
}
