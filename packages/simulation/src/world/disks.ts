// The disks of all hosts, each made when it is first asked for.
import type { Clock } from '@casty/clock'
import type { DiskFaultKind } from '../storage/disk-faults.ts'
import type { SimulatedDiskSettings } from '../storage/disk-options.ts'
import { SimulatedDisk } from '../storage/simulated-disk.ts'
import { forkRandom } from './seeds.ts'

export class Disks {
  readonly #clock: Clock
  readonly #seed: number
  readonly #settings: Partial<SimulatedDiskSettings>
  readonly #disks = new Map<string, SimulatedDisk>()

  constructor(clock: Clock, seed: number, settings: Partial<SimulatedDiskSettings>) {
    this.#clock = clock
    this.#seed = seed
    this.#settings = settings
  }

  of(host: string): SimulatedDisk {
    const existing = this.#disks.get(host)
    if (existing !== undefined) return existing
    const disk = new SimulatedDisk({
      clock: this.#clock,
      random: forkRandom(this.#seed, `disk ${host}`),
      ...this.#settings,
    })
    this.#disks.set(host, disk)
    return disk
  }

  /** How often each kind of fault has struck, over all disks; kinds that never did are left out. */
  faultCounts(): Readonly<Partial<Record<DiskFaultKind, number>>> {
    const sums: Partial<Record<DiskFaultKind, number>> = {}
    for (const disk of this.#disks.values()) {
      // `faultCounts` has the kinds of fault as its keys, and nothing else.
      for (const [kind, count] of Object.entries(disk.faultCounts) as [DiskFaultKind, number][]) {
        if (count > 0) sums[kind] = (sums[kind] ?? 0) + count
      }
    }
    return sums
  }

  heal(): void {
    for (const disk of this.#disks.values()) disk.heal()
  }
}
