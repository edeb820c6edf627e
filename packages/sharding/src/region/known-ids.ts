import type { KnownTexts } from '@casty/transport'

/** A power of two. */
const slots = 4_096
/** In bytes: longer ones are made anew each time. */
const longest = 40

interface KnownId {
  readonly bytes: Uint8Array
  readonly id: string
}

/**
 * Ids of entities that had messages before, found by their bytes: one that is there already is faster than making
 * it, and faster to be looked up, for its hash is known, and it is the very one that its entity began with. Each has one
 * place, so the size is fixed; one that is taken goes to another id when that comes for the second time in a row, lest
 * ids that never come back drive out those that do.
 */
export class KnownIds implements KnownTexts {
  readonly #known: (KnownId | undefined)[] = Array.from({ length: slots }, () => undefined)
  readonly #seen = new Int32Array(slots)

  find(bytes: Uint8Array, start: number, length: number): string | undefined {
    if (length > longest) return undefined
    let hash = length
    for (let at = start; at < start + length; at++) {
      hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0
    }
    const slot = (hash ^ (hash >>> 12) ^ (hash >>> 24)) & (slots - 1)
    const known = this.#known[slot]
    if (known !== undefined && isAt(bytes, start, known.bytes, length)) return known.id
    const isFree = known === undefined
    if (isFree || this.#seen[slot] === hash) return this.#learn(slot, bytes, start, length)
    this.#seen[slot] = hash
    return undefined
  }

  /** @returns undefined where it is not ASCII */
  #learn(slot: number, bytes: Uint8Array, start: number, length: number): string | undefined {
    const copy = new Uint8Array(bytes.subarray(start, start + length))
    if (copy.some((letter) => letter >= 0x80)) return undefined
    // In one piece: put together letter by letter, an id would keep all that it was put together of.
    const id = String.fromCharCode(...copy)
    this.#known[slot] = { bytes: copy, id }
    return id
  }
}

function isAt(bytes: Uint8Array, start: number, expected: Uint8Array, length: number): boolean {
  if (expected.length !== length) return false
  for (let index = 0; index < length; index++) {
    if (expected[index] !== bytes[start + index]) return false
  }
  return true
}
