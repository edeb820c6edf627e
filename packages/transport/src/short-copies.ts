import type { Slab } from './slab-pool.ts'

/** Up to here bytes of one source are copied by words, which is quicker than `set` and the view that it needs. */
const mostByWords = 80
/** … and those of a source that is seen for the first time one by one. */
const mostOneByOne = 32
const nothing = new Uint8Array(0)

/**
 * Copies frames, most of which are short, and written into the same buffer each time: of that a view is kept, by which
 * four bytes are copied at once.
 */
export class ShortCopies {
  #source: Uint8Array = nothing
  #view: DataView | undefined

  /** Copies `source[start, end)` to where there is room for it in `target`. */
  copy(source: Uint8Array, start: number, end: number, target: Slab, targetStart: number): void {
    const length = end - start
    if (length > mostByWords) {
      const isWhole = length === source.length
      target.bytes.set(isWhole ? source : source.subarray(start, end), targetStart)
    } else if (source === this.#source) this.#byWords(source, start, end, target, targetStart)
    else {
      this.#source = source
      this.#view = undefined
      if (length > mostOneByOne) target.bytes.set(source.subarray(start, end), targetStart)
      else oneByOne(source, start, end, target.bytes, targetStart)
    }
  }

  #byWords(
    source: Uint8Array,
    start: number,
    end: number,
    target: Slab,
    targetStart: number,
  ): void {
    const from = this.#viewOf(source, end)
    const to = target.view
    let at = start
    let written = targetStart
    for (; at + 4 <= end; at += 4, written += 4) {
      to.setInt32(written, from.getInt32(at, true), true)
    }
    oneByOne(source, at, end, target.bytes, written)
  }

  /** Of one that has grown since, there is a longer one. */
  #viewOf(source: Uint8Array, end: number): DataView {
    if (this.#view === undefined || this.#view.byteLength < end) {
      this.#view = new DataView(source.buffer, source.byteOffset, source.byteLength)
    }
    return this.#view
  }
}

function oneByOne(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): void {
  // Both ranges lie within their arrays: `append` reserved the target, `send` checked the source.
  for (let at = start, to = targetStart; at < end; at++, to++) target[to] = source[at] as number
}
