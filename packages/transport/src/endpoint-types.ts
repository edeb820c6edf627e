import type { Clock, Random } from '@casty/clock'
import type { Authentication, Trust } from './authentication.ts'
import type { NodeAddress } from './node-address.ts'
import type { Incarnation, NodeIdentity } from './node-identity.ts'
import type {
  ChannelCloseReason,
  ChannelProof,
  DialFailure,
  Insecurity,
  ProofLapse,
  Transport,
} from './transport.ts'

/**
 * Control carries what is small and must not wait: heartbeats, gossip, system messages. Data carries
 * what users send, and whatever is large. They travel on separate connections, so that a backlog of
 * data never delays a heartbeat.
 */
export type Lane = 'control' | 'data'

/**
 * What became of a frame: `sent` was queued, `busy` was queued and the lane is above its high-water
 * mark (slow down until `lane-drained`), `dropped` was not queued, is counted under a reason and
 * published as `frame-dropped`.
 */
export type SendOutcome = 'sent' | 'busy' | 'dropped'

/** Why a frame was not sent, or not delivered. The reasons under which drops are counted. */
export type DropReason =
  | 'queue-full' // The lane holds as much as its bound allows.
  | 'frame-too-large' // Above the lane's frame limit.
  | 'lane-closed' // It was queued when its connection ended, or the endpoint was closed.
  | 'peer-gone' // Another incarnation answers at that address, or the peer refuses us for good.
  | 'unknown-type' // No handler is registered for its frame type.
  | 'malformed' // Its handler, or the codec, could not read it.
  | 'untrusted' // A client sent what only members say.

/** Why the other side would not take a connection. */
export type RefusalReason =
  | 'wire-version' // No wire version in common.
  | 'cluster-name' // Another cluster lives there.
  | 'config' // Settings that must agree differ.
  | 'wrong-incarnation' // The address lives, but not in the incarnation that was dialled.
  | 'stale-incarnation' // A newer incarnation of the dialler's own address is known there.
  | 'removed' // The dialler's incarnation was downed or removed from the cluster.
  | 'duplicate' // Both ends dialled at once, and the other connection is kept.
  | 'self' // The endpoint dialled itself.
  | 'busy' // Too many connections wait for their handshake there.
  | 'closing' // The endpoint is shutting down.
  | 'malformed' // What it was sent is no handshake.
  | 'identity' // The certificate shown is not made out to the node that shows it.
  | 'authentication' // No proof, or a wrong one, of a secret that both must know.
  | 'forbidden' // The node, or the credential that it shows, was evicted.
  | 'unreachable-address' // Dialled back, the dialler was not found at the address that it gives.

export interface Refusal {
  readonly reason: RefusalReason
  /** Who answered, once it said so. */
  readonly actual?: NodeIdentity
  /** With `stale-incarnation`: the highest incarnation known there for the dialler's address. */
  readonly knownIncarnation?: Incarnation
  /** For people: both values where two sides disagree. At most 200 characters. */
  readonly detail: string
}

/** What a peer says of itself when it connects; checked by the endpoint, then by `admit`. */
export interface PeerHello {
  readonly identity: NodeIdentity
  readonly capabilities: readonly string[]
  /** As what it proved itself; without authentication, what it says it is. */
  readonly trust: Trust
  /** The certificate that it showed, where the transport asks for one. */
  readonly proof?: ChannelProof
}

/** The owner's word on a peer whose handshake is otherwise in order. */
export type Admission =
  | { readonly type: 'admitted' }
  /**
   * One that dials is taken once it was dialled back: a second connection, to the address that it gives, has to lead to
   * this very life, within half of `handshakeTimeoutMs`; else it is refused as `unreachable-address`. Where both have a secret,
   * that life has to know of the hello as well. Whoever is dialled itself is taken as with `admitted`, at the address that was
   * dialled; one that answers under another address is dialled there instead.
   */
  | { readonly type: 'dial-back' }
  | {
      readonly type: 'refused'
      readonly reason: 'stale-incarnation' | 'removed' | 'forbidden'
      readonly knownIncarnation?: Incarnation
      readonly detail: string
    }

/** Whether a node dials what others have named: see the option of that name. */
export type MayDial = (address: NodeAddress, named: NodeAddress) => boolean

/**
 * Whose word an address is. `us`: the owner's, or its operator's; `others`: some peer's, so `mayDial` is asked, also of what a
 * name leads to.
 */
export type NamedBy = 'us' | 'others'

