// Takes snapshots while the actor goes on, and deletes what they make superfluous. A snapshot of durable
// events is right whoever saves it and however late, so nobody waits for it.
import type { ActorSystem } from '@casty/actor'
import { patiently } from './patience.ts'
import type { Folded } from './recovery.ts'
import type { Settings, SnapshotSettings } from './settings.ts'
import { warn } from './warn.ts'

/** The snapshots of one incarnation. */
export class SnapshotKeeper<Command, Event, State> {
  readonly #settings: Settings<Command, Event, State>
  readonly #policy: SnapshotSettings<Event, State>
  readonly #system: ActorSystem
  readonly #epoch: number
  /** Numbers of snapshots that are there, oldest first: as far as this incarnation knows. */
  readonly #kept: number[]
  /** When one was taken last, whatever came of it. */
  #takenAt: number
  #isWanted = false
  #isSaving = false

  constructor(
    settings: Settings<Command, Event, State>,
    policy: SnapshotSettings<Event, State>,
    system: ActorSystem,
    epoch: number,
    snapshotNr: number,
  ) {
    this.#settings = settings
    this.#policy = policy
    this.#system = system
    this.#epoch = epoch
    this.#takenAt = snapshotNr
    this.#kept = snapshotNr > 0 ? [snapshotNr] : []
  }

  /** One is to be taken as soon as may be. */
  want(): void {
    this.#isWanted = true
  }

  /** Told of each state whose events are durable. */
  offer({ state, sequenceNr }: Folded<State>): void {
    const isDue = this.#isWanted || sequenceNr - this.#takenAt >= this.#policy.every
    if (!isDue || this.#isSaving || sequenceNr === this.#takenAt) return
    this.#isWanted = false
    this.#takenAt = sequenceNr
    this.#isSaving = true
    void this.#take(state, sequenceNr).finally(() => {
      this.#isSaving = false
    })
  }

  /** Never rejects. Begins at once: the state may be another one later. */
  async #take(state: State, sequenceNr: number): Promise<void> {
    const { id, journal, codec } = this.#settings
    const writer = { epoch: this.#epoch }
    try {
      const timestamp = Math.max(0, Math.floor(this.#system.clock.wallNow()))
      const version = this.#policy.versions.version ?? 1
      const bytes = codec.encode(state)
      const snapshot = { manifest: 'state', version, timestamp, bytes, sequenceNr }
      // One that never settles would have this one be the last.
      await this.#patiently(() => journal.saveSnapshot(id, snapshot, writer))
    } catch (error) {
      warn(this.#settings, this.#system, { type: 'snapshot-failed', id, sequenceNr, error })
      return
    }
    this.#kept.push(sequenceNr)
    try {
      await this.#patiently(() => this.#deleteSuperfluous())
    } catch (error) {
      warn(this.#settings, this.#system, { type: 'deletion-failed', id, sequenceNr, error })
    }
  }

  #patiently(call: () => Promise<void>): Promise<void> {
    return patiently(this.#system.clock, this.#settings.journalTimeoutMs, call)
  }

  async #deleteSuperfluous(): Promise<void> {
    const { id, journal } = this.#settings
    const { keep, deleteEvents } = this.#policy
    if (this.#kept.length < keep) return
    this.#kept.splice(0, this.#kept.length - keep)
    const oldest = this.#kept[0] ?? 0
    const writer = { epoch: this.#epoch }
    if (oldest > 1) await journal.deleteSnapshots(id, oldest - 1, writer)
    // Each snapshot that is kept can be gone on from.
    if (deleteEvents) await journal.deleteEvents(id, oldest, writer)
  }
}
