// What the journal needs of a file system, so that tests can give it one that fails and loses power.

/** One file. Errors carry the `code` of the system, as `ENOSPC`. */
export interface JournalFile {
  /** A `write` that resolved is on the disk; `sync` is needed for what others wrote, and after `truncate`. */
  readonly syncsWrites: boolean
  size(): Promise<number>
  /** @returns how many bytes were read, 0 at the end */
  read(into: Uint8Array, at: number): Promise<number>
  /** @returns how many bytes were written: perhaps not all */
  write(bytes: Uint8Array, at: number): Promise<number>
  /** Resolves when all that was written outlives a loss of power. */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  close(): Promise<void>
}

/** One directory. */
export interface JournalFiles {
  /** Where it is, for messages. */
  readonly name: string
  /**
   * Keeps everybody else out, until it is released or the process ends, however it ends. Rejects with an error
   * of code `ELOCKED` where somebody else is in.
   */
  lock(): Promise<() => void>
  list(): Promise<readonly string[]>
  open(name: string): Promise<JournalFile>
  /** Rejects where there is such a file. */
  create(name: string): Promise<JournalFile>
  remove(name: string): Promise<void>
  /** Resolves when files that were created or removed stay so after a loss of power. */
  sync(): Promise<void>
}
