// A disk in memory that forgets what was not flushed when the power goes, sector by sector, and fails as told.
import type { Random } from '@casty/clock'
import type { JournalFile, JournalFiles } from '@casty/journal-file'

const sectorBytes = 512

type Change =
  | { readonly type: 'write'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly type: 'truncate'; readonly size: number }

interface Inode {
  /** What the programs see. */
  cached: Uint8Array
  /** What outlives a loss of power. */
  durable: Uint8Array
  /** From the one to the other. */
  changes: Change[]
}

/** What may be made to fail. */
export type DiskOperation =
  | 'write'
  | 'sync'
  | 'truncate'
  | 'read'
  | 'create'
  | 'remove'
  | 'directory'

interface Fault {
  readonly operation: DiskOperation
  readonly code: string
  /** So many go well before. */
  after: number
  /** How much of a write is carried out all the same. */
  readonly share: number
}

export class SimulatedDisk {
  /** As programs see it. */
  #files = new Map<string, Inode>()
  /** As it would be after a loss of power. */
  #durableFiles = new Map<string, Inode>()
  #life = 0
  #isLocked = false
  #faults: Fault[] = []
  /** How many calls there were that change something: a place for a crash each. */
  steps = 0
  /** Called at each of them, before it. */
  onStep: (step: number) => void = () => {}
  capacityBytes = Infinity
  /** Also what is written over takes room, as where nothing is ever written in place. */
  copiesOnWrite = false
  /** How many writes made a file longer. */
  growths = 0
  flushes = 0
  /** A call writes no more than this. */
  mostBytesPerWrite = Infinity

  get files(): JournalFiles {
    const life = this.#life
    const alive = async (): Promise<void> => {
      await Promise.resolve()
      if (life !== this.#life) await new Promise<never>(() => {}) // Its program has ended.
    }
    return {
      name: 'simulated disk',
      lock: async () => {
        await alive()
        if (this.#isLocked) throw failure('ELOCKED')
        this.#isLocked = true
        return () => {
          if (life === this.#life) this.#isLocked = false
        }
      },
      list: async () => {
        await alive()
        return [...this.#files.keys()]
      },
      open: async (name) => {
        await alive()
        return this.#handle(this.inode(name), alive)
      },
      create: async (name) => {
        await this.#step('create', alive)
        if (this.#files.has(name)) throw failure('EEXIST')
        const inode = { cached: new Uint8Array(), durable: new Uint8Array(), changes: [] }
        this.#files.set(name, inode)
        return this.#handle(inode, alive)
      },
      remove: async (name) => {
        await this.#step('remove', alive)
        if (!this.#files.delete(name)) throw failure('ENOENT')
      },
      sync: async () => {
        await this.#step('directory', alive)
        this.#durableFiles = new Map(this.#files)
      },
    }
  }

  get names(): readonly string[] {
    return [...this.#files.keys()].toSorted()
  }

  /** What is in a file: may be changed, while nobody has it open. */
  inode(name: string): Inode {
    const inode = this.#files.get(name)
    if (!inode) throw failure('ENOENT')
    return inode
  }

  /** Puts a file there, as somebody else would, while nobody has it open. */
  put(name: string, bytes: Uint8Array): void {
    const inode = { cached: bytes.slice(), durable: bytes.slice(), changes: [] }
    this.#files.set(name, inode)
    this.#durableFiles.set(name, inode)
  }

  #handle(inode: Inode, alive: () => Promise<void>): JournalFile {
    return {
      syncsWrites: false,
      size: async () => {
        await alive()
        return inode.cached.length
      },
      read: async (into, at) => {
        await alive()
        this.#meetFault('read')
        const part = inode.cached.subarray(at, at + into.length)
        into.set(part)
        return part.length
      },
      write: async (bytes, at) => {
        const fault = await this.#step('write', alive, false)
        const wanted = Math.min(this.mostBytesPerWrite, bytes.length)
        const over = this.copiesOnWrite ? 0 : Math.max(0, inode.cached.length - at)
        const room = Math.max(0, this.#roomBytes) + over
        const most = Math.min(wanted, room)
        const size = fault ? Math.floor(bytes.length * fault.share) : most
        if (at + size > inode.cached.length) this.growths++
        if (size > 0) change(inode, { type: 'write', at, bytes: bytes.slice(0, size) })
        if (fault) throw failure(fault.code)
        if (size <= 0 && bytes.length > 0) throw failure('ENOSPC')
        return size
      },
      sync: async () => {
        await this.#step('sync', alive)
        this.flushes++
        inode.durable = inode.cached
        inode.changes = []
      },
      truncate: async (size) => {
        await this.#step('truncate', alive)
        change(inode, { type: 'truncate', size })
      },
      close: async () => await alive(),
    }
  }

  get #roomBytes(): number {
    let used = 0
    for (const { cached } of this.#files.values()) used += cached.length
    return this.capacityBytes - used
  }

  async #step(
    operation: DiskOperation,
    alive: () => Promise<void>,
    throws = true,
  ): Promise<Fault | undefined> {
    await alive()
    this.onStep(++this.steps)
    await alive()
    return this.#meetFault(operation, throws)
  }

  #meetFault(operation: DiskOperation, throws = true): Fault | undefined {
    const fault = this.#faults.find((one) => one.operation === operation)
    if (!fault || fault.after-- > 0) return undefined
    this.#faults = this.#faults.filter((one) => one !== fault)
    if (throws) throw failure(fault.code)
    return fault
  }

  /** @param share - how much of a write that fails is carried out, from 0 to 1 */
  fail(operation: DiskOperation, code: string, { after = 0, share = 0.5 } = {}): void {
    this.#faults.push({ operation, code, after, share })
  }

  /** The end of the program, with all that it had written. */
  kill(): void {
    this.#life++
    this.#isLocked = false
  }

  /** The end of the machine: of what was not flushed, any part may be there. */
  losePower(random: Random): void {
    this.kill()
    const coin = (): boolean => random() < 0.5
    const names = new Set([...this.#files.keys(), ...this.#durableFiles.keys()])
    for (const name of names) {
      const [now, then] = [this.#files.get(name), this.#durableFiles.get(name)]
      const kept = now === then || coin() ? now : then
      if (kept) this.#files.set(name, kept)
      else this.#files.delete(name)
    }
    for (const inode of this.#files.values()) {
      for (const one of inode.changes) inode.durable = partOf(inode.durable, one, coin)
      inode.cached = inode.durable
      inode.changes = []
    }
    this.#durableFiles = new Map(this.#files)
  }
}

function change(inode: Inode, one: Change): void {
  inode.changes.push(one)
  inode.cached = changed(inode.cached, one)
}

function changed(bytes: Uint8Array, one: Change): Uint8Array {
  if (one.type === 'truncate') return bytes.slice(0, one.size)
  const result = new Uint8Array(Math.max(bytes.length, one.at + one.bytes.length))
  result.set(bytes)
  result.set(one.bytes, one.at)
  return result
}

function partOf(bytes: Uint8Array, one: Change, coin: () => boolean): Uint8Array {
  if (one.type === 'truncate') return coin() ? changed(bytes, one) : bytes
  let result = bytes
  for (let from = 0; from < one.bytes.length;) {
    const end = Math.min(one.bytes.length, from + sectorBytes - ((one.at + from) % sectorBytes))
    const part = { type: 'write', at: one.at + from, bytes: one.bytes.slice(from, end) } as const
    if (coin()) result = changed(result, part)
    from = end
  }
  return result
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}
