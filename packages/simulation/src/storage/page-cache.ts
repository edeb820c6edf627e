// What the machine sees and what would be left without power, apart. Every change is made in the
// cached image at once and waits in one list, in order; a sync carries some of the list over to the
// durable image, a crash carries over what chance lets survive and forgets the cache.
import type { Random } from '@casty/clock'
import { changeCost, isEntryChange, type DiskChange, type Place } from './disk-change.ts'
import type { DiskFaultKind } from './disk-faults.ts'
import { DiskImage, rootInode } from './disk-image.ts'
import type { PowerLoss } from './power-loss.ts'
import { contentChangesOf, entryChangesOf, type Unsynced } from './unsynced-changes.ts'

export class PageCache {
  readonly #maxUnsyncedBytes: number
  readonly #maxDurableBytes: number
  readonly #handles = new Map<number, number>()
  #cached = new DiskImage()
  #durable = new DiskImage()
  #unsynced: Unsynced[] = []
  #unsyncedBytes = 0
  #sequence = 0
  #lastInode = rootInode

  constructor(capacityBytes: number, maxUnsyncedBytes: number) {
    this.#maxUnsyncedBytes = maxUnsyncedBytes
    this.#maxDurableBytes = capacityBytes * 2
  }

  /** What processes see; changed by `record` alone. */
  get cached(): DiskImage {
    return this.#cached
  }

  /** What stands on the medium. */
  get durable(): DiskImage {
    return this.#durable
  }

  get unsyncedBytes(): number {
    return this.#unsyncedBytes
  }

  /** The last change until now: what a sync that is called now has to cover. */
  get sequence(): number {
    return this.#sequence
  }

