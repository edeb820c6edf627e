// What production code that keeps files is handed: a small part of `node:fs/promises`, in its own
// shapes, so that the module itself is a `FileSystem` and a simulated disk is another.

/** Files and directories. `node:fs/promises` is one; `SimulatedDisk.fileSystem()` makes others. */
export interface FileSystem {
  /**
   * Opens a file, or with `'r'` a directory, whose `sync` then makes its entries durable.
   *
   * @param flags - as Node's: `'r'`, `'r+'`, `'w'`, `'wx'`, `'a'`, … or an or of `fs.constants`
   * @param mode - permission bits of a file that is created; the simulated disk keeps none
   */
  open(path: string, flags?: string | number, mode?: number): Promise<FileHandle>
  /** Moves an entry, replacing what stood there, in one step for whoever looks on. */
  rename(oldPath: string, newPath: string): Promise<void>
  /** Removes the entry of a file. Handles that are open keep its contents until they close. */
  unlink(path: string): Promise<void>
  /** Resolves to the first directory created, when `recursive` and there was one. */
  mkdir(path: string, options?: { readonly recursive?: boolean }): Promise<string | undefined>
  /** The names in a directory, in no order that may be relied on. */
  readdir(path: string): Promise<string[]>
  stat(path: string): Promise<FileStats>
}

/** An open file or directory. Numbers of bytes are less than asked for whenever the system likes. */
export interface FileHandle extends AsyncDisposable {
  /**
   * Writes from `buffer`, which must stay as it is until the promise settles.
   *
   * @param offset - where in `buffer` to begin, in bytes; its start unless given
   * @param length - how many bytes; the rest of `buffer` unless given
   * @param position - where in the file; at the handle's own position, which moves on, unless given
   */
  write(
    buffer: Uint8Array,
    offset?: number | null,
    length?: number | null,
    position?: number | null,
  ): Promise<{ readonly bytesWritten: number }>
  /** Reads into `buffer`; the parameters are as those of `write`. At the end of file, 0 bytes. */
  read(
    buffer: Uint8Array,
    offset?: number | null,
    length?: number | null,
    position?: number | null,
  ): Promise<{ readonly bytesRead: number }>
  /** Makes the contents durable, and the size that is needed to read them. */
  datasync(): Promise<void>
  /** Makes contents and metadata durable; of a directory, its entries. Not the file's own entry. */
  sync(): Promise<void>
  /** Cuts the file, or fills it up with zeros, to `length` bytes. */
  truncate(length?: number): Promise<void>
  stat(): Promise<FileStats>
  /** Waits for the handle's running operations. Closing again does nothing. */
  close(): Promise<void>
}

export interface FileStats {
  /** In bytes; of a directory whatever the system likes. */
  readonly size: number
  isFile(): boolean
  isDirectory(): boolean
}
