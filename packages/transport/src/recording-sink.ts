import type { FrameHandler, Lane } from './endpoint-types.ts'
import { TransportError } from './errors.ts'
import type { NodeIdentity } from './node-identity.ts'

/** One frame as a node received it. `body` is a copy: it stays. */
export interface RecordedFrame {
  readonly from: NodeIdentity
  readonly lane: Lane
  readonly frameType: number
  readonly body: Uint8Array
}

/** What a `RecordingSink` listens at: an `Endpoint`, or whatever hands out frames as it does. */
export interface FrameSource {
  handle(frameType: number, handler: FrameHandler): Disposable
}

export interface RecordingSinkOptions {
  /** Frames kept; beyond it the oldest is let go and counted. @defaultValue 10_000 */
  readonly maxFrames?: number
}

interface Waiter {
  readonly count: number
  readonly resolve: (frames: readonly RecordedFrame[]) => void
}

/**
 * Keeps the frames that a node received, in order, for tests and inspection.
 *
 * @example
 * using received = new RecordingSink(endpoint, [32])
 * const [first] = await received.waitFor(1)
 */
export class RecordingSink implements Disposable {
  readonly #subscriptions: readonly Disposable[]
  readonly #maxFrames: number
  #frames: RecordedFrame[] = []
  #letGo = 0
  #waiters: Waiter[] = []

  /** @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION` for a type that is reserved or taken */
  constructor(
    source: FrameSource,
    frameTypes: readonly number[],
    { maxFrames = 10_000 }: RecordingSinkOptions = {},
  ) {
    if (!Number.isInteger(maxFrames) || maxFrames < 1) {
      throw TransportError.invalidOption('maxFrames', maxFrames, 'an integer of at least 1')
    }
    this.#maxFrames = maxFrames
    this.#subscriptions = frameTypes.map((frameType) =>
      source.handle(frameType, (from, bytes, start, end, lane) =>
        this.#record({ from, lane, frameType, body: bytes.slice(start, end) }),
      ),
    )
  }

  /** What was received since the start, or since `clear`, oldest first. */
  get frames(): readonly RecordedFrame[] {
    return [...this.#frames]
  }

  /** Frames that were let go because there were too many. */
  get letGo(): number {
    return this.#letGo
  }

  clear(): void {
    this.#frames = []
  }

  /** Resolves with all frames once there are `count` of them; rejects with `signal.reason`. */
  async waitFor(
    count: number,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<readonly RecordedFrame[]> {
    signal?.throwIfAborted()
    if (this.#frames.length >= count) return this.frames
    return await new Promise((resolve, reject) => {
      const aborted = (): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter)
        reject(signal?.reason)
      }
      const waiter: Waiter = {
        count,
        resolve: (frames) => {
          signal?.removeEventListener('abort', aborted)
          resolve(frames)
        },
      }
      this.#waiters.push(waiter)
      signal?.addEventListener('abort', aborted, { once: true })
    })
  }

  /** Records no more. What was recorded stays. */
  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
  }

  #record(frame: RecordedFrame): void {
    this.#frames.push(frame)
    if (this.#frames.length > this.#maxFrames) {
      this.#frames.shift()
      this.#letGo++
    }
    const ready = this.#waiters.filter(({ count }) => count <= this.#frames.length)
    if (ready.length === 0) return
    this.#waiters = this.#waiters.filter(({ count }) => count > this.#frames.length)
    for (const waiter of ready) waiter.resolve(this.frames)
  }
}
