import type { Forbidden, NodeAddress } from '@casty/transport'
import { compareText } from './compare-text.ts'
import { digestOf } from './digest.ts'

/** So many each member forbids by hand. */
export const maxForbidden = 1_024

/** Of all members together, so many are kept. */
const maxMerged = 4_096

/**
 * Who is evicted from the cluster, by address in every life or by certificate. It only grows, and members
 * hand it on to each other as long as any of them lives.
 *
 * Immutable. A change that changes nothing returns the same instance.
 */
export class Evictions {
  static readonly empty: Evictions = new Evictions(new Map())

  readonly #byKey: ReadonlyMap<string, Forbidden>
  #digest: number | undefined

  private constructor(byKey: ReadonlyMap<string, Forbidden>) {
    this.#byKey = byKey
  }

  get size(): number {
    return this.#byKey.size
  }

  get entries(): readonly Forbidden[] {
    return [...this.#byKey.values()]
  }

  hasAddress(address: NodeAddress): boolean {
    return this.#byKey.size > 0 && this.has({ address })
  }

  has(forbidden: Forbidden): boolean {
    return this.#byKey.has(keyOf(forbidden))
  }

  /**
   * The union; beyond what is kept, the first by key. Commutative, associative, idempotent: the first of a
   * union are the same, whichever unions were cut before.
   */
  merge(entries: Iterable<Forbidden>): Evictions {
    const news = [...entries].filter((entry) => !this.has(entry))
    if (news.length === 0) return this
    const all = [...this.#byKey, ...news.map((entry) => [keyOf(entry), entry] as const)]
    const kept = new Map(
      all.toSorted(([left], [right]) => compareText(left, right)).slice(0, maxMerged),
    )
    const isSame = kept.size === this.size && [...kept.keys()].every((key) => this.#byKey.has(key))
    return isSame ? this : new Evictions(kept)
  }

  get digest(): number {
    this.#digest ??= digestOf([...this.#byKey.keys()].join())
    return this.#digest
  }
}

function keyOf(forbidden: Forbidden): string {
  return 'address' in forbidden
    ? `address ${forbidden.address}`
    : `certificate ${forbidden.fingerprint}`
}
