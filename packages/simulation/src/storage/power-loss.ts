// Which unsynced changes survive when the power goes: any subset, in whole or torn, since a disk
// writes in the order it likes. (Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014,
// §2.) Single coins would almost never lose everything or keep everything, so how many survive is
// itself drawn at every crash.
import type { Random } from '@casty/clock'
import type { DiskChange } from './disk-change.ts'

/** What became of one change. */
export type Fate =
  | { readonly type: 'survived' }
  | { readonly type: 'torn'; readonly bytes: Uint8Array }
  | { readonly type: 'lost' }

export interface PowerLoss {
  fateOf(change: DiskChange): Fate
}

/** The smallest unit that most disks write in one step, in bytes. */
export const sectorBytes = 512

/**
 * @param tearUnitBytes - a torn write ends at a multiple of this in the file; without it every crash
 * draws between a sector and a single byte
 */
export function drawPowerLoss(random: Random, tearUnitBytes: number | undefined): PowerLoss {
  const survival = oneOf(random, [0, 0.5, 0.9, 1])
  const tearing = oneOf(random, [0, 0.5, 1])
  const unit = tearUnitBytes ?? oneOf(random, [1, sectorBytes])
  return {
    fateOf(change) {
      if (random() < survival) return { type: 'survived' }
      if (change.type !== 'write' || random() >= tearing) return { type: 'lost' }
      const kept = tornLength(random, change.position, change.bytes.length, unit)
      return kept === 0 ? { type: 'lost' } : { type: 'torn', bytes: change.bytes.subarray(0, kept) }
    },
  }
}

/** How much of a torn write is there: from nothing to all but its last unit. */
function tornLength(random: Random, position: number, length: number, unit: number): number {
  const first = unit - (position % unit)
  const inner = Math.ceil((length - first) / unit)
  const units = Math.floor(random() * (Math.max(inner, 0) + 1))
  return units === 0 ? 0 : first + (units - 1) * unit
}

/** `random` is below 1, so that the index is one of the list's. */
export function oneOf<T>(random: Random, list: readonly [T, ...T[]]): T {
  return list[Math.floor(random() * list.length)] ?? list[0]
}
