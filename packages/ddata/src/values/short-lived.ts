// Bytes that are on their way: of a call, of what a turn says to a part, of what is answered. Most are somewhat too long for the
// small arrays that cost little to make, and soon let go again: so they are cut from larger ones.
import type { ByteWriter } from '@casty/transport'

const slabBytes = 16_384
/** What is longer has an array of its own. */
const maxCutBytes = 1_024

let slab = new Uint8Array(slabBytes)
let used = 0

/**
 * A copy of what was written, and of what is to stand behind it. It shares its memory with others of about the same time:
 * whoever keeps it for long, keeps these as well, and copies it instead.
 */
export function shortLived(out: ByteWriter, behind?: ByteWriter): Uint8Array {
  const length = out.length + (behind?.length ?? 0)
  const cut = roomFor(length)
  out.copyTo(cut, 0)
  behind?.copyTo(cut, out.length)
  return cut
}

function roomFor(length: number): Uint8Array {
  if (length > maxCutBytes) return new Uint8Array(length)
  if (used + length > slabBytes) {
    slab = new Uint8Array(slabBytes)
    used = 0
  }
  used += length
  return slab.subarray(used - length, used)
}
