/** A draw, uniform in [0, 1). Injected wherever chance is needed, so that a run can be repeated. */
export type Random = () => number

/** Draws from the runtime's own generator: good for jitter, not for secrets. */
export const systemRandom: Random = () => Math.random()

// In Node and in pages.
declare const crypto: { getRandomValues(into: Uint32Array): Uint32Array }

/** Draws of 53 bits that nobody can foresee, whatever was drawn before: for what whoever knows it may use. */
export const unguessableRandom: Random = () => {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2))
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53
}

/**
 * A generator whose whole sequence follows from one seed, alike on every platform.
 *
 * @param seed - any number; only its low 32 bits count
 * @see Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014 (the
 * 32-bit finalizer known as mulberry32 is of this family)
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
