import type { Clock, Random } from '@casty/clock'
import type { EntryChange, Place } from './disk-change.ts'
import type { DiskDevice } from './disk-device.ts'
import { nodeBytes } from './disk-image.ts'
import type { FileHandle, FileStats, FileSystem } from './file-system.ts'
import { parseOpenFlags, type OpenFlags } from './open-flags.ts'
import { lookUp, type Lookup } from './path-lookup.ts'
import { ProcessLife } from './process-life.ts'
import { SimulatedFileHandle, statsOf } from './simulated-file-handle.ts'
import { systemError, type SystemCall, type SystemErrorCode } from './system-error.ts'

/** The files as one process sees them, until it ends. */
export class SimulatedFileSystem implements FileSystem {
  readonly #device: DiskDevice
  readonly #life: ProcessLife

  constructor(device: DiskDevice, clock: Clock) {
    this.#device = device
    this.#life = new ProcessLife(clock)
  }

  /** The process is gone: all that it still tries fails with `EBADF`. */
  end(random: Random): void {
    this.#life.end(random)
  }

  async open(path: string, flags: string | number = 'r'): Promise<FileHandle> {
    const parsed = parseOpenFlags(flags)
    return this.#run({ syscall: 'open', path }, true, (call) => this.#open(path, parsed, call))
  }

  rename(oldPath: string, newPath: string): Promise<void> {
    const named = { syscall: 'rename', path: oldPath, dest: newPath }
    return this.#run(named, true, (call) => this.#rename(oldPath, newPath, call))
  }

  unlink(path: string): Promise<void> {
    return this.#run({ syscall: 'unlink', path }, true, (call) => this.#unlink(path, call))
  }

