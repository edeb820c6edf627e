import type {
  Endpoint,
  EndpointCounters,
  EndpointEvent,
  EndpointReport,
  FrameHandler,
  Lane,
  NodeAddress,
  NodeIdentity,
  SendOutcome,
  Trust,
} from '@casty/transport'
import { MembershipError } from './errors.ts'
import { whole } from './option-values.ts'

/** Frame types below are the transport's and membership's own. */
const firstFreeType = 32
const lastType = 255

/**
 * Says whether a frame is for the handler of its type; what is not is dropped, and for whoever says so to count.
 * It is asked for every frame, or part of one: keep it short.
 */
export type FrameFilter = (from: NodeIdentity, frameType: number, sizeBytes: number) => boolean

/** Which frames of a type come to its handler. */
export interface HandlingOptions {
  /**
   * Who may send such frames: from clients what only members may is dropped, and counted as `untrusted`.
   * @defaultValue 'all'
   */
  readonly from?: 'members' | 'all'
  /**
   * What a filter is asked for: each frame, or each of its parts, by the handler, with `admitsPart`.
   * @defaultValue 'by-frame'
   */
  readonly filtered?: 'by-frame' | 'by-part'
}

/**
 * The endpoint of a cluster's node, as far as it is for others: frames of their own to any member, on
 * the connections that there are. What would disturb membership is left out: its own frame types, and
 * which connections are kept, replaced or given up.
 */
export class ClusterEndpoint {
  readonly #endpoint: Endpoint
  #filter: FrameFilter | undefined

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
  }

  get self(): NodeIdentity {
    return this.#endpoint.self
  }

  /**
   * Hands every frame of `frameType` to `handler`, until the result is disposed of.
   *
   * @param frameType - 32 to 255, which are free; one handler each
   * @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` for a type that is membership's;
   * TransportError `CASTY_TRANSPORT_INVALID_OPTION` for one that has a handler
   */
  handle(frameType: number, handler: FrameHandler, options: HandlingOptions = {}): Disposable {
    if (options.filtered === 'by-part') {
      return this.#endpoint.handle(freeType(frameType), handler, options)
    }
    const filtered: FrameHandler = (from, bytes, start, end, lane) => {
      const filter = this.#filter
      if (filter !== undefined && !filter(from, frameType, end - start)) return
      handler(from, bytes, start, end, lane)
    }
    return this.#endpoint.handle(freeType(frameType), filtered, options)
  }

  /** As what that incarnation has proved itself, or says that it takes part. See `Endpoint.trustOf`. */
  trustOf(peer: NodeIdentity): Trust | undefined {
    return this.#endpoint.trustOf(peer)
  }

  /**
   * Has every frame that comes for one of the free types looked at before its handler gets it, until the result
   * is disposed of: for whoever bounds what peers may send that are no members.
   *
   * @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` where there is a filter already
   */
  filter(filter: FrameFilter): Disposable {
    if (this.#filter !== undefined) {
      throw MembershipError.invalidOption('filter', 'another one', 'one at a time')
    }
    this.#filter = filter
    return {
      [Symbol.dispose]: () => {
        if (this.#filter === filter) this.#filter = undefined
      },
    }
  }

  /**
   * Whether a part of a frame at hand is for its handler, as far as a filter says: for handlers that are `filtered` by part.
   * Each part is to be asked for, also behind one that is refused: whoever filters counts what is dropped.
   *
   * @param sizeBytes - of that part; all of them together have as many as the frame
   */
  admitsPart(from: NodeIdentity, frameType: number, sizeBytes: number): boolean {
    return this.#filter === undefined || this.#filter(from, frameType, sizeBytes)
  }

  /**
   * Queues a frame with the body `bytes[start, end)`, which is copied before the call returns. See
   * `Endpoint.send`; what is sent to this node itself reaches its own handler after the turn.
   *
   * @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` for a type that is membership's;
   * TransportError `CASTY_TRANSPORT_INVALID_OPTION` for a `to` that is no `NodeIdentity`, or a range
   * outside `bytes`
   */
  send(
    to: NodeIdentity,
    lane: Lane,
    frameType: number,
    bytes: Uint8Array,
    start = 0,
    end: number = bytes.length,
  ): SendOutcome {
    return this.#endpoint.send(to, lane, freeType(frameType), bytes, start, end)
  }

  /**
   * As `send`, for frames of a head and of parts: where the frame that was sent there before it came from here as well, has
   * the same type and waits still, only `bytes[part, end)` is added to it. See `Endpoint.join`.
   *
   * @throws as `send`
   */
  join(
    to: NodeIdentity,
    lane: Lane,
    frameType: number,
    bytes: Uint8Array,
    start: number,
    part: number,
    end: number,
  ): SendOutcome {
    return this.#endpoint.join(to, lane, freeType(frameType), bytes, start, part, end)
  }

  /** Opens a control lane to whoever lives at `address`, and tells who that is. See `Endpoint.connect`. */
  async connect(
    address: NodeAddress,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<NodeIdentity> {
    return await this.#endpoint.connect(address, options)
  }

  /** Largest frame of a lane, type and body, in bytes. */
  maxFrameBytes(lane: Lane): number {
    return this.#endpoint.maxFrameBytes(lane)
  }

  isConnected(peer: NodeIdentity, lane: Lane): boolean {
    return this.#endpoint.isConnected(peer, lane)
  }

  /** When the last bytes of that incarnation arrived, by `clock.now()`. */
  lastHeardAt(peer: NodeIdentity): number | undefined {
    return this.#endpoint.lastHeardAt(peer)
  }

  /** Tells `listener` of every event of the connections from now on. */
  subscribe(listener: (event: EndpointEvent) => void): Disposable {
    return this.#endpoint.subscribe(listener)
  }

  counters(): EndpointCounters {
    return this.#endpoint.counters()
  }

  explain(): EndpointReport {
    return this.#endpoint.explain()
  }
}

function freeType(frameType: number): number {
  // Membership's own types, 16 to 31, would otherwise be taken by the endpoint.
  return whole('frameType', frameType, firstFreeType, lastType)
}