  /** How many handles are open. */
  get openHandles(): number {
    return [...this.#handles.values()].reduce((sum, count) => sum + count, 0)
  }

  nextInode(): number {
    this.#lastInode += 1
    return this.#lastInode
  }

  /** Makes a change, which stays unsynced. Past the limit the oldest are written back unasked. */
  record(change: DiskChange): void {
    const unplaced = unplacedBy(change, this.#cached)
    this.#cached.apply(change)
    this.#sequence += 1
    this.#unsynced.push({ sequence: this.#sequence, change })
    this.#unsyncedBytes += changeCost(change)
    for (const inode of unplaced) this.#collect(inode)
    this.#writeBackExcess()
  }

  /** A handle was opened: the file outlives its entry. */
  retain(inode: number): void {
    this.#handles.set(inode, (this.#handles.get(inode) ?? 0) + 1)
  }

  /** A handle was closed. */
  release(inode: number): void {
    const left = (this.#handles.get(inode) ?? 1) - 1
    if (left > 0) this.#handles.set(inode, left)
    else this.#closeAll(inode)
  }

  /** The process is gone: its handles are closed, the cache stays. */
  releaseAll(): void {
    for (const inode of this.#handles.keys()) this.#closeAll(inode)
  }

  /** True when a sync of this file or directory has something to write. */
  isDirty(inode: number, upTo: number): boolean {
    return this.#coveredBySync(inode, upTo).length > 0
  }

  /** Makes durable what concerns a file or directory, up to a `sequence`. */
  sync(inode: number, upTo: number): void {
    this.#writeBack(this.#coveredBySync(inode, upTo))
  }

  /**
   * A sync that failed. Of a file's contents some is written, and all of it counts as clean from now
   * on; the cache keeps what was to be written (as with ext4), or shows what is on the medium (as
   * with Btrfs). Entries stay as they wait: they go through a journal, and a file system that cannot
   * write its journal does not forget them.
   */
  failSync(inode: number, upTo: number, random: Random): void {
    if (this.#cached.node(inode)?.kind === 'directory') return
    const covered = this.#coveredBySync(inode, upTo)
    const written = covered.filter(() => random() < 0.5)
    this.#drop(covered)
    this.#carryOver(written)
    const content = this.#durable.content(inode)
    if (content === undefined || random() < 0.5) return
    this.#cached.replaceContent(inode, content.clone())
    for (const { change } of this.#unsynced) {
      if (change.inode === inode && !isEntryChange(change)) this.#cached.apply(change)
    }
  }

  /** The power is gone. What was unsynced meets its fate; the cache starts anew from the medium. */
  losePower(loss: PowerLoss, report: (kind: DiskFaultKind) => void): void {
    for (const { change } of this.#unsynced) {
      const fate = loss.fateOf(change)
      if (fate.type === 'survived') this.#durable.apply(change)
      else if (fate.type === 'torn' && change.type === 'write') {
        this.#durable.apply({ ...change, bytes: fate.bytes })
        report('torn-write')
      } else report(lossOf(change))
    }
    this.#unsynced = []
    this.#unsyncedBytes = 0
    this.#handles.clear()
    this.#durable.forgetUnreachable()
    this.#cached = this.#durable.clone()
  }

  /**
   * Flips a bit on the medium, and where the cache has nothing newer, for readers too.
   *
   * @returns false when nothing is stored there
   */
  flipBit(inode: number, position: number, bit: number): boolean {
    const content = this.#durable.content(inode)
    if (content === undefined || position >= content.size) return false
    const cached = this.#cached.content(inode)
    const isSame = cached?.read(position, 1)[0] === content.read(position, 1)[0]
    content.flipBit(position, bit)
    if (isSame) cached?.flipBit(position, bit)
    return true
  }

  #coveredBySync(inode: number, upTo: number): readonly Unsynced[] {
    return this.#cached.node(inode)?.kind === 'directory'
      ? entryChangesOf(this.#unsynced, inode, upTo)
      : contentChangesOf(this.#unsynced, inode, upTo)
  }

  /** As the system does of its own accord when too much waits. */
  #writeBackExcess(): void {
    if (this.#unsyncedBytes > this.#maxUnsyncedBytes) {
      this.#writeBack(this.#unsynced.slice(0, Math.ceil(this.#unsynced.length / 2)))
    }
    if (this.#durable.usedBytes > this.#maxDurableBytes) this.#writeBack(this.#unsynced)
  }

  #writeBack(changes: readonly Unsynced[]): void {
    this.#drop(changes)
    this.#carryOver(changes)
  }

  #carryOver(changes: readonly Unsynced[]): void {
    for (const { change } of changes) {
      const unplaced = unplacedBy(change, this.#durable)
      this.#durable.apply(change)
      for (const inode of unplaced) this.#collect(inode)
    }
  }

  #drop(changes: readonly Unsynced[]): void {
    if (changes.length === 0) return
    const dropped = new Set(changes)
    this.#unsynced = this.#unsynced.filter((unsynced) => !dropped.has(unsynced))
    for (const { change } of changes) this.#unsyncedBytes -= changeCost(change)
  }

  #closeAll(inode: number): void {
    this.#handles.delete(inode)
    this.#collect(inode)
  }

  /** Forgets a file without entry and handle; on the medium once nothing can bring it back. */
  #collect(inode: number): void {
    if (this.#cached.isPlaced(inode) || this.#handles.has(inode)) return
    this.#cached.forget(inode)
    if (this.#durable.isPlaced(inode)) return
    const own = this.#unsynced.filter(({ change }) => change.inode === inode)
    if (own.some(({ change }) => change.type === 'attach')) return
    this.#durable.forget(inode)
    this.#drop(own)
  }
}

/** What loses its entry by a change: the file it removes, or the one that stood where it moves to. */
function unplacedBy(change: DiskChange, image: DiskImage): readonly number[] {
  if (change.type === 'detach') return [change.inode]
  const replaced = change.type === 'attach' ? entryAt(image, change.at) : undefined
  return replaced === undefined ? [] : [replaced]
}

function entryAt(image: DiskImage, { directory, name }: Place): number | undefined {
  const node = image.node(directory)
  return node?.kind === 'directory' ? node.entries.get(name) : undefined
}

function lossOf(change: DiskChange): DiskFaultKind {
  switch (change.type) {
    case 'write':
      return 'lost-write'
    case 'truncate':
      return 'lost-truncate'
    case 'attach':
    case 'detach':
      return 'lost-entry'
  }
}
