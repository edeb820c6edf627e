import { isForbiddenKey } from './msgpack-format.ts'
import { readShortText } from './utf8.ts'

/** A power of two. */
const slots = 1_024

export interface CachedText {
  readonly hash: number
  readonly bytes: Uint8Array
  readonly text: string
  /** The byte that is in front of it as the name of a property; none where there is no such name. */
  readonly head: number
  /** The place of the text that followed last time. */
  next: number
}

/**
 * Texts that were read before, found by their bytes: keys and short values such as types come again and
 * again, and a text that is there already is faster than making it. Each hash has one place, so the size is
 * fixed, and bytes made to collide only cost the time of reading them. A text gets its place when it is seen
 * for the second time in a row, lest names and ids that never come back drive out those that do.
 *
 * Messages alike hold texts in the same order: so whatever followed last time is looked at first, which is
 * quicker than to hash what is there.
 */
export class TextCache {
  readonly #entries: (CachedText | undefined)[] = Array.from({ length: slots }, () => undefined)
  /** The text that was read last, where that has a place. */
  #last: CachedText | undefined
  readonly #seen = new Int32Array(slots)

  /** What followed last time upon what was read last. */
  get expected(): CachedText | undefined {
    const last = this.#last
    return last === undefined ? undefined : this.#entries[last.next]
  }

  /** That was there again. */
  took(expected: CachedText): void {
    this.#last = expected
  }

  /** @param length - short, for all of it is hashed */
  text(bytes: Uint8Array, from: number, length: number): string {
    const last = this.#last
    const { expected } = this
    if (expected !== undefined && isAt(bytes, from, expected.bytes, length)) {
      this.#last = expected
      return expected.text
    }
    let hash = length
    for (let index = from; index < from + length; index++) {
      hash = (hash * 31 + (bytes[index] ?? 0)) | 0
    }
    const slot = (hash ^ (hash >>> 10) ^ (hash >>> 20)) & (slots - 1)
    const entry = this.#entries[slot]
    if (entry?.hash === hash && isAt(bytes, from, entry.bytes, length)) {
      if (last !== undefined) last.next = slot
      this.#last = entry
      return entry.text
    }
    this.#last = undefined
    const text = readShortText(bytes, from, length)
    if (this.#seen[slot] === hash) {
      const head = isForbiddenKey(text) ? -1 : 0xa0 | length
      this.#entries[slot] = { hash, bytes: copied(bytes, from, length), text, head, next: 0 }
    }
    this.#seen[slot] = hash
    return text
  }
}

function isAt(bytes: Uint8Array, from: number, expected: Uint8Array, length: number): boolean {
  if (expected.length !== length) return false
  for (let index = 0; index < length; index++) {
    if (expected[index] !== bytes[from + index]) return false
  }
  return true
}

/** Not `slice`: that of a `Buffer` is a view. */
export function copied(bytes: Uint8Array, from: number, length: number): Uint8Array {
  const copy = new Uint8Array(length)
  copy.set(bytes.subarray(from, from + length))
  return copy
}
