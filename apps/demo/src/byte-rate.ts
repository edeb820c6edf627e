/** Turns a counter that only grows into bytes per second over a sliding window. */
export class ByteRate {
  readonly #windowMs: number
  #samples: { readonly atMs: number; readonly bytes: number }[] = []

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** @returns bytes per second since the oldest sample of the window; 0 before there are two */
  sample(bytes: number, atMs: number): number {
    this.#samples.push({ atMs, bytes })
    // The newest of those that have left the window stays: the rate then spans all of the window.
    const expired = this.#samples.filter((sample) => sample.atMs <= atMs - this.#windowMs).length
    this.#samples.splice(0, Math.max(0, expired - 1))
    const [first] = this.#samples
    if (!first || first.atMs === atMs) return 0
    return ((bytes - first.bytes) / (atMs - first.atMs)) * 1_000
  }
}
