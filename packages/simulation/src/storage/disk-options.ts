import type { Clock, Random } from '@casty/clock'
import { SimulationError } from '../errors.ts'
import { checkNumber } from './check-number.ts'
import { noDiskFaults, type DiskFaults } from './disk-faults.ts'

export interface SimulatedDiskOptions {
  /** The time that operations take is taken from here. */
  readonly clock: Clock
  /** Decides latencies, faults and what survives a crash. Give the disk one of its own. */
  readonly random: Random
  /** What fits, in bytes, with 512 for each file and directory. @defaultValue 67_108_864 (64 MiB) */
  readonly capacityBytes?: number
  /**
   * Unsynced changes kept back, in bytes. When more wait, the older half is written to the medium
   * unasked, as every system does; a crash can then no longer lose it. @defaultValue 4_194_304 (4 MiB)
   */
  readonly maxUnsyncedBytes?: number
  /** Handles open at once; one more fails with `EMFILE`. @defaultValue 1_024 */
  readonly maxOpenHandles?: number
  /**
   * What a crash never tears, in bytes: 512 for a disk that writes sectors as a whole, 1 for one that
   * keeps nothing. @defaultValue drawn at each crash, between the two
   */
  readonly tearUnitBytes?: number
  /** Mean time of a read, beside that of its bytes, in milliseconds. @defaultValue 0.1 */
  readonly readLatencyMs?: number
  /** Mean time of a write to the page cache, in milliseconds. @defaultValue 0.02 */
  readonly writeLatencyMs?: number
  /** Mean time of a sync, beside that of the bytes that wait, in milliseconds. @defaultValue 2 */
  readonly syncLatencyMs?: number
  /** Mean time of any other operation, in milliseconds. @defaultValue 0.05 */
  readonly metadataLatencyMs?: number
  /** How fast bytes are read and synced, per millisecond. @defaultValue 500_000 */
  readonly bytesPerMs?: number
  /** What goes wrong from the start. @defaultValue nothing */
  readonly faults?: Partial<DiskFaults>
}

/** How large, fast and patient a disk is. */
export type SimulatedDiskSettings = Required<
  Omit<SimulatedDiskOptions, 'clock' | 'random' | 'faults' | 'tearUnitBytes'>
>

export const simulatedDiskDefaults: SimulatedDiskSettings = {
  capacityBytes: 67_108_864,
  maxUnsyncedBytes: 4_194_304,
  maxOpenHandles: 1_024,
  readLatencyMs: 0.1,
  writeLatencyMs: 0.02,
  syncLatencyMs: 2,
  metadataLatencyMs: 0.05,
  bytesPerMs: 500_000,
}

/** The options, checked, with nothing left open. */
export interface CheckedDiskOptions extends SimulatedDiskSettings {
  readonly clock: Clock
  readonly random: Random
  readonly tearUnitBytes: number | undefined
  readonly faults: DiskFaults
}

/** The least and greatest value of each. */
const ranges: Readonly<Record<keyof SimulatedDiskSettings, readonly [min: number, max: number]>> = {
  capacityBytes: [4_096, 1_073_741_824],
  maxUnsyncedBytes: [0, 1_073_741_824],
  maxOpenHandles: [1, 1_000_000],
  readLatencyMs: [0, 3_600_000],
  writeLatencyMs: [0, 3_600_000],
  syncLatencyMs: [0, 3_600_000],
  metadataLatencyMs: [0, 3_600_000],
  bytesPerMs: [1, Number.MAX_SAFE_INTEGER],
}

/** @throws SimulationError `CASTY_SIMULATION_INVALID_OPTION` */
export function checkDiskOptions(options: SimulatedDiskOptions): CheckedDiskOptions {
  const { clock, random, faults, tearUnitBytes, ...given } = options
  const settings = { ...simulatedDiskDefaults, ...given }
  // The keys of a record that names every setting are the settings.
  for (const option of Object.keys(ranges) as (keyof SimulatedDiskSettings)[]) {
    checkNumber(option, settings[option], ...ranges[option])
  }
  if (tearUnitBytes !== undefined && !(Number.isInteger(tearUnitBytes) && tearUnitBytes >= 1)) {
    throw SimulationError.invalidOption('tearUnitBytes', tearUnitBytes, 'an integer of at least 1')
  }
  return { clock, random, ...settings, tearUnitBytes, faults: { ...noDiskFaults, ...faults } }
}
