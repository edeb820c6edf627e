// Writes that were applied to the copies of their owner, until enough nodes have them.
import { compareCopies, noCopy, type CopyVersion } from './copy-version.ts'
import type { FollowedReplicas } from './followed-replicas.ts'
import type { OwnLineage } from './own-lineage.ts'
import { PendingWrites, type PendingWrite } from './pending-writes.ts'

export interface ConfirmationSettings {
  /** Whether what is written must be on the disk of this node to be confirmed. */
  readonly ownAck: boolean
  /** Whether this node has one. */
  readonly isDurable: boolean
}

/** Mutable. Writes of an id are confirmed in their order: who has a version has all before it. */
export class Confirmations {
  readonly #replicas: FollowedReplicas
  readonly #lineage: Pick<OwnLineage, 'mayConfirm'>
  readonly #settings: ConfirmationSettings
  readonly #pending = new PendingWrites()
  /** What is on the disk here. */
  readonly #stored = new Map<string, CopyVersion>()

  constructor(
    replicas: FollowedReplicas,
    lineage: Pick<OwnLineage, 'mayConfirm'>,
    settings: ConfirmationSettings,
  ) {
    this.#replicas = replicas
    this.#lineage = lineage
    this.#settings = settings
  }

  add(write: PendingWrite): void {
    this.#pending.add(write)
  }

  /** The disk here has it as far as that. */
  storedHere(id: string, version: CopyVersion): void {
    const known = this.#stored.get(id) ?? noCopy
    if (compareCopies(version, known) > 0) this.#stored.set(id, version)
    this.settle(id)
  }

  #isStoredHere(id: string, version: CopyVersion): boolean {
    return !this.#settings.isDurable || compareCopies(this.#stored.get(id) ?? noCopy, version) >= 0
  }

  #isConfirmed(id: string, version: CopyVersion): boolean {
    if (this.#settings.ownAck && !this.#isStoredHere(id, version)) return false
    const { minAcks } = this.#replicas
    return minAcks === 0 || this.#replicas.acknowledged(id, version) >= minAcks
  }

  /** Confirms what enough have by now of that id. */
  settle(id: string): void {
    let first = this.#pending.first(id)
    if (!first || !this.#isConfirmed(id, first.version) || !this.#lineage.mayConfirm()) return
    do {
      this.#pending.shift(id)
      first.settle({ type: 'confirmed', head: first.head })
      first = this.#pending.first(id)
    } while (first && this.#isConfirmed(id, first.version))
  }

  /** … and of all ids. */
  settleAll(): void {
    for (const id of this.#pending.ids()) this.settle(id)
  }

  /** When the next write has waited for too long. */
  nextDeadline(): number {
    return this.#pending.nextDeadline()
  }

  tick(now: number): void {
    for (const { id, version, settle } of this.#pending.takeLate(now)) {
      const acknowledged = this.#replicas.acknowledged(id, version)
      const isStoredHere = this.#isStoredHere(id, version)
      settle({
        type: 'timed-out',
        acknowledged,
        withoutRoom: this.#replicas.withoutRoomFor(id),
        isStoredHere,
      })
    }
  }

  /** The shard is another's under that epoch. */
  end(epoch: number): void {
    for (const { settle } of this.#pending.takeAll()) {
      settle({ type: 'over', epoch, wasApplied: true })
    }
  }
}
