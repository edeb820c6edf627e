// Bytes that are on their way: of a call, of what a turn says to a part, of what is answered. Most are somewhat too long for the
// small arrays that cost little to make, and soon let go again: so they are cut from larger ones.
import type { ByteWriter } from '@casty/transport'

const slabBytes = 16_384
/** What is longer has an array of its own. */
const maxCutBytes = 1_024

let slab = new Uint8Array(slabBytes)
let used = 0

/**
 * A copy of what was written. It shares its memory with others of about the same time: whoever keeps it for long, keeps
 * these as well, and copies it instead.
 */
export function shortLived(out: ByteWriter): Uint8Array {
  const { length } = out
  if (length > maxCutBytes) return out.finish()
  if (used + length > slabBytes) {
    slab = new Uint8Array(slabBytes)
    used = 0
  }
  const cut = slab.subarray(used, used + length)
  out.copyTo(slab, used)
  used += length
  return cut
}
