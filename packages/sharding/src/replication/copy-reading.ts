// Records of a journal, in their order, as the copies that they tell of. A process may have ended while all copies were written
// anew, or may not have known whether it wrote something: so records come twice, and operations on what is no more there.
import type { JournalRecord } from '@casty/persistence'
import { ByteReader, TransportError } from '@casty/transport'
import { ArrivingCopy } from './arriving-copy.ts'
import type { ShardCopies } from './copies.ts'
import { readEntry, readLineage, readPiece } from './copy-format.ts'
import { manifests } from './copy-records.ts'
import { compareCopies, type CopyVersion } from './copy-version.ts'
import type { Piece } from './copy.ts'
import type { ReplicatedEntry } from './messages.ts'

/** Mutable. Once it has ended, each copy has all operations that there are of it. */
export class CopyReading {
  readonly #id: string
  readonly #copies: ShardCopies
  /** Pieces of the copy that is read. */
  readonly #arriving = new ArrivingCopy()
  /**
   * Ids with operations on a version that is not there, and the last of these. They came while copies were written anew, before which
   * all is deleted then: the whole copy comes behind them.
   */
  readonly #unfounded = new Map<string, { readonly at: number; readonly version: CopyVersion }>()

  /**
   * @param id - of the journal's records: errors name it
   * @param copies - empty
   */
  constructor(id: string, copies: ShardCopies) {
    this.#id = id
    this.#copies = copies
  }

  /** The next one, which is at `at`. @throws TransportError `CASTY_TRANSPORT_MALFORMED` where it cannot be understood */
  take({ manifest, bytes }: Pick<JournalRecord, 'manifest' | 'bytes'>, at: number): void {
    const reader = new ByteReader(bytes, 0, bytes.length)
    switch (manifest) {
      case manifests.operation:
        this.#operation(readEntry(reader), at)
        return
      case manifests.piece:
        this.#piece(readPiece(reader), at)
        return
      case manifests.forgotten:
        this.#copies.forget()
        this.#unfounded.clear()
        return
      case manifests.lineage:
        this.#copies.comeFrom(readLineage(reader))
        return
      default:
        throw TransportError.malformed(
          `Record ${at} of ${this.#id} is of a later version: ${manifest}`,
        )
    }
  }

  #operation({ id, previous, version, operation }: ReplicatedEntry, at: number): void {
    const present = this.#copies.version(id)
    if (compareCopies(present, version) >= 0) return // A copy that was written anew has it.
    if (compareCopies(present, previous) === 0) this.#copies.apply(id, operation, version)
    else this.#unfounded.set(id, { at, version })
  }

  #piece(piece: Piece, at: number): void {
    if (this.#arriving.take(piece) === undefined) {
      throw TransportError.malformed(`Record ${at} of ${this.#id} is no next piece of ${piece.id}`)
    }
    if (!piece.isLast) return
    if (this.#copies.install(this.#arriving.takeAll()) === 'no-room') {
      throw TransportError.malformed(`There is no room for ${piece.id}: raise maxCopyBytes`)
    }
    const { version } = this.#unfounded.get(piece.id) ?? {}
    if (version && compareCopies(piece.version, version) >= 0) this.#unfounded.delete(piece.id)
  }

  /** There is no more. @throws TransportError `CASTY_TRANSPORT_MALFORMED` where something is missing in between */
  end(): void {
    for (const [of, { at }] of this.#unfounded) {
      throw TransportError.malformed(`Record ${at} of ${this.#id} is of another version of ${of}`)
    }
  }
}