  mkdir(path: string, options: { readonly recursive?: boolean } = {}): Promise<string | undefined> {
    return this.#run({ syscall: 'mkdir', path }, true, (call) =>
      options.recursive === true ? this.#makeAll(path, call) : this.#make(path, call),
    )
  }

  readdir(path: string): Promise<string[]> {
    return this.#run({ syscall: 'scandir', path }, false, (call) => this.#readdir(path, call))
  }

  stat(path: string): Promise<FileStats> {
    return this.#run({ syscall: 'stat', path }, false, (call) => {
      const inode = this.#existing(this.#find(path, call), call)
      return statsOf(this.#device.cache.cached.content(inode))
    })
  }

  #run<T>(call: SystemCall, changes: boolean, act: (call: SystemCall) => T): Promise<T> {
    const delayMs = this.#device.delayMs(this.#device.options.metadataLatencyMs)
    return this.#life.run({ call, delayMs, changes, act: () => act(call) })
  }

  #open(path: string, flags: OpenFlags, call: SystemCall): FileHandle {
    const { cache, options } = this.#device
    if (cache.openHandles >= options.maxOpenHandles) throw systemError('EMFILE', call)
    const found = this.#find(path, call)
    const inode =
      found.inode === undefined
        ? this.#create(found, flags, call)
        : this.#openExisting(found, found.inode, flags, call)
    cache.retain(inode)
    return new SimulatedFileHandle(this.#device, this.#life, inode, flags)
  }

  #openExisting(found: Lookup, inode: number, flags: OpenFlags, call: SystemCall): number {
    if (flags.create && flags.exclusive) throw systemError('EEXIST', call)
    const content = this.#device.cache.cached.content(inode)
    if (content === undefined && (flags.write || flags.create)) throw systemError('EISDIR', call)
    if (content !== undefined && (flags.directory || found.mustBeDirectory)) {
      throw systemError('ENOTDIR', call)
    }
    if (flags.write) this.#device.checkWritable(call)
    if (flags.truncate && flags.write && content !== undefined && content.size > 0) {
      this.#device.cache.record({ type: 'truncate', inode, size: 0 })
    }
    return inode
  }

  #create(found: Lookup, flags: OpenFlags, call: SystemCall): number {
    if (!flags.create || found.at === undefined) throw systemError('ENOENT', call)
    if (found.mustBeDirectory) throw systemError('EISDIR', call)
    return this.#attach(found.at, 'file', call)
  }

  #attach(at: Place, kind: 'file' | 'directory', call: SystemCall): number {
    this.#device.checkWritable(call)
    this.#device.checkRoom(nodeBytes, call)
    const inode = this.#device.cache.nextInode()
    this.#device.cache.record({ type: 'attach', inode, kind, at })
    return inode
  }

  #rename(oldPath: string, newPath: string, call: SystemCall): void {
    const { cached } = this.#device.cache
    const from = this.#find(oldPath, call)
    const inode = this.#existing(from, call)
    const to = this.#find(newPath, call)
    if (from.at === undefined || to.at === undefined) throw systemError('EBUSY', call)
    const kind = cached.content(inode) === undefined ? 'directory' : 'file'
    if (kind === 'file' && (from.mustBeDirectory || to.mustBeDirectory)) {
      throw systemError('ENOTDIR', call)
    }
    if (inode === to.inode) return
    if (cached.isWithin(to.at.directory, inode)) throw systemError('EINVAL', call)
    if (to.inode !== undefined) this.#checkReplaceable(kind, to.inode, call)
    this.#device.checkWritable(call)
    this.#record({ type: 'attach', inode, kind, at: to.at, from: from.at })
  }

  #checkReplaceable(kind: 'file' | 'directory', replaced: number, call: SystemCall): void {
    const node = this.#device.cache.cached.node(replaced)
    if (kind === 'file' && node?.kind === 'directory') throw systemError('EISDIR', call)
    if (kind === 'directory' && node?.kind === 'file') throw systemError('ENOTDIR', call)
    if (node?.kind === 'directory' && node.entries.size > 0) throw systemError('ENOTEMPTY', call)
  }

  #unlink(path: string, call: SystemCall): void {
    const found = this.#find(path, call)
    const inode = this.#existing(found, call)
    const isDirectory = this.#device.cache.cached.content(inode) === undefined
    if (isDirectory || found.at === undefined) throw systemError('EISDIR', call)
    if (found.mustBeDirectory) throw systemError('ENOTDIR', call)
    this.#device.checkWritable(call)
    this.#record({ type: 'detach', inode, at: found.at })
  }

  #make(path: string, call: SystemCall): undefined {
    const { at, inode } = this.#find(path, call)
    if (inode !== undefined || at === undefined) throw systemError('EEXIST', call)
    this.#attach(at, 'directory', call)
  }

  /** Makes what is missing on the way; the path of the first that was. */
  #makeAll(path: string, call: SystemCall): string | undefined {
    const names = path.split('/')
    let first: string | undefined
    for (let length = 1; length <= names.length; length += 1) {
      const part = names.slice(0, length).join('/')
      if (part === '') continue
      const { at, inode } = this.#find(part, call)
      if (inode === undefined && at !== undefined) {
        this.#attach(at, 'directory', call)
        first ??= part
      } else if (length === names.length) this.#checkDirectory(inode, call)
    }
    return first
  }

  #checkDirectory(inode: number | undefined, call: SystemCall): void {
    const isFile = inode !== undefined && this.#device.cache.cached.content(inode) !== undefined
    if (isFile) throw systemError('EEXIST', call)
  }

  #readdir(path: string, call: SystemCall): string[] {
    const inode = this.#existing(this.#find(path, call), call)
    const node = this.#device.cache.cached.node(inode)
    if (node?.kind !== 'directory') throw systemError('ENOTDIR', call)
    return shuffled([...node.entries.keys()], this.#device.options.random)
  }

  #record(change: EntryChange): void {
    this.#device.cache.record(change)
  }

  #find(path: string, call: SystemCall): Lookup {
    const fail = (code: SystemErrorCode): Error => systemError(code, call)
    return lookUp(this.#device.cache.cached, path, fail)
  }

  #existing({ inode, mustBeDirectory }: Lookup, call: SystemCall): number {
    if (inode === undefined) throw systemError('ENOENT', call)
    const isFile = this.#device.cache.cached.content(inode) !== undefined
    if (mustBeDirectory && isFile) throw systemError('ENOTDIR', call)
    return inode
  }
}

/** A real directory has no order that may be relied on either. */
function shuffled(names: readonly string[], random: Random): string[] {
  const order = names.map((name) => ({ name, draw: random() }))
  return order.toSorted((a, b) => a.draw - b.draw).map(({ name }) => name)
}
