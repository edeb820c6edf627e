import { ShortCopies } from './short-copies.ts'

/** Most lanes send a few small frames per turn; the large size takes a turn that flushes early. */
const smallSlabBytes = 4_096
const largeSlabBytes = 131_072
const idleSlabs = 8

/** A buffer, and the same for what is written into it by words. */
export interface Slab {
  readonly bytes: Uint8Array
  readonly view: DataView
}

/**
 * Buffers that frames are gathered in, shared by all lanes of an endpoint. A lane holds one from the
 * first frame of a turn until the network has taken the turn's bytes, which is at the end of the
 * turn as a rule: so a few slabs serve thousands of peers, and are warm in the cache.
 */
export class SlabPool {
  /** What is sent by an endpoint comes out of the same few buffers, whichever lane it is for. */
  readonly copies: ShortCopies = new ShortCopies()
  readonly #small: Slab[] = []
  readonly #large: Slab[] = []

  /** A buffer of at least `bytes`, its content undefined. */
  acquire(bytes: number): Slab {
    if (bytes <= smallSlabBytes) return this.#small.pop() ?? newSlab(smallSlabBytes)
    if (bytes <= largeSlabBytes) return this.#large.pop() ?? newSlab(largeSlabBytes)
    return newSlab(bytes)
  }

  /** Takes back a buffer that nobody reads any more. A larger one is left to the collector. */
  release(slab: Slab): void {
    const { length } = slab.bytes
    const idle = length === smallSlabBytes ? this.#small : this.#large
    const pooled = length === smallSlabBytes || length === largeSlabBytes
    if (pooled && idle.length < idleSlabs) idle.push(slab)
  }
}

/** A buffer that is in no pool. */
export function newSlab(bytes: number): Slab {
  const buffer = new ArrayBuffer(bytes)
  return { bytes: new Uint8Array(buffer), view: new DataView(buffer) }
}
