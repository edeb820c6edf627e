/** Two lanes of 32 bits, FNV-1a with different primes: enough to tell runs apart, and quick. */
export class TraceHash {
  readonly #float = new Float64Array(1)
  readonly #words = new Uint32Array(this.#float.buffer)
  #left = 0x811c_9dc5
  #right = 0x9747_b28c

  number(value: number): this {
    this.#float[0] = value
    this.#mix(this.#words[0] ?? 0)
    this.#mix(this.#words[1] ?? 0)
    return this
  }

  text(value: string): this {
    for (let index = 0; index < value.length; index++) this.#mix(value.charCodeAt(index))
    this.#mix(value.length)
    return this
  }

  bytes(value: Uint8Array): this {
    for (const byte of value) this.#mix(byte)
    this.#mix(value.length)
    return this
  }

  toString(): string {
    return [this.#left, this.#right]
      .map((lane) => (lane >>> 0).toString(16).padStart(8, '0'))
      .join('')
  }

  #mix(word: number): void {
    this.#left = Math.imul(this.#left ^ word, 0x0100_0193)
    this.#right = Math.imul(this.#right ^ word ^ (this.#left >>> 15), 0x85eb_ca6b)
  }
}
