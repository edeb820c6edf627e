// What happens to a disk, as data: the page cache applies each change at once, the durable image
// when it is synced, or in part after a crash. A file is known by its inode number, so a change means
// the same file whatever it is called by the time the change reaches the durable image.

/** Where an entry stands. */
export interface Place {
  readonly directory: number
  readonly name: string
}

/** A change of a file's contents. */
export type ContentChange =
  | {
      readonly type: 'write'
      readonly inode: number
      readonly position: number
      readonly bytes: Uint8Array
    }
  | { readonly type: 'truncate'; readonly inode: number; readonly size: number }

/** A change of directory entries. */
export type EntryChange =
  | {
      /** A file or directory got an entry: its first, or by a rename from `from` another. */
      readonly type: 'attach'
      readonly inode: number
      readonly kind: 'file' | 'directory'
      readonly at: Place
      readonly from?: Place
    }
  | { readonly type: 'detach'; readonly inode: number; readonly at: Place }

export type DiskChange = ContentChange | EntryChange

export function isEntryChange(change: DiskChange): change is EntryChange {
  return change.type === 'attach' || change.type === 'detach'
}

/** What one change that waits takes of the memory for unsynced changes, in bytes. */
export function changeCost(change: DiskChange): number {
  const fixed = 128
  switch (change.type) {
    case 'write':
      return fixed + change.bytes.length
    case 'attach':
    case 'detach':
      return fixed + change.at.name.length * 2
    case 'truncate':
      return fixed
  }
}
