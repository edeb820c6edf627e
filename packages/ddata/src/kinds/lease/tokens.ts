// Fencing tokens: whoever keeps a resource takes note of the highest one it has seen, and refuses lower ones. So a
// holder that was thought to be gone and was only slow can do no harm.
//
// Burrows, "The Chubby lock service for loosely-coupled distributed systems", OSDI 2006, §2.4 (sequencers).
import type { ByteReader, ByteWriter } from '@casty/transport'

/** Epochs are milliseconds since 1970, or a little more: with these below them tokens fit into 63 bits until 2109. */
const bitsPerEpoch = 21n

/**
 * Tokens of one part: each is above the one before it, and at least the first one of its epoch. So they grow for as
 * long as what is written down is kept; and where it is lost, with all nodes that had it, they grow as well, since
 * epochs of nodes that begin anew are above: no part gives two million tokens in a millisecond. Mutable.
 */
export class Tokens {
  #last = 0n

  /** Whether none was ever given. */
  get isNew(): boolean {
    return this.#last === 0n
  }

  next(epoch: number): bigint {
    const first = BigInt(epoch) << bitsPerEpoch
    this.#last = first > this.#last ? first : this.#last + 1n
    return this.#last
  }

  save(out: ByteWriter): void {
    writeToken(out, this.#last)
  }

  restore(from: ByteReader): void {
    this.#last = readToken(from)
  }
}

/** The token as text of 20 digits: texts compare as the tokens do. */
export function fenceOf(token: bigint): string {
  return token.toString().padStart(20, '0')
}

export function writeToken(out: ByteWriter, token: bigint): void {
  out.u32(Number(token >> 32n)).u32(Number(token & 0xffff_ffffn))
}

export function readToken(from: ByteReader): bigint {
  return (BigInt(from.u32()) << 32n) | BigInt(from.u32())
}
