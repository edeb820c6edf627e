// Where a node keeps its copies of one shard besides its memory, so that they outlive its process.
import type { Piece } from './copy.ts'
import type { ReplicatedEntry } from './messages.ts'

/** What is handed to it in one turn is written at once, in order. Callbacks come in the same order. */
export interface CopyStore {
  /** Operations that were applied to the copies in memory. */
  writeEntries(entries: readonly ReplicatedEntry[], stored: () => void): void
  /** A whole copy that took the place of what was there. */
  writeCopy(pieces: readonly Piece[], stored: () => void): void
  /** What is known of their lineage has changed. Calls back once that is stored; with false where that does not work at present. */
  writeLineage(goOn: (isStored: boolean) => void): void
  /** Nothing of the shard is needed here any more. */
  forget(): void
  /** Calls back when all that was handed to it is stored; with false where that does not work at present. */
  whenStored(goOn: (isStored: boolean) => void): void
}
