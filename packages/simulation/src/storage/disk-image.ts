// One state of a disk: files and directories by inode number. There are no hard links, so a file has
// one place at most; a file without a place lives on only while something else remembers its number.
import { createHash } from 'node:crypto'
import type { DiskChange, Place } from './disk-change.ts'
import { FileContent } from './file-content.ts'

export type DiskNode =
  | { readonly kind: 'file'; content: FileContent; place: Place | undefined }
  | {
      readonly kind: 'directory'
      readonly entries: Map<string, number>
      place: Place | undefined
    }

/** The inode number of `/`. */
export const rootInode = 1

/** What a file or directory takes beside its contents, in bytes, so that empty files are bounded. */
export const nodeBytes = 512

export class DiskImage {
  readonly #nodes: Map<number, DiskNode>
  #contentBytes = 0

  constructor(nodes: Map<number, DiskNode> = new Map([[rootInode, newNode('directory')]])) {
    this.#nodes = nodes
    for (const node of nodes.values()) this.#contentBytes += contentSize(node)
  }

  clone(): DiskImage {
    const copies = [...this.#nodes].map(([inode, node]) => [inode, copyOf(node)] as const)
    return new DiskImage(new Map(copies))
  }

  /** What is stored, contents and nodes, in bytes. */
  get usedBytes(): number {
    return this.#contentBytes + this.#nodes.size * nodeBytes
  }

  node(inode: number): DiskNode | undefined {
    return this.#nodes.get(inode)
  }

  /** The contents of a file; undefined when there is no such file. */
  content(inode: number): FileContent | undefined {
    const node = this.#nodes.get(inode)
    return node?.kind === 'file' ? node.content : undefined
  }

  isPlaced(inode: number): boolean {
    return inode === rootInode || this.#nodes.get(inode)?.place !== undefined
  }

  /** True when `directory` is `ancestor` or lies below it. */
  isWithin(directory: number, ancestor: number): boolean {
    for (let at: number | undefined = directory; at !== undefined;) {
      if (at === ancestor) return true
      at = this.#nodes.get(at)?.place?.directory
    }
    return false
  }

  /** Files with at least one byte, in order of inode number. */
  filesWithContent(): readonly (readonly [inode: number, size: number])[] {
    return [...this.#nodes]
      .map(([inode, node]) => [inode, contentSize(node)] as const)
      .filter(([, size]) => size > 0)
      .toSorted(([a], [b]) => a - b)
  }

  /**
   * Carries out a change. On the durable image earlier changes may be missing, so files are made when
   * they are first heard of, and a move to where nothing could find the file any more is left out.
   */
  apply(change: DiskChange): void {
    switch (change.type) {
      case 'write':
        return this.#change(change.inode, (content) => content.write(change.position, change.bytes))
      case 'truncate':
        return this.#change(change.inode, (content) => content.truncate(change.size))
      case 'attach':
        return this.#attach(change.inode, this.#made(change.inode, change.kind), change.at)
      case 'detach':
        return this.#unplace(change.inode)
    }
  }

  /** Puts other contents in the place of a file's own. */
  replaceContent(inode: number, content: FileContent): void {
    const node = this.#made(inode, 'file')
    if (node.kind !== 'file') return
    this.#contentBytes += content.size - node.content.size
    node.content = content
  }

  /** Forgets a file that has no place. */
  forget(inode: number): void {
    const node = this.#nodes.get(inode)
    if (node === undefined) return
    this.#contentBytes -= contentSize(node)
    this.#nodes.delete(inode)
  }

  /** Forgets whatever no path leads to, as a check of the file system does after a crash. */
  forgetUnreachable(): void {
    for (const inode of this.#nodes.keys()) {
      if (!this.isWithin(inode, rootInode)) this.forget(inode)
    }
  }

  /** SHA-256 in hexadecimal over every path below `/`, in order, with the contents of files. */
  digest(): string {
    const hash = createHash('sha256')
    const visit = (inode: number, path: string): void => {
      const node = this.#nodes.get(inode)
      if (node?.kind === 'file') {
        hash.update(JSON.stringify(['file', path, node.content.size]))
        hash.update(node.content.read(0, node.content.size))
      }
      if (node?.kind !== 'directory') return
      hash.update(JSON.stringify(['directory', path, node.entries.size]))
      const names = [...node.entries].toSorted(([a], [b]) => (a < b ? -1 : 1))
      for (const [name, entry] of names) visit(entry, `${path}/${name}`)
    }
    visit(rootInode, '')
    return hash.digest('hex')
  }

  #change(inode: number, change: (content: FileContent) => void): void {
    const node = this.#made(inode, 'file')
    if (node.kind !== 'file') return
    const before = node.content.size
    change(node.content)
    this.#contentBytes += node.content.size - before
  }

  #attach(inode: number, node: DiskNode, at: Place): void {
    if (!this.#canHold(at.directory, inode, node)) return
    const directory = this.#made(at.directory, 'directory')
    if (directory.kind !== 'directory') return
    this.#unplace(inode)
    const replaced = directory.entries.get(at.name)
    if (replaced !== undefined) this.#unplace(replaced)
    directory.entries.set(at.name, inode)
    node.place = at
  }

  /** No directory may come to lie below itself, and no move may lose a file that can be found. */
  #canHold(directory: number, inode: number, node: DiskNode): boolean {
    if (this.isWithin(directory, inode)) return false
    return node.place === undefined || this.isWithin(directory, rootInode)
  }

  #unplace(inode: number): void {
    const node = this.#nodes.get(inode)
    if (node?.place === undefined) return
    const parent = this.#nodes.get(node.place.directory)
    if (parent?.kind === 'directory') parent.entries.delete(node.place.name)
    node.place = undefined
  }

  #made(inode: number, kind: DiskNode['kind']): DiskNode {
    const found = this.#nodes.get(inode)
    if (found !== undefined) return found
    const made = newNode(kind)
    this.#nodes.set(inode, made)
    return made
  }
}

function newNode(kind: DiskNode['kind']): DiskNode {
  return kind === 'file'
    ? { kind, content: FileContent.empty(), place: undefined }
    : { kind, entries: new Map(), place: undefined }
}

function copyOf(node: DiskNode): DiskNode {
  return node.kind === 'file'
    ? { ...node, content: node.content.clone() }
    : { ...node, entries: new Map(node.entries) }
}

function contentSize(node: DiskNode): number {
  return node.kind === 'file' ? node.content.size : 0
}
