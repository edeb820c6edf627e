import type { Random } from '@casty/clock'
import { checkNumber } from './check-number.ts'

/** What goes wrong, each kind by its own switch. Chances are from 0 (never) to 1 (every time). */
export interface DiskFaults {
  /**
   * Bytes that still fit, counted from when this is set; freeing space makes room again. The write
   * that meets the limit is short, the next fails with `ENOSPC`. @defaultValue Infinity
   */
  readonly spaceLeftBytes: number
  /** Chance that a write of two bytes or more writes only some of them. @defaultValue 0 */
  readonly shortWrite: number
  /** Chance that a write fails with `EIO`, having written nothing. @defaultValue 0 */
  readonly writeError: number
  /**
   * Chance that a sync with something to write fails with `EIO`. Of the contents of a file some have
   * reached the medium; the rest counts as clean and is never written, so that the next sync succeeds
   * without it. Reads show it still, or no more. The entries of a directory go on waiting.
   * @see Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020, §3
   * @defaultValue 0
   */
  readonly syncError: number
  /** Chance that a read fails with `EIO`. @defaultValue 0 */
  readonly readError: number
  /** Chance that one bit of what a read asks for has flipped at rest, for good. @defaultValue 0 */
  readonly bitFlip: number
  /** Every operation takes so many times as long, from 1. @defaultValue 1 */
  readonly latencyFactor: number
  /** The file system refuses changes with `EROFS`, as after an error of the medium. @defaultValue false */
  readonly readOnly: boolean
}

/** Nothing goes wrong. */
export const noDiskFaults: DiskFaults = {
  spaceLeftBytes: Infinity,
  shortWrite: 0,
  writeError: 0,
  syncError: 0,
  readError: 0,
  bitFlip: 0,
  latencyFactor: 1,
  readOnly: false,
}

/** What has gone wrong: faults that operations met, and what each end of power lost. */
export type DiskFaultKind =
  | 'disk-full'
  | 'short-write'
  | 'write-error'
  | 'sync-error'
  | 'read-error'
  | 'bit-flip'
  | 'slow-operation'
  | 'read-only'
  | 'crash'
  | 'kill'
  | 'lost-write'
  | 'torn-write'
  | 'lost-truncate'
  | 'lost-entry'

/** How often each kind has happened since the disk was made. */
export type DiskFaultCounts = Readonly<Record<DiskFaultKind, number>>

/** The faults that have a chance. */
type ChanceFault = 'shortWrite' | 'writeError' | 'syncError' | 'readError' | 'bitFlip'

/** Decides by seed whether a fault strikes, and keeps the count. */
export class FaultInjector {
  readonly #random: Random
  readonly #counts: Record<DiskFaultKind, number> = {
    'disk-full': 0,
    'short-write': 0,
    'write-error': 0,
    'sync-error': 0,
    'read-error': 0,
    'bit-flip': 0,
    'slow-operation': 0,
    'read-only': 0,
    crash: 0,
    kill: 0,
    'lost-write': 0,
    'torn-write': 0,
    'lost-truncate': 0,
    'lost-entry': 0,
  }
  #faults: DiskFaults

  constructor(random: Random, faults: DiskFaults) {
    this.#random = random
    this.#faults = checkDiskFaults(faults)
  }

  get faults(): DiskFaults {
    return this.#faults
  }

  set faults(faults: DiskFaults) {
    this.#faults = checkDiskFaults(faults)
  }

  get counts(): DiskFaultCounts {
    return { ...this.#counts }
  }

  count(kind: DiskFaultKind): void {
    this.#counts[kind] += 1
  }

  /** True with the fault's chance. A fault that is off draws nothing. */
  strikes(fault: ChanceFault): boolean {
    return this.#faults[fault] > 0 && this.#random() < this.#faults[fault]
  }
}

/** @throws SimulationError `CASTY_SIMULATION_INVALID_OPTION` */
function checkDiskFaults(faults: DiskFaults): DiskFaults {
  for (const chance of ['shortWrite', 'writeError', 'syncError', 'readError', 'bitFlip'] as const) {
    checkNumber(`faults.${chance}`, faults[chance], 0, 1)
  }
  checkNumber('faults.spaceLeftBytes', faults.spaceLeftBytes, 0, Infinity)
  checkNumber('faults.latencyFactor', faults.latencyFactor, 1, 1_000_000)
  return faults
}
