import type { FileContent } from './file-content.ts'
import type { DiskDevice } from './disk-device.ts'
import type { FileHandle, FileStats } from './file-system.ts'
import type { OpenFlags } from './open-flags.ts'
import type { Operation, ProcessLife } from './process-life.ts'
import { closedError, outOfRange, systemError, type SystemCall } from './system-error.ts'

type Position = number | null | undefined

/** An open file or directory of one process. */
export class SimulatedFileHandle implements FileHandle {
  readonly #device: DiskDevice
  readonly #life: ProcessLife
  readonly #inode: number
  readonly #flags: OpenFlags
  readonly #running = new Set<Promise<unknown>>()
  #position = 0
  #closed: Promise<void> | undefined

  constructor(device: DiskDevice, life: ProcessLife, inode: number, flags: OpenFlags) {
    this.#device = device
    this.#life = life
    this.#inode = inode
    this.#flags = flags
  }

  async write(
    buffer: Uint8Array,
    offset?: number | null,
    length?: number | null,
    position?: Position,
  ): Promise<{ readonly bytesWritten: number }> {
    const call = { syscall: 'write' }
    const part = partOf(buffer, offset, length)
    const { writeLatencyMs, syncLatencyMs } = this.#device.options
    const delayMs = this.#flags.sync
      ? this.#device.delayMs(syncLatencyMs, part.length)
      : this.#device.delayMs(writeLatencyMs)
    const act = () => this.#write(part, position, call)
    return { bytesWritten: await this.#run({ call, delayMs, changes: true, act }) }
  }

  async read(
    buffer: Uint8Array,
    offset?: number | null,
    length?: number | null,
    position?: Position,
  ): Promise<{ readonly bytesRead: number }> {
    const call = { syscall: 'read' }
    const part = partOf(buffer, offset, length)
    const delayMs = this.#device.delayMs(this.#device.options.readLatencyMs, part.length)
    const act = () => this.#read(part, position, call)
    return { bytesRead: await this.#run({ call, delayMs, changes: false, act }) }
  }

  datasync(): Promise<void> {
    return this.#sync({ syscall: 'fdatasync' })
  }

  sync(): Promise<void> {
    return this.#sync({ syscall: 'fsync' })
  }

  truncate(length = 0): Promise<void> {
    const call = { syscall: 'ftruncate' }
    const delayMs = this.#device.delayMs(this.#device.options.metadataLatencyMs)
    const act = () => this.#truncate(Math.max(0, length), call)
    return this.#run({ call, delayMs, changes: true, act })
  }

  stat(): Promise<FileStats> {
    const call = { syscall: 'fstat' }
    const delayMs = this.#device.delayMs(this.#device.options.metadataLatencyMs)
    const act = () => statsOf(this.#content())
    return this.#run({ call, delayMs, changes: false, act })
  }

  /** Resolves also where a crash or the end of the process has closed the handle before. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#running)
    if (this.#life.isEnded) return
    const call = { syscall: 'close' }
    const delayMs = this.#device.delayMs(this.#device.options.metadataLatencyMs)
    const act = () => this.#device.cache.release(this.#inode)
    await this.#life.run({ call, delayMs, changes: false, act }).catch((error: unknown) => {
      if (!this.#life.isEnded) throw error
    })
  }

  #run<T>(operation: Operation<T>): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(closedError(operation.call.syscall))
    const running = this.#life.run(operation)
    const forget = (): void => void this.#running.delete(running)
    this.#running.add(running)
    running.then(forget, forget)
    return running
  }

  /** Undefined for a directory. An open file keeps its contents, so that they are always there. */
  #content(): FileContent | undefined {
    return this.#device.cache.cached.content(this.#inode)
  }

  #write(part: Uint8Array, position: Position, call: SystemCall): number {
    const content = this.#content()
    if (part.length === 0) return 0
    if (!this.#flags.write || content === undefined) throw systemError('EBADF', call)
    this.#device.checkWritable(call)
    this.#strike('writeError', 'write-error', call)
    const at = this.#flags.append ? content.size : (given(position) ?? this.#position)
    const written = this.#fitting(at, this.#shortened(part.length), content.size)
    if (written === 0) throw systemError('ENOSPC', call)
    const { cache } = this.#device
    // A copy, made now and not when the write was asked for: as late as the real one.
    // `slice` of a Buffer would be a view of what its owner goes on to use.
    const bytes = new Uint8Array(part.subarray(0, written))
    cache.record({ type: 'write', inode: this.#inode, position: at, bytes })
    if (given(position) === undefined || this.#flags.append) this.#position = at + written
    if (this.#flags.sync) this.#writeBack(cache.sequence, call)
    return written
  }

  #shortened(length: number): number {
    const { injector, options } = this.#device
    if (length < 2 || !injector.strikes('shortWrite')) return length
    injector.count('short-write')
    return 1 + Math.floor(options.random() * (length - 1))
  }

  /** How many bytes there is room for: none, some or all. */
  #fitting(at: number, length: number, size: number): number {
    const fitting = Math.min(length, Math.max(0, size + this.#device.roomBytes - at))
    if (fitting < length) this.#device.injector.count('disk-full')
    return fitting
  }

  #read(part: Uint8Array, position: Position, call: SystemCall): number {
    if (!this.#flags.read) throw systemError('EBADF', call)
    const content = this.#content()
    if (content === undefined) throw systemError('EISDIR', call)
    this.#strike('readError', 'read-error', call)
    const at = given(position) ?? this.#position
    this.#maybeFlipBit(at, content.read(at, part.length).length)
    const bytes = content.read(at, part.length)
    part.set(bytes)
    if (given(position) === undefined) this.#position = at + bytes.length
    return bytes.length
  }

  #maybeFlipBit(position: number, length: number): void {
    const { injector, options, cache } = this.#device
    if (length === 0 || !injector.strikes('bitFlip')) return
    const flipped = position + Math.floor(options.random() * length)
    const bit = Math.floor(options.random() * 8)
    if (cache.flipBit(this.#inode, flipped, bit)) injector.count('bit-flip')
  }

  #sync(call: SystemCall): Promise<void> {
    const { cache, options } = this.#device
    const upTo = cache.sequence
    const delayMs = this.#device.delayMs(options.syncLatencyMs, cache.unsyncedBytes)
    const act = () => this.#writeBack(upTo, call)
    return this.#run({ call, delayMs, changes: true, act })
  }

  #writeBack(upTo: number, call: SystemCall): void {
    const { cache, injector, options } = this.#device
    if (!cache.isDirty(this.#inode, upTo)) return
    this.#device.checkWritable(call)
    if (!injector.strikes('syncError')) return cache.sync(this.#inode, upTo)
    injector.count('sync-error')
    cache.failSync(this.#inode, upTo, options.random)
    throw systemError('EIO', call)
  }

  #truncate(size: number, call: SystemCall): void {
    const content = this.#content()
    if (!this.#flags.write || content === undefined) throw systemError('EINVAL', call)
    this.#device.checkWritable(call)
    this.#device.checkRoom(size - content.size, call)
    if (size === content.size) return
    this.#device.cache.record({ type: 'truncate', inode: this.#inode, size })
  }

  #strike(
    fault: 'writeError' | 'readError',
    kind: 'write-error' | 'read-error',
    call: SystemCall,
  ): void {
    if (!this.#device.injector.strikes(fault)) return
    this.#device.injector.count(kind)
    throw systemError('EIO', call)
  }
}

/** The statistics of a file, or without contents of a directory. */
export function statsOf(content: FileContent | undefined): FileStats {
  return {
    size: content?.size ?? 0,
    isFile: () => content !== undefined,
    isDirectory: () => content === undefined,
  }
}

/** As Node takes it: what is no position in a file stands for the handle's own. */
function given(position: Position): number | undefined {
  return Number.isSafeInteger(position) && Number(position) >= 0 ? Number(position) : undefined
}

/** @throws RangeError `ERR_OUT_OF_RANGE` */
function partOf(
  buffer: Uint8Array,
  offset: number | null = 0,
  length: number | null = null,
): Uint8Array {
  const start = offset ?? 0
  if (buffer.length === 0) return buffer
  checkRange('offset', start, buffer.length)
  const count = length ?? buffer.length - start
  checkRange('length', count, buffer.length - start)
  return buffer.subarray(start, start + count)
}

function checkRange(name: string, value: number, max: number): void {
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value)
  if (value < 0) throw outOfRange(name, '>= 0', value)
  if (value > max) throw outOfRange(name, `<= ${max}`, value)
}
