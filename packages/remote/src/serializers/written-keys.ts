import { isForbiddenKey } from './msgpack-format.ts'

/** Powers of two are what tables of this kind like; messages of a node have fewer names than this. */
const most = 1_024
/** In letters: a name that is longer is no name, but data. */
const longest = 31

/** The name of a property as it is written: a byte with its length, and its letters. */
export interface WrittenKey {
  readonly key: string
  readonly bytes: Uint8Array
  /** The one that followed last time. */
  next: WrittenKey | undefined
}

/**
 * Names of properties that were written before, as bytes. Messages alike have the same names in the same order: so
 * whatever followed last time is looked at first, which takes no more than to compare two pointers.
 */
export class WrittenKeys {
  readonly #known = new Map<string, WrittenKey>()
  /** Stands before the first. */
  #last: WrittenKey = { key: '', bytes: new Uint8Array(0), next: undefined }

  /** @returns undefined for a name that is to be written letter by letter, and may not be allowed at all */
  find(key: string): WrittenKey | undefined {
    const last = this.#last
    const expected = last.next
    if (expected !== undefined && expected.key === key) return (this.#last = expected)
    const found = this.#known.get(key) ?? this.#add(key)
    if (found === undefined) return undefined
    last.next = found
    return (this.#last = found)
  }

  #add(key: string): WrittenKey | undefined {
    const { length } = key
    if (length > longest || this.#known.size >= most || isForbiddenKey(key)) return undefined
    const bytes = new Uint8Array(1 + length)
    bytes[0] = 0xa0 | length
    for (let index = 0; index < length; index++) {
      const letter = key.charCodeAt(index)
      if (letter >= 0x80) return undefined
      bytes[1 + index] = letter
    }
    const written = { key, bytes, next: undefined }
    this.#known.set(key, written)
    return written
  }
}
