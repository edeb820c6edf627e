// Which of the waiting changes a sync covers.
import { isEntryChange, type DiskChange, type EntryChange, type Place } from './disk-change.ts'

/** A change that is in the page cache and not yet on the medium. */
export interface Unsynced {
  /** Grows with each change: a sync covers what was there when it was called. */
  readonly sequence: number
  readonly change: DiskChange
}

/** The changes of one file's contents up to a sequence number; its own entry is not among them. */
export function contentChangesOf(
  unsynced: readonly Unsynced[],
  inode: number,
  upTo: number,
): readonly Unsynced[] {
  return unsynced.filter(
    ({ sequence, change }) => change.inode === inode && sequence <= upTo && !isEntryChange(change),
  )
}

/**
 * The changes of one directory's entries, and of other directories' only those without which they
 * would not hold: what happened before at the same places, and so to the same files, and where a file
 * crossed directories, all that happened before to directories. Nothing else, so that a directory
 * whose own entry was never synced is still lost with all that is in it.
 */
export function entryChangesOf(
  unsynced: readonly Unsynced[],
  directory: number,
  upTo: number,
): readonly Unsynced[] {
  const covered: Unsynced[] = []
  const places = new Set<string>()
  let withDirectories = false
  for (const each of unsynced.toReversed()) {
    const { sequence, change } = each
    if (sequence > upTo || !isEntryChange(change)) continue
    const ends = endsOf(change)
    const isCovered =
      ends.some((place) => place.directory === directory || places.has(keyOf(place))) ||
      (withDirectories && change.type === 'attach' && change.kind === 'directory')
    if (!isCovered) continue
    covered.push(each)
    for (const place of ends) places.add(keyOf(place))
    withDirectories ||= new Set(ends.map((place) => place.directory)).size > 1
  }
  return covered.toReversed()
}

function endsOf(change: EntryChange): readonly Place[] {
  if (change.type === 'attach' && change.from !== undefined) return [change.at, change.from]
  return [change.at]
}

function keyOf({ directory, name }: Place): string {
  return `${directory}/${name}`
}
