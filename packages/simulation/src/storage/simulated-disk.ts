import type { Clock } from '@casty/clock'
import { DiskDevice } from './disk-device.ts'
import { SimulationError } from '../errors.ts'
import { noDiskFaults, type DiskFaultCounts, type DiskFaults } from './disk-faults.ts'
import { checkDiskOptions, type SimulatedDiskOptions } from './disk-options.ts'
import type { FileSystem } from './file-system.ts'
import { lookUp } from './path-lookup.ts'
import { drawPowerLoss } from './power-loss.ts'
import { SimulatedFileSystem } from './simulated-file-system.ts'

/** What a disk holds, as two SHA-256 in hexadecimal: equal contents, equal digests. */
export interface DiskDigest {
  /** What processes of the machine read. */
  readonly cached: string
  /** What a crash can no longer take away. */
  readonly durable: string
}

/**
 * The disk of one machine, on virtual time: it keeps what was synced, and of the rest what chance
 * lets survive. Same seed and same operations, same outcome.
 *
 * @example
 * const disk = new SimulatedDisk({ clock, random: seededRandom(1) })
 * const journal = await openJournal({ fileSystem: disk.fileSystem() }) // the code under test
 * disk.crash()
 * const recovered = await openJournal({ fileSystem: disk.fileSystem() })
 */
export class SimulatedDisk {
  readonly #device: DiskDevice
  readonly #processes = new Set<SimulatedFileSystem>()

  /** @throws SimulationError `CASTY_SIMULATION_INVALID_OPTION` */
  constructor(options: SimulatedDiskOptions) {
    this.#device = new DiskDevice(checkDiskOptions(options))
  }

  /**
   * The files as a process sees them that starts now; to be handed to production code in the place
   * of `node:fs/promises`. It and its handles are dead after the next `crash` or `kill`, so that what
   * is left of that process can do no harm: all that it tries fails with `EBADF`.
   *
   * @param options.clock - of the process, so that it hears of nothing while it stands still; the
   * disk's own without
   */
  fileSystem({ clock = this.#device.options.clock }: { readonly clock?: Clock } = {}): FileSystem {
    const process = new SimulatedFileSystem(this.#device, clock)
    this.#processes.add(process)
    return process
  }

  /**
   * The machine loses power. What was synced is still there; of each unsynced write all, a first part
   * or nothing, and of each unsynced create, rename, unlink and truncate all or nothing.
   */
  crash(): void {
    const { cache, injector, options } = this.#device
    this.#endProcesses()
    injector.count('crash')
    const loss = drawPowerLoss(options.random, options.tearUnitBytes)
    cache.losePower(loss, (kind) => injector.count(kind))
  }

  /** Only the processes die: what they wrote stays in the page cache, synced or not. */
  kill(): void {
    this.#endProcesses()
    this.#device.injector.count('kill')
    this.#device.cache.releaseAll()
  }

  /**
   * Switches faults; those not named stay as they are.
   *
   * @throws SimulationError `CASTY_SIMULATION_INVALID_OPTION`
   */
  setFaults(faults: Partial<DiskFaults>): void {
    this.#device.setFaults(faults)
  }

  /** Switches all faults off. Bits that flipped stay flipped, what a crash took stays lost. */
  heal(): void {
    this.#device.setFaults(noDiskFaults)
  }

  /** How often each kind of fault has happened until now. */
  get faultCounts(): DiskFaultCounts {
    return this.#device.injector.counts
  }

  /** What is stored, in bytes, with 512 for each file and directory. */
  get usedBytes(): number {
    return this.#device.cache.cached.usedBytes
  }

  /** What waits to be synced, in bytes, with what it takes to remember it. */
  get unsyncedBytes(): number {
    return this.#device.cache.unsyncedBytes
  }

  /**
   * Flips one bit at rest: of the file at `path`, or of any.
   *
   * @param firstBytes - of each file only so many, from its beginning
   * @returns false when nothing is stored there
   */
  flipBit(path?: string, firstBytes: number = Infinity): boolean {
    const { cache, injector, options } = this.#device
    const { durable } = cache
    const chosen = path === undefined ? undefined : this.#inodeOf(path)
    const files = durable
      .filesWithContent()
      .filter(([inode]) => path === undefined || inode === chosen)
      .map(([inode, size]) => [inode, Math.min(size, firstBytes)] as const)
    const total = files.reduce((sum, [, size]) => sum + size, 0)
    let position = Math.floor(options.random() * total)
    const bit = Math.floor(options.random() * 8)
    for (const [inode, size] of files) {
      if (position < size) {
        injector.count('bit-flip')
        return cache.flipBit(inode, position, bit)
      }
      position -= size
    }
    return false
  }

  /** For a trace: what is stored, apart from handles and faults. Takes time as the contents grow. */
  digest(): DiskDigest {
    const { cached, durable } = this.#device.cache
    return { cached: cached.digest(), durable: durable.digest() }
  }

  #inodeOf(path: string): number | undefined {
    const fail = (): Error =>
      SimulationError.invalidOption('path', path, 'a path below a directory')
    return lookUp(this.#device.cache.cached, path, fail).inode
  }

  #endProcesses(): void {
    for (const process of this.#processes) process.end(this.#device.options.random)
    this.#processes.clear()
  }
}
