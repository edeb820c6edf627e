import type { Place } from './disk-change.ts'
import { rootInode, type DiskImage, type DiskNode } from './disk-image.ts'
import type { SystemErrorCode } from './system-error.ts'

/** Where a path leads. */
export interface Lookup {
  /** The entry that it names; undefined for `/` and what ends in `.` or `..`. */
  readonly at: Place | undefined
  /** What stands there; undefined when there is nothing, in a directory that exists. */
  readonly inode: number | undefined
  /** True for a path that ends as only that of a directory may. */
  readonly mustBeDirectory: boolean
}

/** The longest name of an entry, in UTF-8 bytes, as with most file systems. */
const maxNameBytes = 255
const utf8 = new TextEncoder()

/**
 * Follows a path from `/`, with or without the slash in front: a simulated process has no working
 * directory of its own.
 *
 * @param fail - makes the error to throw: `ENOENT`, `ENOTDIR`, `ENAMETOOLONG`
 */
export function lookUp(
  image: DiskImage,
  path: string,
  fail: (code: SystemErrorCode) => Error,
): Lookup {
  if (path === '') throw fail('ENOENT')
  let inode: number | undefined = rootInode
  let at: Place | undefined
  for (const name of path.split('/').filter((each) => each !== '')) {
    const node: DiskNode | undefined = inode === undefined ? undefined : image.node(inode)
    if (inode === undefined || node === undefined) throw fail('ENOENT')
    if (node.kind === 'file') throw fail('ENOTDIR')
    if (utf8.encode(name).length > maxNameBytes) throw fail('ENAMETOOLONG')
    if (name === '.' || name === '..') {
      at = undefined
      inode = name === '.' ? inode : (node.place?.directory ?? rootInode)
    } else {
      at = { directory: inode, name }
      inode = node.entries.get(name)
    }
  }
  return { at, inode, mustBeDirectory: at === undefined || path.endsWith('/') }
}
