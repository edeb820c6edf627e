// A directory by node:fs. On Linux, files are opened with O_DSYNC: one call writes and flushes, where two would
// each wait for a thread.
import { constants, fdatasync, fstat, fsync, ftruncate, read, write, close, open } from 'node:fs'
import { mkdir, readdir, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { JournalFile, JournalFiles } from './journal-files.ts'

const openFile = promisify(open)
const closeFile = promisify(close)
const flush = promisify(fdatasync)
const flushAll = promisify(fsync)
const stat = promisify(fstat)
const cut = promisify(ftruncate)

const syncsWrites = process.platform === 'linux'
const flags = constants.O_RDWR | (syncsWrites ? constants.O_DSYNC : 0)

/** The files of a directory, which is made where there is none. */
export function nodeFiles(directory: string): JournalFiles {
  const path = (name: string): string => join(directory, name)
  return {
    name: directory,
    async lock() {
      await makeDirectory(directory)
      return await lockFile(path('lock'))
    },
    list: async () => await readdir(directory),
    open: async (name) => new NodeFile(await openFile(path(name), flags)),
    async create(name) {
      const exclusively = flags | constants.O_CREAT | constants.O_EXCL
      return new NodeFile(await openFile(path(name), exclusively, 0o644))
    },
    remove: async (name) => await unlink(path(name)),
    sync: async () => await flushDirectory(directory),
  }
}

/** Makes it where there is none, so that it stays: whoever made it before may have ended too early to see to that. */
async function makeDirectory(directory: string): Promise<void> {
  const full = resolve(directory)
  const first = await mkdir(full, { recursive: true })
  for (let made = full; ; made = dirname(made)) {
    await flushDirectory(dirname(made)).catch(unlessForbidden)
    if (first === undefined || made === first || made === dirname(made)) return
  }
}

/** A directory that this user may not read is not one that it has just added to. */
function unlessForbidden(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'EACCES' && code !== 'EPERM') throw error
}

async function flushDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return // Directories cannot be flushed there, and need not be.
  const descriptor = await openFile(directory, constants.O_RDONLY)
  try {
    await flushAll(descriptor)
  } finally {
    await closeFile(descriptor)
  }
}

/**
 * Node has no file locks; SQLite has. Its lock on an empty file is that of the system, which the end of the
 * process releases: a number of a process in a file would outlive it, and mean nothing in another container.
 */
async function lockFile(path: string): Promise<() => void> {
  const { DatabaseSync } = await import('node:sqlite') // Node 22 warns of it when it is loaded.
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    throw isBusy(cause) ? Object.assign(new Error('locked', { cause }), { code: 'ELOCKED' }) : cause
  }
  return () => database.close()
}

function isBusy(error: unknown): boolean {
  const sqliteBusy = 5
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy
}

class NodeFile implements JournalFile {
  readonly syncsWrites = syncsWrites
  readonly #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  async size(): Promise<number> {
    return (await stat(this.#descriptor)).size
  }

  // By hand: `promisify` makes objects of the two for each call.
  read(into: Uint8Array, at: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.#descriptor, into, 0, into.length, at, (error, count) =>
        error ? reject(error) : resolve(count),
      )
    })
  }

  write(bytes: Uint8Array, at: number): Promise<number> {
    return new Promise((resolve, reject) => {
      write(this.#descriptor, bytes, 0, bytes.length, at, (error, count) =>
        error ? reject(error) : resolve(count),
      )
    })
  }

  async sync(): Promise<void> {
    await flush(this.#descriptor)
  }

  async truncate(size: number): Promise<void> {
    await cut(this.#descriptor, size)
  }

  async close(): Promise<void> {
    await closeFile(this.#descriptor)
  }
}
