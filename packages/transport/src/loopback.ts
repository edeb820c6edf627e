import type { EndpointContext, Flushable } from './endpoint-context.ts'
import type { DropReason, Lane, SendOutcome } from './endpoint-types.ts'
import { headerBytes } from './wire.ts'

interface LocalFrame {
  readonly lane: Lane
  readonly frameType: number
  readonly body: Uint8Array
}

/**
 * What a node sends to itself. It never meets the network and is otherwise treated alike: copied,
 * bounded by the limits of its lane, and delivered in order at the end of the turn, so that a sender
 * is never called back while it sends.
 */
export class Loopback implements Flushable {
  readonly #context: EndpointContext
  readonly #queuedBytes = { control: 0, data: 0 }
  readonly #busy = new Set<Lane>()
  #queue: LocalFrame[] = []

  constructor(context: EndpointContext) {
    this.#context = context
  }

  send(lane: Lane, frameType: number, bytes: Uint8Array, start: number, end: number): SendOutcome {
    const { limits } = this.#context.settings
    const isControl = lane === 'control'
    const maxFrameBytes = isControl ? limits.maxControlFrameBytes : limits.maxDataFrameBytes
    const maxQueueBytes = isControl ? limits.maxControlQueueBytes : limits.maxDataQueueBytes
    const length = end - start
    const queuedBytes = this.#queuedBytes[lane] + headerBytes + length
    if (length >= maxFrameBytes) return this.#drop(lane, frameType, 'frame-too-large')
    if (queuedBytes > maxQueueBytes) return this.#drop(lane, frameType, 'queue-full')
    this.#queuedBytes[lane] = queuedBytes
    if (this.#queue.push({ lane, frameType, body: bytes.slice(start, end) }) === 1) {
      this.#context.flushSoon(this)
    }
    if (queuedBytes <= limits.highWaterBytes) return 'sent'
    this.#busy.add(lane)
    return 'busy'
  }

  /** Delivers what was sent so far; what handlers send meanwhile waits for the next turn. */
  flush(): void {
    const frames = this.#queue
    const relieved = [...this.#busy]
    this.#queue = []
    this.#queuedBytes.control = this.#queuedBytes.data = 0
    this.#busy.clear()
    const { self, router } = this.#context
    for (const { lane, frameType, body } of frames) {
      if (this.#context.isClosing) this.#drop(lane, frameType, 'lane-closed')
      else router.route(self, lane, frameType, body, 0, body.length)
    }
    if (this.#context.isClosing) return
    for (const lane of relieved) this.#context.publish({ type: 'lane-drained', peer: self, lane })
  }

  #drop(lane: Lane, frameType: number, reason: DropReason): SendOutcome {
    this.#context.dropped(this.#context.self, lane, frameType, reason)
    return 'dropped'
  }
}
