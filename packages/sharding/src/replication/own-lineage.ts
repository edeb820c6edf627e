// Which copies of a shard count, as its owner knows: what the table says of that, against what the owner itself has and what
// others turn out to have. Where that is in doubt nothing is confirmed.
import type { ShardCopies } from './copies.ts'
import type { CopyStore } from './copy-store.ts'

export interface OwnLineageSettings {
  /** In which epoch the lineage that counts was born, as the table says; undefined where copies are in memory only, or nobody has said so. */
  readonly agreed: number | undefined
  /** Whether what is confirmed has to be on the disk here. */
  readonly ownAck: boolean
}

/**
 * Mutable. Whatever was confirmed here is of the lineage that counts, and the disk here says that there is such before the first of it is:
 * else it would give way to others.
 */
export class OwnLineage {
  readonly #copies: ShardCopies
  readonly #store: CopyStore | undefined
  readonly #settings: OwnLineageSettings
  /** The disk came to say that writes of the lineage were confirmed, and there was something to wait for. */
  readonly #stored: () => void
  /** What this node has comes from elsewhere than what counts: it is kept, and neither read nor written. */
  #isAside = false
  /** It is being found out which copies count. */
  isUndecided = false
  /** There are copies that come from elsewhere, and nothing was confirmed here by then. */
  #isContested = false
  /** Of the word that writes of the lineage were confirmed. */
  #write: 'due' | 'under-way' | 'done' = 'done'

  constructor(
    copies: ShardCopies,
    store: CopyStore | undefined,
    settings: OwnLineageSettings,
    stored: () => void,
  ) {
    this.#copies = copies
    this.#store = store
    this.#settings = settings
    this.#stored = stored
    this.#setAside()
  }

  /** What this node has does not count where it comes from elsewhere. */
  #setAside(): void {
    const own = this.#copies.lineage
    if (!own || own.bornIn === this.bornIn) return
    if (own.isConfirmed) this.#isAside = true
    else {
      this.#copies.forget()
      this.#store?.forget()
    }
  }

  /** What requests carry: nothing is done to copies that come from elsewhere. */
  get bornIn(): number | undefined {
    return this.#settings.agreed ?? this.#copies.lineage?.bornIn
  }

  /** Whether what this node has comes from elsewhere than what counts. */
  get isAside(): boolean {
    return this.#isAside
  }

  /** Whether it waits for the table to say which copies count. */
  get isContested(): boolean {
    if (this.isUndecided) return true
    return this.#isContested && (this.#isAside || this.#copies.lineage?.isConfirmed !== true)
  }

  /**
   * What was confirmed before may be with others: who has nothing of its own that was does not begin anew.
   *
   * @returns whether it waits for the table from now on
   */
  contest(): boolean {
    if (this.#settings.agreed === undefined || this.#isContested) return false
    if (!this.#isAside && this.#copies.lineage?.isConfirmed === true) return false
    this.#isContested = true
    return true
  }

  /** What this node had was given up. */
  gaveUp(): void {
    this.#isAside = false
  }

  /** Something is going to be written under that epoch: where nothing is there, that begins the lineage. */
  begin(epoch: number): void {
    if (!this.#store || this.#copies.lineage) return
    this.#copies.comeFrom({ bornIn: this.#settings.agreed ?? epoch, isConfirmed: false })
  }

  /** Whether writes may be confirmed that enough have: the disk is asked for its word where that is missing, and waited for. */
  mayConfirm(): boolean {
    const { lineage } = this.#copies
    const store = this.#store
    if (this.isContested) return false
    if (!store || !lineage) return true
    if (!lineage.isConfirmed) {
      this.#copies.comeFrom({ ...lineage, isConfirmed: true })
      this.#write = 'due'
    }
    if (this.#write === 'due') this.#writeDown(store)
    return this.#write === 'done' || !this.#settings.ownAck
  }

  #writeDown(store: CopyStore): void {
    let isLater = false
    this.#write = 'under-way'
    store.writeLineage((isStored) => {
      this.#write = isStored ? 'done' : 'due'
      if (isLater && isStored) this.#stored()
    })
    isLater = true
  }
}
