import type { NodeKey } from '@casty/transport'

/**
 * Nodes that have sent messages here. Nobody else's fence is waited for: a member that is new, or has nothing to do with the type,
 * never sends one. Of those who send for the first time just then, messages go back and are sent on. Mutable.
 */
export class Senders {
  readonly #keys = new Set<NodeKey>()
  #last: NodeKey | undefined

  note(key: NodeKey): void {
    if (key === this.#last) return
    this.#last = key
    this.#keys.add(key)
  }

  /** Those among `others`. */
  *among(others: ReadonlySet<NodeKey>): Iterable<NodeKey> {
    for (const key of this.#keys) if (others.has(key)) yield key
  }

  /** Whoever is not among `others` is none any more. */
  keepOnly(others: ReadonlySet<NodeKey>): void {
    for (const key of this.#keys) if (!others.has(key)) this.#keys.delete(key)
    this.#last = undefined
  }
}
