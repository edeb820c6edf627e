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
    // Lanes are at hand while they are local: most of what is hashed comes in strings and bytes.
    let left = this.#left
    let right = this.#right
    for (let index = 0; index < value.length; index++) {
      const word = value.charCodeAt(index)
      left = leftWith(left, word)
      right = rightWith(right, word, left)
    }
    this.#left = left
    this.#right = right
    this.#mix(value.length)
    return this
  }

  bytes(value: Uint8Array): this {
    let left = this.#left
    let right = this.#right
    for (let index = 0; index < value.length; index++) {
      const word = value[index] ?? 0
      left = leftWith(left, word)
      right = rightWith(right, word, left)
    }
    this.#left = left
    this.#right = right
    this.#mix(value.length)
    return this
  }

  toString(): string {
    return [this.#left, this.#right]
      .map((lane) => (lane >>> 0).toString(16).padStart(8, '0'))
      .join('')
  }

  #mix(word: number): void {
    this.#left = leftWith(this.#left, word)
    this.#right = rightWith(this.#right, word, this.#left)
  }
}

function leftWith(left: number, word: number): number {
  return Math.imul(left ^ word, 0x0100_0193)
}

function rightWith(right: number, word: number, left: number): number {
  return Math.imul(right ^ word ^ (left >>> 15), 0x85eb_ca6b)
}
