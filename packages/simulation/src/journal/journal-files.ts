// The directory of a journal on a simulated disk, as `@casty/journal-file` has one by `node:fs`: the same calls in
// the same order, so that what it relies on is what the disk gives.
import type { JournalFile, JournalFiles } from '@casty/journal-file'
import { constants } from 'node:fs'
import type { FileHandle, FileSystem } from '../storage/file-system.ts'

const usualDirectory = '/journal'

export interface DirectoryOptions {
  /** @defaultValue `/journal` */
  readonly directory?: string
  readonly fileSystem: FileSystem
  /** Keeps others of the same host out; throws an error of code `ELOCKED` where one is in. */
  readonly lock: () => () => void
  /** Files are opened so that each write is flushed: one call in the place of two. */
  readonly syncsWrites: boolean
  /** Called before each call that changes something. */
  readonly onStep: (step: DirectoryStep) => void
}

export type DirectoryStep = 'make' | 'create' | 'write' | 'sync' | 'truncate' | 'remove' | 'flush'

/** One directory, as one process has it. */
export class JournalDirectory implements JournalFiles {
  readonly name: string
  /** How long each file is, as far as this process knows. */
  readonly sizes: Map<string, number> = new Map()
  /** The last change of a file was a frame without entries, which only says that what came before was flushed. */
  endsFlushed: string | undefined
  readonly #options: DirectoryOptions
  readonly #flags: number

  constructor(options: DirectoryOptions) {
    this.name = options.directory ?? usualDirectory
    this.#options = options
    this.#flags = constants.O_RDWR | (options.syncsWrites ? constants.O_SYNC : 0)
  }

  async lock(): Promise<() => void> {
    const { fileSystem, lock } = this.#options
    this.#options.onStep('make')
    await fileSystem.mkdir(this.name, { recursive: true })
    const unlock = lock()
    try {
      await this.#flush('/')
    } catch (error) {
      unlock()
      throw error
    }
    return unlock
  }

  async list(): Promise<readonly string[]> {
    return await this.#options.fileSystem.readdir(this.name)
  }

  async open(name: string): Promise<JournalFile> {
    return this.#file(name, await this.#options.fileSystem.open(this.#pathOf(name), this.#flags))
  }

  async create(name: string): Promise<JournalFile> {
    this.#options.onStep('create')
    const exclusively = this.#flags | constants.O_CREAT | constants.O_EXCL
    return this.#file(name, await this.#options.fileSystem.open(this.#pathOf(name), exclusively))
  }

  async remove(name: string): Promise<void> {
    this.#options.onStep('remove')
    await this.#options.fileSystem.unlink(this.#pathOf(name))
    this.sizes.delete(name)
  }

  async sync(): Promise<void> {
    this.#options.onStep('flush')
    await this.#flush(this.name)
  }

  #pathOf(name: string): string {
    return `${this.name}/${name}`
  }

  async #flush(path: string): Promise<void> {
    await using handle = await this.#options.fileSystem.open(path)
    await handle.sync()
  }

  #file(name: string, handle: FileHandle): JournalFile {
    return {
      syncsWrites: this.#options.syncsWrites,
      size: async () => {
        const { size } = await handle.stat()
        this.sizes.set(name, size)
        return size
      },
      read: async (into, at) => (await handle.read(into, 0, into.length, at)).bytesRead,
      write: async (bytes, at) => {
        this.#options.onStep('write')
        const isEmptyFrame = bytes.length === emptyFrameBytes
        const { bytesWritten } = await handle.write(bytes, 0, bytes.length, at)
        this.sizes.set(name, at + bytesWritten)
        this.endsFlushed = isEmptyFrame && bytesWritten === bytes.length ? name : undefined
        return bytesWritten
      },
      sync: async () => {
        this.#options.onStep('sync')
        await handle.datasync()
      },
      truncate: async (size) => {
        this.#options.onStep('truncate')
        await handle.truncate(size)
        this.sizes.set(name, size)
      },
      close: async () => await handle.close(),
    }
  }
}

/** What a frame takes that has no entries. */
export const emptyFrameBytes = 40

/** Where a file of the usual journal is on its disk. */
export function pathOf(name: string): string {
  return `${usualDirectory}/${name}`
}

/** The locks of all hosts: each ends with its process. */
export class Locks {
  readonly #holders = new Map<string, string>()

  /** @throws an error of code `ELOCKED` where another one has it */
  take(host: string, holder: string): () => void {
    const other = this.#holders.get(host)
    if (other !== undefined) throw Object.assign(new Error(`${other} has it`), { code: 'ELOCKED' })
    this.#holders.set(host, holder)
    return () => {
      if (this.#holders.get(host) === holder) this.#holders.delete(host)
    }
  }

  /** All processes of a host are gone. */
  free(host: string): void {
    this.#holders.delete(host)
  }
}
