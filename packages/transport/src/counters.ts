import type { DropReason, RefusalReason } from './endpoint-types.ts'
import type { DialFailure } from './transport.ts'

/** What an endpoint counted since it started. A snapshot: it does not change any more. */
export interface EndpointCounters {
  /** Frames and bytes handed to the network; one that parts share is one. Bytes include frame headers, not handshakes. */
  readonly framesSent: number
  readonly bytesSent: number
  /** Frames whose handler ran to its end, whatever it made of their parts; and all bytes that arrived on open lanes. */
  readonly framesReceived: number
  readonly bytesReceived: number
  /** Frames, and each part that was to share one, as far as they were not sent or not heeded, by reason. */
  readonly dropped: Readonly<Record<DropReason, number>>
  /** Connections that we refused, by reason, and that peers refused us. */
  readonly refusedByUs: Readonly<Record<RefusalReason, number>>
  readonly refusedByPeers: Readonly<Record<RefusalReason, number>>
  readonly dialsStarted: number
  readonly dialsFailed: Readonly<Record<DialFailure, number>>
  readonly connectionsOpened: number
  /** Incoming connections that ended before their handshake did, by why. */
  readonly handshakesFailed: Readonly<Record<HandshakeFailure, number>>
  /** Handlers and listeners that threw. What they threw went no further. */
  readonly handlerErrors: number
  readonly listenerErrors: number
}

/**
 * `garbage`: not our magic, or no handshake. `timeout`: it took too long. `busy`: too many at once.
 * `ended`: the other side went away. `unheard`: too many before it had failed to prove themselves from there.
 */
export type HandshakeFailure = 'garbage' | 'timeout' | 'busy' | 'ended' | 'unheard'

type Mutable<T> = {
  -readonly [K in keyof T]: T[K] extends number ? number : { -readonly [L in keyof T[K]]: number }
}

/** The running count; `snapshotOf` makes of it what is handed out. */
export type Tally = Mutable<EndpointCounters>

export function createTally(): Tally {
  return {
    framesSent: 0,
    bytesSent: 0,
    framesReceived: 0,
    bytesReceived: 0,
    dropped: {
      'queue-full': 0,
      'frame-too-large': 0,
      'lane-closed': 0,
      'peer-gone': 0,
      'unknown-type': 0,
      malformed: 0,
      untrusted: 0,
    },
    refusedByUs: noRefusals(),
    refusedByPeers: noRefusals(),
    dialsStarted: 0,
    dialsFailed: {
      refused: 0,
      timeout: 0,
      unreachable: 0,
      local: 0,
      insecure: 0,
      'not-allowed': 0,
    },
    connectionsOpened: 0,
    handshakesFailed: { garbage: 0, timeout: 0, busy: 0, ended: 0, unheard: 0 },
    handlerErrors: 0,
    listenerErrors: 0,
  }
}

export function snapshotOf(tally: Tally): EndpointCounters {
  return {
    ...tally,
    dropped: { ...tally.dropped },
    refusedByUs: { ...tally.refusedByUs },
    refusedByPeers: { ...tally.refusedByPeers },
    dialsFailed: { ...tally.dialsFailed },
    handshakesFailed: { ...tally.handshakesFailed },
  }
}

function noRefusals(): Record<RefusalReason, number> {
  return {
    'wire-version': 0,
    'cluster-name': 0,
    config: 0,
    'wrong-incarnation': 0,
    'stale-incarnation': 0,
    removed: 0,
    duplicate: 0,
    self: 0,
    busy: 0,
    closing: 0,
    malformed: 0,
    identity: 0,
    authentication: 0,
    forbidden: 0,
    'unreachable-address': 0,
  }
}
