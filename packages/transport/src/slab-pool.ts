/** Most lanes send a few small frames per turn; the large size takes a turn that flushes early. */
const smallSlabBytes = 4_096
const largeSlabBytes = 131_072
const idleSlabs = 8

/**
 * Buffers that frames are gathered in, shared by all lanes of an endpoint. A lane holds one from the
 * first frame of a turn until the network has taken the turn's bytes, which is at the end of the
 * turn as a rule: so a few slabs serve thousands of peers, and are warm in the cache.
 */
export class SlabPool {
  readonly #small: Uint8Array[] = []
  readonly #large: Uint8Array[] = []

  /** A buffer of at least `bytes`, its content undefined. */
  acquire(bytes: number): Uint8Array {
    if (bytes <= smallSlabBytes) return this.#small.pop() ?? new Uint8Array(smallSlabBytes)
    if (bytes <= largeSlabBytes) return this.#large.pop() ?? new Uint8Array(largeSlabBytes)
    return new Uint8Array(bytes)
  }

  /** Takes back a buffer that nobody reads any more. A larger one is left to the collector. */
  release(slab: Uint8Array): void {
    const idle = slab.length === smallSlabBytes ? this.#small : this.#large
    const pooled = slab.length === smallSlabBytes || slab.length === largeSlabBytes
    if (pooled && idle.length < idleSlabs) idle.push(slab)
  }
}
