// All that one node has of one type's entities, as owner or as replica, in memory.
import type { JournalHead } from '@casty/persistence'
import type { Copies } from '../protocol.ts'
import { CopyOnItsWay, type CopyRoom } from './copy-room.ts'
import { compareCopies, noCopy, type CopyVersion } from './copy-version.ts'
import { Copy, type Operation, type Piece } from './copy.ts'
import type { Lineage } from './lineage.ts'

/** What a node has of one shard. Mutable, and of its owner alone. */
export class ShardCopies {
  readonly #room: CopyRoom
  readonly #copies = new Map<string, Copy>()
  /** What its owner sends. It is let go of with the copies, and where somebody else may send instead. */
  readonly arriving: CopyOnItsWay
  /** Under lower epochs nothing is taken any more. Only grows. */
  #fence = 0
  #sizeBytes = 0
  /** Of what its owner saves anew, with `freesRoom: 'now'`, what is there already: the rest of the shard goes once that is whole. */
  #savingBytes = 0
  #lineage: Lineage | undefined

  constructor(room: CopyRoom) {
    this.#room = room
    this.arriving = new CopyOnItsWay(room, (id) => this.#copies.get(id)?.sizeBytes ?? 0)
  }

  /** Of those that are on disks; undefined where there are none, or where they are in memory only. */
  get lineage(): Lineage | undefined {
    return this.#copies.size === 0 ? undefined : this.#lineage
  }

  /** They are, or the first one is going to be, of that one. */
  comeFrom(lineage: Lineage): void {
    this.#lineage = lineage
  }

  get fence(): number {
    return this.#fence
  }

  raiseFence(epoch: number): void {
    if (epoch <= this.#fence) return
    this.#fence = epoch
    this.arriving.letGo()
  }

  find(id: string): Copy | undefined {
    return this.#copies.get(id)
  }

  version(id: string): CopyVersion {
    return this.#copies.get(id)?.version ?? noCopy
  }

  headOf(id: string): JournalHead {
    return (this.#copies.get(id) ?? new Copy(id)).head
  }

  ids(): Iterable<string> {
    return this.#copies.keys()
  }

  /** Ids above one, in order, so many at most. */
  idsAfter(after: string | undefined, most: number): readonly string[] {
    const ids = [...this.#copies.keys()].filter((id) => after === undefined || id > after)
    return ids.toSorted((left, right) => (left < right ? -1 : 1)).slice(0, most)
  }

  /** What this node does as the owner: what makes no room leaves a share of it. See `apply`. */
  applyAsOwner(id: string, operation: Operation, version: CopyVersion): Operation {
    // Snapshots let others go.
    const freesRoom = operation.type === 'append' ? operation.freesRoom : 'now'
    const roomBytes = this.#room.leftForOwnerBytes(freesRoom)
    const isSaved = operation.type === 'append' && freesRoom === 'now'
    return this.#apply(id, operation, version, roomBytes, isSaved)
  }

  /**
   * @returns what was done, with the bytes that are kept: see `Copy.apply`
   * @throws JournalError: then nothing has changed
   */
  apply(id: string, operation: Operation, version: CopyVersion): Operation {
    return this.#apply(id, operation, version, this.#room.leftBytes)
  }

  #apply(
    id: string,
    operation: Operation,
    version: CopyVersion,
    roomBytes: number,
    isSaved = false,
  ): Operation {
    const known = this.#copies.get(id)
    const copy = known ?? new Copy(id)
    const before = copy.sizeBytes
    const applied = copy.apply(operation, roomBytes)
    copy.version = version
    const added = copy.sizeBytes - before
    if (isSaved) this.#savingBytes += added
    // It is whole, or given up.
    if (operation.type === 'delete-events') this.#savingBytes = 0
    this.#grow(added)
    if (!known) this.#copies.set(id, copy)
    return applied
  }

  /** Takes a whole copy, where it goes further than what is here. */
  install(pieces: readonly Piece[]): 'installed' | 'known' | 'no-room' {
    const copy = Copy.of(pieces)
    if (!copy || compareCopies(copy.version, this.version(copy.id)) <= 0) return 'known'
    const added = copy.sizeBytes - (this.#copies.get(copy.id)?.sizeBytes ?? 0)
    if (added > this.#room.leftBytes) return 'no-room'
    this.#grow(added)
    this.#copies.set(copy.id, copy)
    return 'installed'
  }

  #grow(bytes: number): void {
    this.#sizeBytes += bytes
    this.#room.use(this, bytes, this.#sizeBytes - this.#savingBytes)
  }

  get count(): number {
    return this.#copies.size
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** How far they go; undefined where there are none. */
  get position(): Copies | undefined {
    if (this.#copies.size === 0) return undefined
    let [epoch, position] = [0, 0]
    for (const { version } of this.#copies.values()) {
      epoch = Math.max(epoch, version.epoch)
      position += version.count
    }
    return { epoch, position }
  }

  /** They are of no use here any more. */
  forget(): void {
    this.arriving.letGo()
    this.#savingBytes = 0
    this.#grow(-this.#sizeBytes)
    this.#copies.clear()
    this.#lineage = undefined
  }
}
