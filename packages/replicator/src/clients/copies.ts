// What a client holds of the values of a cluster.
import { equals, follows, merge, type CrdtType } from '@casty/crdt'
import type { AnyValue } from '../any-value.ts'
import { isAheadOf, mergeEnvelopes, type Envelope } from '../core/envelope.ts'
import { emptyEntry } from '../core/key-table.ts'
import type { KeyState } from '../wire/messages.ts'
import type { Held } from './client-messages.ts'
import { valueDigest } from './client-names.ts'

interface Copy {
  readonly type: CrdtType<AnyValue>
  readonly envelope: Envelope<AnyValue>
  /**
   * `untold`: no member has told yet what there is. `doubted`: what members have is to take its place, since it may be older
   * than what they remember, or has in it what they refused.
   */
  readonly standing: 'untold' | 'told' | 'doubted'
}

/** What came of being told of a key. */
export interface Taken {
  /** The value is another one now. */
  readonly isChanged: boolean
  /** There is more here than the member has, which told all of it. */
  readonly hasMore: boolean
  /** Something between what was here and what came is missing, or the whole value has to come first. */
  readonly isGap: boolean
}

const nothing: Taken = { isChanged: false, hasMore: false, isGap: false }

export class Copies {
  readonly #copies = new Map<string, Copy>()

  get size(): number {
    return this.#copies.size
  }

  get keys(): readonly string[] {
    return [...this.#copies.keys()]
  }

  /** What a member is told of it all. */
  get held(): readonly Held[] {
    return [...this.#copies].map(([key, { envelope, standing }]) => ({
      key,
      digest: standing === 'told' ? valueDigest(envelope.value) : undefined,
    }))
  }

  typeOf(key: string): CrdtType<AnyValue> | undefined {
    return this.#copies.get(key)?.type
  }

  valueOf(key: string): AnyValue | undefined {
    return this.#copies.get(key)?.envelope.value
  }

  stateOf(key: string): readonly KeyState[] {
    const copy = this.#copies.get(key)
    return copy ? [{ key, envelope: copy.envelope }] : []
  }

  /** @returns whether it is new */
  hold(key: string, type: CrdtType<AnyValue>): boolean {
    if (this.#copies.has(key)) return false
    this.#copies.set(key, { type, envelope: emptyEntry(type), standing: 'untold' })
    return true
  }

  /** @returns whether it was held */
  release(key: string): boolean {
    return this.#copies.delete(key)
  }

  /** It was changed here. */
  become(key: string, value: AnyValue): void {
    const copy = this.#copies.get(key)
    if (copy) this.#copies.set(key, { ...copy, envelope: { ...copy.envelope, value } })
  }

  /** What members have of it is to take its place. */
  doubt(key: string): void {
    const copy = this.#copies.get(key)
    if (copy) this.#copies.set(key, { ...copy, standing: 'doubted' })
  }

  /**
   * A member told of a key.
   *
   * @param state - undefined where the member has nothing of it
   * @param unanswered - what was changed here, and may not have reached any member
   */
  take(
    key: string,
    state: KeyState | undefined,
    isWhole: boolean,
    unanswered: readonly AnyValue[],
    wallMs: number,
  ): Taken {
    const copy = this.#copies.get(key)
    if (copy === undefined) return nothing
    const envelope = state?.envelope ?? emptyEntry(copy.type)
    if (envelope.value.type.name !== copy.type.name) return nothing
    if (copy.standing !== 'doubted') return this.#join(key, copy, envelope, isWhole, wallMs)
    return isWhole ? this.#replace(key, copy, envelope, unanswered) : nothing
  }

  #join(
    key: string,
    copy: Copy,
    told: Envelope<AnyValue>,
    isWhole: boolean,
    wallMs: number,
  ): Taken {
    const before = copy.envelope
    // Of what a removed node did, whoever stands in for it has told with the whole value only.
    const isAhead = [before, told].some(({ value }) => isAheadOf(told, value))
    if (!isWhole && isAhead) return { ...nothing, isGap: true }
    const envelope = mergeEnvelopes(before, told, wallMs)
    this.#copies.set(key, { ...copy, envelope, standing: isWhole ? 'told' : copy.standing })
    return {
      isChanged: envelope !== before && !equals(envelope.value, before.value),
      hasMore: isWhole && !equals(envelope.value, told.value),
      isGap: !isWhole && !follows(before.value, told.value),
    }
  }

  #replace(
    key: string,
    copy: Copy,
    told: Envelope<AnyValue>,
    unanswered: readonly AnyValue[],
  ): Taken {
    const value = unanswered.reduce((joined, delta) => merge(joined, delta), told.value)
    this.#copies.set(key, { ...copy, envelope: { ...told, value }, standing: 'told' })
    return { ...nothing, isChanged: !equals(value, copy.envelope.value) }
  }
}
