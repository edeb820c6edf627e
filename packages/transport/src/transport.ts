import type { NodeAddress } from './node-address.ts'

/**
 * Makes channels between addresses. This is all that a transport package has to provide: handshake,
 * lanes, reconnection, queues, bounds and accounting are the association's, shared by all.
 *
 * `transportCompliance` from `@casty/transport/compliance` is this contract as tests.
 */
export interface Transport {
  /** For people, in logs and reports: `tcp`, `ws`, `memory`. */
  readonly name: string
  /**
   * What every channel of it is: `mutual-tls` is encrypted, with both sides verified, and carries a
   * `proof`; absent, whoever sits on the way reads and writes what he likes.
   */
  readonly security?: 'mutual-tls'
  /**
   * Binds `address` and hands every incoming channel to `accept`. Port 0 picks a free port.
   *
   * Rejects with `CASTY_TRANSPORT_ADDRESS_IN_USE` if the address is taken, and with
   * `CASTY_TRANSPORT_LISTEN_FAILED` if it cannot be bound for another reason.
   *
   * @param turnedAway - told of connections that are ended before they are channels, since they prove nothing; never throws
   */
  listen(
    address: NodeAddress,
    accept: (channel: Channel) => void,
    turnedAway?: (whom: TurnedAway) => void,
  ): Promise<Listener>
  /**
   * Opens a channel to whoever listens at `address`.
   *
   * Rejects with `CASTY_TRANSPORT_DIAL_FAILED`, whose `failure` tells a refusal (nobody listens
   * there: the process is gone) from everything else, and whose `insecurity` says what keeps two
   * ends from trusting each other; with `signal.reason` once that is aborted.
   */
  dial(address: NodeAddress, options?: TransportDialOptions): Promise<Channel>
}

export interface TransportDialOptions {
  /** Gives the dial up. */
  readonly signal?: AbortSignal
  /**
   * Asked of each address that the name of the host leads to, before anything is sent there: only those that it allows are
   * dialled, by the answer that was judged and no later one; where none is left, the dial fails as `not-allowed`. Not asked
   * where `host` is an address itself, which the caller has judged, nor by transports that resolve nothing.
   *
   * @param host - an IP address as text
   * @defaultValue all are allowed
   */
  readonly mayDial?: (host: string) => boolean
}

export interface Listener extends AsyncDisposable {
  /** The address bound: a requested port 0 is resolved. */
  readonly address: NodeAddress
}

/**
 * An ordered stream of bytes both ways. What one `write` was given arrives whole or not at all in
 * this order, but it may be cut into pieces or joined with its neighbours: cutting bytes into frames
 * is the association's work.
 *
 * Nothing is delivered before `open` was called, so nobody loses the first bytes.
 */
export interface Channel {
  /** Who is at the other end as far as the network knows, without the port: limits count by it. */
  readonly source: string
  /** What the channel itself has verified of the other end; absent where it verifies nothing. */
  readonly proof?: ChannelProof
  /** Bytes handed to `write` that the network has not taken yet. */
  readonly bufferedBytes: number
  /**
   * How long frames of one turn gather before they leave in a write of their own, in milliseconds: longer where a
   * write takes more by itself, as one that is wrapped or encrypted does.
   * @defaultValue 0.025
   */
  readonly gatherMs?: number
  /** Starts delivery to `sink`. Called exactly once. */
  open(sink: ChannelSink): void
  /**
   * Hands over `bytes`, which the caller leaves untouched until `bufferedBytes` is 0, as a rule when
   * the call returns. Returns false when the other end is slower than the writer: wait for `drained`.
   * Does nothing once the channel is closed.
   */
  write(bytes: Uint8Array): boolean
  /** Stops and restarts delivery, so that the other end feels the backpressure. */
  pause(): void
  resume(): void
  /**
   * Ends the channel: `graceful` writes out what was handed over first, bounded by the transport's
   * own linger time; otherwise the connection is destroyed at once, also while an earlier graceful
   * close lingers. `closed('local')` follows, without the other end. Idempotent.
   */
  close(options?: { readonly graceful?: boolean }): void
}

/** A certificate that the cluster's authority signed, shown by the other end, and its key proven. */
export interface ChannelProof {
  /** Whom the certificate is made out to: its subject alternative names, as `URI:…`, `DNS:…`, `IP:…`. */
  readonly names: readonly string[]
  /** SHA-256 of the certificate, in lower-case hexadecimal digits. */
  readonly fingerprint: string
  /** When it expires, in milliseconds of the epoch. */
  readonly expiresAt: number
  /**
   * 32 bytes that both ends of this one channel know and nobody else (RFC 9266): a proof made over
   * them cannot be carried to another channel.
   */
  readonly binding: Uint8Array
  /**
   * Why it holds no more, where it does not. Asked every few seconds while a connection is open, which ends then.
   * @defaultValue it holds as long as the channel does
   */
  readonly lapse?: () => ProofLapse | undefined
}

/**
 * Why a certificate that was verified counts no more. `expired`: its time is over. `untrusted`: other authorities are
 * trusted by now, and none of them has signed it.
 */
export type ProofLapse = 'expired' | 'untrusted'

export interface ChannelSink {
  /** `bytes` belongs to the channel and is reused after the call: copy what is kept. Never throws. */
  received(bytes: Uint8Array): void
  /** The network has taken what was buffered: writing may go on. */
  drained(): void
  /** Last call, exactly once, also after the own `close`. */
  closed(reason: ChannelCloseReason): void
}

/**
 * Why a channel ended. `ended` is the other side closing in order, `reset` its connection being
 * torn down (a killed process, a firewall), `local` our own `close`, `failed` anything else.
 */
export type ChannelCloseReason = 'local' | 'ended' | 'reset' | 'failed'

/**
 * Why a dial failed. `refused`: the host answered that nobody listens, so the process is gone.
 * `timeout` and `unreachable` say nothing about the process. `local` is our own lack of a resource
 * (file descriptors, memory, a resolver that cannot open its files) and never counts against a peer.
 * `insecure`: somebody is there, and no connection came about that both ends trust. `not-allowed`: this node does not
 * dial such an address on the word of others, and nothing was sent: neither the address that was named, nor what a name leads to.
 */
export type DialFailure =
  | 'refused'
  | 'timeout'
  | 'unreachable'
  | 'local'
  | 'insecure'
  | 'not-allowed'

/** A connection that came in, and by what its other end is not trusted. */
export interface TurnedAway {
  /** The host that it came from, as the network knows it. */
  readonly source: string
  readonly reason: InsecurityReason
}

/** What kept two ends from trusting each other. */
export interface Insecurity {
  readonly reason: InsecurityReason
  /** Who did not go on: we, or the other end. */
  readonly by: 'us' | 'peer'
  /** For people: what is wrong, and with whose certificate. */
  readonly detail: string
}

/**
 * `plaintext`: one end speaks TLS, the other does not. `protocol`: no TLS 1.3 in common.
 * `no-certificate`, `expired`, `not-yet-valid`: of the certificate shown. `untrusted`: it is not signed
 * by the cluster's authority. `not-allowed`: it is, and is not on the list of names. `ended`: the other
 * end went away during the handshake, as one does that speaks no TLS, or TLS alone, or has too many connections.
 */
export type InsecurityReason =
  | 'plaintext'
  | 'protocol'
  | 'no-certificate'
  | 'untrusted'
  | 'expired'
  | 'not-yet-valid'
  | 'not-allowed'
  | 'ended'