export interface EndpointOptions {
  readonly transport: Transport
  readonly clock: Clock
  /** Draws for the jitter of reconnection. @defaultValue systemRandom */
  readonly random?: Random
  /** Where to listen. Port 0 picks a free port. */
  readonly address: NodeAddress
  /** What peers dial, where it differs from what is bound (containers, NAT). @defaultValue the bound address */
  readonly advertised?: { readonly host?: string; readonly port?: number }
  /** Tells this life of the address from earlier ones: must be higher than all of them. */
  readonly incarnation: number
  /** Peers of another cluster are refused. 1 to 100 characters. */
  readonly clusterName: string
  /** Compared for equality when both sides have one; made by the owner from settings that must agree. */
  readonly configDigest?: string
  /** Names of what this node can do, told to every peer's `admit`. At most 32. @defaultValue [] */
  readonly capabilities?: readonly string[]
  /**
   * What both ends of every connection have to prove: see `sharedSecret()` of `@casty/secret`. A node that has one talks
   * to none that has not. @defaultValue none
   */
  readonly authentication?: Authentication
  /** As what this end takes part. @defaultValue 'member' */
  readonly trust?: Trust
  /** Allows a bind beyond loopback where neither the transport nor `authentication` protects it. @defaultValue false */
  readonly insecure?: boolean
  /** Asked for every peer that completes its handshake, dialled or dialling. @defaultValue admits all */
  readonly admit?: (peer: PeerHello) => Admission
  /**
   * Asked of a life that has not been met and that a frame of a free type (32 to 255) is to be sent to: false for one that the owner knows not to be
   * there. It is dropped then, as `peer-gone`, and what there is with the address stays; else it would end for a life that
   * somebody has made up. @defaultValue all are believed
   */
  readonly believes?: (peer: NodeIdentity) => boolean
  /**
   * Asked of every address that others have named, of peers and of whoever is dialled back, before it is dialled: false
   * has the dial fail as `not-allowed`, and nothing is sent. Where a host name was named it is asked again, of each address that
   * the name leads to, and only those are dialled that it allows. Not asked of what `connect` is given, unless it says so.
   * @param named - what was named; the same as `address`, or what that was resolved from
   * @defaultValue `mayDialByDefault(address, self, named)`
   */
  readonly mayDial?: MayDial
  /**
   * Whether lives of an address that were met are remembered once their connections are gone, so that an earlier one is
   * refused. False for whoever is no member, and may outlive a cluster: one that takes its place at the same addresses,
   * by clocks that were set back, begins with lower incarnations. Then whoever is connected is who lives there.
   * @defaultValue true
   */
  readonly remembersPeers?: boolean
  readonly limits?: EndpointLimits
}

export interface EndpointLimits {
  /** Largest control frame, type and body, in bytes. @defaultValue 65_536 */
  readonly maxControlFrameBytes?: number
  /** Largest data frame, type and body, in bytes. @defaultValue 1_048_576 */
  readonly maxDataFrameBytes?: number
  /** Bytes queued towards one peer on the control lane; beyond it the association fails. @defaultValue 1_048_576 */
  readonly maxControlQueueBytes?: number
  /** Bytes queued towards one peer on the data lane; beyond it the newest frame is dropped. @defaultValue 16_777_216 */
  readonly maxDataQueueBytes?: number
  /** From where on `send` answers `busy`, in bytes per lane. @defaultValue 1_048_576 */
  readonly highWaterBytes?: number
  /** Time for a dial and its handshake, in milliseconds. @defaultValue 5_000 */
  readonly handshakeTimeoutMs?: number
  /** Largest handshake frame, in bytes. @defaultValue 4_096 */
  readonly maxHandshakeBytes?: number
  /** Connections that have not completed their handshake, in total. @defaultValue 256 */
  readonly maxPendingHandshakes?: number
  /**
   * The same per source: an IPv4 address, or an IPv6 network of 64 bits. Raise it where many nodes share one, as
   * behind NAT: those beyond are told `busy`, and dial again. 1 to 65,536. @defaultValue 16
   */
  readonly maxPendingHandshakesPerSource?: number
  /**
   * Failures to prove a secret, each minute and from one source, as above. Beyond it connections from there are closed
   * unheard, unless somebody has proved himself there before. @defaultValue 10
   */
  readonly maxFailuresPerMinute?: number
  /**
   * Nodes from one source, as above, that are dialled back each minute and not found. Beyond it they are refused as
   * `unreachable-address` without a dial. One that says what is wrong asks again about once a second. @defaultValue 60
   */
  readonly maxVainDialBacksPerMinute?: number
  /** Source addresses of which failures are remembered, some 200 bytes each. @defaultValue 1_024 */
  readonly maxSources?: number
  /** First delay before a failed dial is tried again, in milliseconds; doubles, with full jitter. @defaultValue 100 */
  readonly minReconnectMs?: number
  /** Largest delay between dials, in milliseconds. @defaultValue 30_000 */
  readonly maxReconnectMs?: number
  /**
   * A connection on which something was sent and nothing came back, not even the answer to a ping,
   * is closed after so long, in milliseconds; later when much was sent, by the time that it takes a
   * line of 64 kbit/s. Raise it to ride out longer pauses of a peer; each raise lets frames vanish
   * for longer when its host is gone. @defaultValue 10_000
   */
  readonly maxSilenceMs?: number
  /**
   * A lane that is not kept, without a frame for so many milliseconds, is closed; it opens again on
   * demand. @defaultValue 300_000
   */
  readonly idleLaneMs?: number
  /**
   * How long an endpoint that leaves waits for its peers to write out what they have for it, in milliseconds.
   * Raise it where peers have much to send over slow lines; a peer that stands still delays the end by as much.
   * @defaultValue 1_000
   */
  readonly lingerMs?: number
}

