// The disks of all hosts, each made when it is first asked for.
import type { Clock } from '@casty/clock'
import { noDiskFaults, type DiskFaultKind, type DiskFaults } from '../storage/disk-faults.ts'
import type { SimulatedDiskSettings } from '../storage/disk-options.ts'
import { SimulatedDisk } from '../storage/simulated-disk.ts'
import { forkRandom } from './seeds.ts'

export class Disks {
  readonly #clock: Clock
  readonly #seed: number
  readonly #settings: Partial<SimulatedDiskSettings>
  readonly #disks = new Map<string, SimulatedDisk>()
  /** Of each host, in the order in which they were laid on. */
  readonly #faults = new Map<string, Partial<DiskFaults>[]>()

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

  /**
   * Lays faults on a disk until the result is disposed of. Of several of one kind the newest counts,
   * and when it is over the one before it does again.
   */
  damage(host: string, faults: Partial<DiskFaults>): Disposable {
    const active = this.#faults.get(host) ?? []
    this.#faults.set(host, active)
    active.push(faults)
    this.of(host).setFaults(faults)
    return {
      [Symbol.dispose]: () => {
        const at = active.indexOf(faults)
        if (at < 0) return
        active.splice(at, 1)
        const newer = active.slice(at)
        const names = faultNames(faults).filter((name) => newer.every((one) => !(name in one)))
        const left = Object.assign({}, noDiskFaults, ...active) as DiskFaults // Each is part of one.
        this.of(host).setFaults(Object.fromEntries(names.map((name) => [name, left[name]])))
      },
    }
  }

  heal(): void {
    for (const active of this.#faults.values()) active.length = 0
    for (const disk of this.#disks.values()) disk.heal()
  }
}

function faultNames(faults: Partial<DiskFaults>): readonly (keyof DiskFaults)[] {
  return Object.keys(faults) as (keyof DiskFaults)[] // It has no other keys.
}
