// What every process of the machine shares: contents, faults, room, speed.
import type { CheckedDiskOptions } from './disk-options.ts'
import { FaultInjector, type DiskFaults } from './disk-faults.ts'
import { PageCache } from './page-cache.ts'
import { systemError, type SystemCall } from './system-error.ts'

export class DiskDevice {
  readonly options: CheckedDiskOptions
  readonly cache: PageCache
  readonly injector: FaultInjector
  #limitBytes: number

  constructor(options: CheckedDiskOptions) {
    this.options = options
    this.cache = new PageCache(options.capacityBytes, options.maxUnsyncedBytes)
    this.injector = new FaultInjector(options.random, options.faults)
    this.#limitBytes = this.#limitOf(options.faults)
  }

  /** Switches some faults. Room is counted anew only when it is among them. */
  setFaults(faults: Partial<DiskFaults>): void {
    this.injector.faults = { ...this.injector.faults, ...faults }
    if (faults.spaceLeftBytes !== undefined) this.#limitBytes = this.#limitOf(this.injector.faults)
  }

  /** What still fits, in bytes. */
  get roomBytes(): number {
    return Math.max(0, this.#limitBytes - this.cache.cached.usedBytes)
  }

  /** How long an operation takes: its latency, between half and one and a half, and its bytes. */
  delayMs(latencyMs: number, bytes = 0): number {
    const factor = this.injector.faults.latencyFactor
    if (factor > 1) this.injector.count('slow-operation')
    const jitter = 0.5 + this.options.random()
    return factor * (latencyMs * jitter + bytes / this.options.bytesPerMs)
  }

  /** @throws SystemError `EROFS` */
  checkWritable(call: SystemCall): void {
    if (!this.injector.faults.readOnly) return
    this.injector.count('read-only')
    throw systemError('EROFS', call)
  }

  /** @throws SystemError `ENOSPC` unless so many bytes fit */
  checkRoom(bytes: number, call: SystemCall): void {
    if (bytes <= this.roomBytes) return
    this.injector.count('disk-full')
    throw systemError('ENOSPC', call)
  }

  #limitOf({ spaceLeftBytes }: DiskFaults): number {
    const { capacityBytes } = this.options
    return Math.min(capacityBytes, this.cache.cached.usedBytes + spaceLeftBytes)
  }
}