/**
 * Why a lane closed, beyond what its channel reported. `overflow`: the peer did not take what was
 * queued on the control lane. `malformed`: it sent what is no frame. `silent`: it took what was sent
 * and answered nothing, not even a ping. `replaced`: another connection with the same peer took its
 * place, and what was still queued moved there. `idle`: no frame for long, or one of the two leaves; nothing was lost.
 * `peer-gone`: another incarnation answers there, or the peer was forgotten. `expired`, `untrusted`: the certificate that
 * the peer had shown counts no more; as with `idle`, nothing was lost, and what is sent goes by a new connection.
 */
export type LaneCloseReason =
  | ChannelCloseReason
  | ProofLapse
  | 'overflow'
  | 'malformed'
  | 'silent'
  | 'replaced'
  | 'idle'
  | 'peer-gone'

export type EndpointEvent =
  | { readonly type: 'lane-opened'; readonly peer: NodeIdentity; readonly lane: Lane }
  /**
   * The queue fell below the high-water mark after `send` had answered `busy`. Where what waited was
   * dropped instead, the event that says so (`lane-closed`, `dial-failed`, `dial-refused`) comes alone.
   */
  | { readonly type: 'lane-drained'; readonly peer: NodeIdentity; readonly lane: Lane }
  /** `lostFrames` were queued and are gone: a gap in the order that the receiver sees. Each part of a frame counts as one. */
  | {
      readonly type: 'lane-closed'
      readonly peer: NodeIdentity
      readonly lane: Lane
      readonly reason: LaneCloseReason
      readonly lostFrames: number
    }
  /** `lostFrames`, and parts of frames, were waiting for the connection. With the failure `insecure`, `insecurity` says why. */
  | {
      readonly type: 'dial-failed'
      readonly address: NodeAddress
      readonly lane: Lane
      readonly failure: DialFailure
      readonly insecurity?: Insecurity
      readonly lostFrames: number
    }
  /** The peer said no: to our dial, or to a connection that it had dialled itself. */
  | {
      readonly type: 'dial-refused'
      readonly address: NodeAddress
      readonly lane: Lane
      readonly refusal: Refusal
      readonly lostFrames: number
    }
  /**
   * The other end has not proved the secret that both must know, or by its certificate who it is: one that dialled us
   * (`side` is `acceptor`), or, of a secret, one that we dialled. Told once a minute for each source; `untold` more went
   * before it.
   */
  | {
      readonly type: 'authentication-failed'
      readonly side: 'acceptor' | 'dialler'
      /** The host that dialled us as the network knows it, or the address that we dialled. */
      readonly source: string
      /** Whom it gave itself out to be, if it came to that. */
      readonly claimed?: NodeIdentity
      readonly detail: string
      readonly untold: number
    }
  /**
   * One that dialled us was dialled back at the address that it gave, and not found there. Told once a minute for each
   * source; `untold` more went before it.
   */
  | {
      readonly type: 'dial-back-failed'
      /** The host that dialled us, as the network knows it. */
      readonly source: string
      readonly claimed: NodeIdentity
      readonly detail: string
      readonly untold: number
    }
  | {
      readonly type: 'frame-dropped'
      readonly peer: NodeIdentity
      readonly lane: Lane
      readonly frameType: number
      readonly reason: DropReason
    }

/**
 * Called for every frame of one type. The body is `bytes[start, end)`: it is reused after the call,
 * copy what is kept. What it throws is counted as `malformed` and goes no further.
 */
export type FrameHandler = (
  from: NodeIdentity,
  bytes: Uint8Array,
  start: number,
  end: number,
  lane: Lane,
) => void
