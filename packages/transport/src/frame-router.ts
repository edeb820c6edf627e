import type { Tally } from './counters.ts'
import type { DropReason, FrameHandler, Lane } from './endpoint-types.ts'
import { TransportError } from './errors.ts'
import type { NodeIdentity } from './node-identity.ts'
import { firstFreeFrameType, firstUserFrameType, lastFrameType } from './wire.ts'

/** Takes each received frame to the handler of its type, and keeps what handlers throw. */
export class FrameRouter {
  readonly #handlers: (FrameHandler | undefined)[] = Array.from({ length: lastFrameType + 1 })
  readonly #openToClients: boolean[] = Array.from({ length: lastFrameType + 1 }, () => false)
  readonly #tally: Tally
  readonly #dropped: (peer: NodeIdentity, lane: Lane, type: number, reason: DropReason) => void

  constructor(
    tally: Tally,
    dropped: (peer: NodeIdentity, lane: Lane, frameType: number, reason: DropReason) => void,
  ) {
    this.#tally = tally
    this.#dropped = dropped
  }

  /**
   * @param from - who may send such frames
   * @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION` for a reserved or taken type
   */
  handle(frameType: number, handler: FrameHandler, from: 'members' | 'all'): Disposable {
    checkFrameType(frameType)
    if (this.#handlers[frameType] !== undefined) {
      throw TransportError.invalidOption('frameType', frameType, 'a type without a handler')
    }
    this.#handlers[frameType] = handler
    this.#openToClients[frameType] = from === 'all' && frameType >= firstFreeFrameType
    return {
      [Symbol.dispose]: () => {
        if (this.#handlers[frameType] === handler) this.#handlers[frameType] = undefined
      },
    }
  }

  /** Whether clients may send such frames: never what is membership's own. */
  isOpenToClients(frameType: number): boolean {
    return this.#openToClients[frameType] === true
  }

  route(
    peer: NodeIdentity,
    lane: Lane,
    frameType: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const handler = this.#handlers[frameType]
    if (handler === undefined) {
      this.#dropped(peer, lane, frameType, 'unknown-type')
      return
    }
    try {
      handler(peer, bytes, start, end, lane)
      this.#tally.framesReceived++
    } catch {
      this.#tally.handlerErrors++
      this.#dropped(peer, lane, frameType, 'malformed')
    }
  }
}

/** @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION` for a type that is not the caller's */
export function checkFrameType(frameType: number): void {
  const valid = frameType >= firstUserFrameType && frameType <= lastFrameType
  if (valid && Number.isInteger(frameType)) return
  const allowed = `an integer from ${firstUserFrameType} to ${lastFrameType}`
  throw TransportError.invalidOption('frameType', frameType, allowed)
}
