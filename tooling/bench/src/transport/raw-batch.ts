import type { Link } from './subject.ts'

/** What takes the bytes of a turn. */
export interface Outlet {
  write(bytes: Buffer): void
  /** What it was handed and the system has not taken yet. */
  bufferedBytes(): number
}

const batchBytes = 65_536
const highWaterBytes = 1_048_576
const loopCopyBytes = 48

/**
 * Frames of one turn, written at once: the way to send that costs least over bare sockets. The
 * batch is used again when the system took it whole within the call, which is the rule.
 */
export class RawBatch implements Link {
  drained: () => void = () => {}
  readonly #outlet: Outlet
  readonly #flushLater: () => void
  #batch = Buffer.allocUnsafeSlow(batchBytes)
  #used = 0
  #scheduled = false

  /** @param outlet - whose owner calls `drained` when it has room again */
  constructor(outlet: Outlet) {
    this.#outlet = outlet
    this.#flushLater = () => {
      this.#scheduled = false
      this.#flush()
    }
  }

  send(bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start
    if (this.#used + 4 + length > this.#batch.length) this.#makeRoom(4 + length)
    const batch = this.#batch
    let at = this.#used
    batch[at] = length >>> 24
    batch[at + 1] = length >>> 16
    batch[at + 2] = length >>> 8
    batch[at + 3] = length
    at += 4
    if (length > loopCopyBytes) {
      batch.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), at)
    } else {
      for (let from = start, to = at; from < end; from++, to++) batch[to] = bytes[from] as number
    }
    this.#used = at + length
    if (!this.#scheduled) {
      this.#scheduled = true
      queueMicrotask(this.#flushLater)
    }
    return this.#outlet.bufferedBytes() < highWaterBytes
  }

  #makeRoom(needed: number): void {
    this.#flush()
    if (needed > this.#batch.length) this.#batch = Buffer.allocUnsafeSlow(needed)
  }

  #flush(): void {
    if (this.#used === 0) return
    this.#outlet.write(this.#batch.subarray(0, this.#used))
    this.#used = 0
    if (this.#outlet.bufferedBytes() > 0) this.#batch = Buffer.allocUnsafeSlow(batchBytes)
  }
}
