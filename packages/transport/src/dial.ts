import { isMadeOutTo } from './certificate-names.ts'
import type { Connection, ConnectionOwner } from './connection.ts'
import type { EndpointContext } from './endpoint-context.ts'
import type { NamedBy, Refusal } from './endpoint-types.ts'
import { decidePrelude } from './handshake-decision.ts'
import {
  encodeHello,
  encodeProof,
  encodeRefusal,
  type Challenge,
  type HandshakeMessage,
  type Hello,
  type Welcome,
} from './handshake-messages.ts'
import { DiallersProof, unproven } from './handshake-proofs.ts'
import { TransportError } from './errors.ts'
import { NodeAddress } from './node-address.ts'
import type { NodeIdentity } from './node-identity.ts'
import { isForGood, unvouched } from './refusal.ts'
import type {
  Channel,
  ChannelCloseReason,
  ChannelSink,
  DialFailure,
  Insecurity,
} from './transport.ts'
import {
  concatBytes,
  encodeFrame,
  encodePrelude,
  frameTypes,
  wireVersions,
  type Prelude,
} from './wire.ts'

export type DialOutcome =
  | { readonly type: 'welcomed'; readonly connection: Connection; readonly welcome: Welcome }
  | { readonly type: 'refused'; readonly refusal: Refusal }
  /** We refuse the one that answers: it has not proved what it should have. */
  | { readonly type: 'distrusted'; readonly refusal: Refusal }
  /** Whoever answers lives elsewhere, and is believed only where it lives. */
  | { readonly type: 'elsewhere'; readonly identity: NodeIdentity }
  | ({ readonly type: 'failed' } & Failure)

interface Failure {
  readonly failure: DialFailure
  readonly insecurity?: Insecurity
}

export interface DialTarget {
  readonly lane: Hello['lane']
  readonly address: NodeAddress
  /** Whom others have named; undefined where our own side names the address alone, and takes whoever lives there. */
  readonly expected: NodeIdentity | undefined
  readonly namedBy: NamedBy
  /** Of a `probe`: the nonce of the hello that it asks about, if that had one. */
  readonly about?: Uint8Array | undefined
  /** @defaultValue `handshakeTimeoutMs` */
  readonly timeoutMs?: number
}

/** One attempt to open a lane, or to learn who lives at an address: dial, hello, and the answer to it, in bounded time. */
export class Dial implements ConnectionOwner {
  /** Whom we dial, where we know; otherwise whoever lives at the address. */
  readonly expected: NodeIdentity | undefined
  readonly namedBy: NamedBy
  readonly #context: EndpointContext
  readonly #lane: Hello['lane']
  readonly #address: NodeAddress
  readonly #about: Uint8Array | undefined
  readonly #abort = new AbortController()
  readonly #timer: Disposable
  #done: ((outcome: DialOutcome) => void) | undefined
  #connection: Connection | undefined
  #proof: DiallersProof | undefined
  #prelude: Prelude | undefined
  #helloSent = false

  /** @param done - called once, later, unless the dial is cancelled first */
  constructor(context: EndpointContext, target: DialTarget, done: (outcome: DialOutcome) => void) {
    this.#context = context
    this.#lane = target.lane
    this.#address = target.address
    this.expected = target.expected
    this.namedBy = target.namedBy
    this.#about = target.about
    this.#done = done
    const { clock, limits } = context.settings
    const { timeoutMs = limits.handshakeTimeoutMs } = target
    this.#timer = clock.schedule(timeoutMs, () => this.#fail({ failure: 'timeout' }))
    context.tally.dialsStarted++
    context.track(this.#dial())
  }

  /** The other end may have heard of us by now. */
  get helloSent(): boolean {
    return this.#helloSent
  }

  /** Gives up without an outcome. */
  cancel(): void {
    this.#finish()
    this.#connection?.close()
  }

  preludeReceived(_connection: Connection, prelude: Prelude): void {
    this.#prelude = prelude
    const refusal = decidePrelude(prelude, this.#address, this.#context.self)
    if (refusal === undefined) return
    this.#connection?.close()
    this.#settle({ type: 'refused', refusal })
  }

  messageReceived(connection: Connection, message: HandshakeMessage, body: Uint8Array): void {
    switch (message.type) {
      case 'challenge':
        this.#challenged(connection, message, body)
        return
      case 'proof':
        this.#proof?.answered(message.proof)
        return
      case 'welcome':
        if (this.#proof?.welcomes(message, body) === false) this.#distrust(connection, message)
        else if (this.#livesElsewhere(message, connection)) this.#goThere(connection, message)
        else this.#settle({ type: 'welcomed', connection, welcome: message })
        return
      case 'refusal':
        connection.close()
        this.#refused(connection.channel, message.refusal, body)
        return
      case 'hello':
      case 'finish':
      case 'ping':
      case 'pong':
        connection.close()
        this.#settle(notOurs)
    }
  }

  drained(): void {}

  closed(_connection: Connection, reason: ChannelCloseReason | 'malformed'): void {
    if (reason === 'malformed') this.#settle(notOurs)
    else if (this.#isHungUpOn(reason))
      this.#fail(failureOf(TransportError.unanswered(this.#address)))
    else this.#fail({ failure: 'unreachable' })
  }

  /** Without a word, and in order: no network does that. */
  #isHungUpOn(reason: ChannelCloseReason | 'malformed'): boolean {
    const { security } = this.#context.settings.transport
    return reason === 'ended' && security === undefined && this.#prelude === undefined
  }

  async #dial(): Promise<void> {
    const isJudged = this.namedBy === 'others'
    if (isJudged && !this.#context.mayDial(this.#address)) {
      await Promise.resolve() // The outcome comes later, as with all others.
      this.#fail({ failure: 'not-allowed' })
      return
    }
    let channel: Channel
    try {
      channel = await this.#context.settings.transport.dial(this.#address, {
        signal: this.#abort.signal,
        ...(isJudged && { mayDial: (host) => this.#mayDial(host) }),
      })
    } catch (error) {
      this.#fail(failureOf(error))
      return
    }
    if (this.#done === undefined) discard(channel)
    else this.#greet(channel)
  }

  /** Of an address that the name leads to. */
  #mayDial(host: string): boolean {
    return this.#context.mayDial(NodeAddress.of(host, this.#address.port), this.#address)
  }

  #greet(channel: Channel): void {
    const connection = this.#context.connection(channel, this)
    this.#connection = connection
    connection.start()
    if (connection.isClosed) return
    this.#helloSent = true
    const { authentication, trust } = this.#context.settings
    if (authentication !== undefined) {
      this.#proof = new DiallersProof(authentication, trust, channel.proof?.binding)
    }
    const hello = encodeHello({
      type: 'hello',
      lane: this.#lane,
      ...this.#context.introduction(),
      dialled: this.#address,
      ...(this.expected !== undefined && { expected: this.expected.incarnation }),
      ...(this.#proof && { nonce: this.#proof.nonce }),
      ...(this.#about && { about: this.#about }),
    })
    this.#proof?.greeted(hello)
    channel.write(concatBytes(encodePrelude(wireVersions), encodeFrame(frameTypes.hello, hello)))
  }

  #challenged(connection: Connection, challenge: Challenge, body: Uint8Array): void {
    const proof = this.#prelude && this.#proof?.challenged(challenge, body, this.#prelude)
    if (proof === undefined) {
      connection.close()
      this.#settle(notOurs)
      return
    }
    if (this.#livesElsewhere(challenge, connection)) {
      this.#goThere(connection, challenge)
      return
    }
    const to = this.expected === undefined ? challenge.identity.address : this.#address
    if (this.#proof) this.#context.hellos.add(this.#proof.nonce, to, this.#context.now())
    connection.channel.write(encodeFrame(frameTypes.proof, encodeProof(proof)))
  }

  /**
   * Whether the one that answers has another address than the one that was dialled, and is one of those whose address is
   * dialled before it is believed. It is asked before anything is proved to it: the hello is for whom we dialled.
   */
  #livesElsewhere(
    { identity, trust }: Pick<Welcome, 'identity' | 'trust'>,
    { channel: { proof } }: Connection,
  ): boolean {
    if (this.expected !== undefined || identity.address.equals(this.#address)) return false
    const peer = { identity, trust, capabilities: [], ...(proof && { proof }) }
    return this.#context.admission(peer).type === 'dial-back'
  }

  #goThere(connection: Connection, { identity }: Pick<Welcome, 'identity'>): void {
    connection.close()
    this.#settle({ type: 'elsewhere', identity })
  }

  /** What it said is dropped: only who has proved itself is believed. */
  #distrust(connection: Connection, { identity }: Welcome): void {
    const refusal = unproven(`${identity} answers at ${this.#address}`)
    connection.channel.write(encodeFrame(frameTypes.refusal, encodeRefusal(refusal)))
    connection.close({ graceful: true })
    this.#tell(refusal, identity)
    this.#settle({ type: 'distrusted', refusal })
  }

  #refused(channel: Channel, given: Refusal, body: Uint8Array): void {
    const { self } = this.#context
    const proven = this.#proof?.refuses(given, body, this.#address, self) ?? given
    const refusal = this.#certified(channel, proven)
    if (refusal.reason === 'authentication') this.#tell(refusal)
    this.#settle({ type: 'refused', refusal })
  }

  /** The same of one that shows the certificate of another than it says it is. */
  #certified({ proof }: Channel, refusal: Refusal): Refusal {
    const { transport, clusterName } = this.#context.settings
    const { actual, reason } = refusal
    if (proof === undefined && transport.security === undefined) return refusal
    if (actual === undefined && !isForGood(reason)) return refusal
    const address = actual?.address ?? this.#address
    if (isMadeOutTo(proof?.names ?? [], clusterName, address)) return refusal
    const detail = `${address} refused for ${reason}, with the certificate of another`
    return unvouched(refusal, { reason: 'identity', detail })
  }

  #tell({ detail }: Refusal, claimed?: NodeIdentity): void {
    const source = this.#address.toString()
    const untold = this.#context.failures.failed(source, this.#context.now())
    if (untold === undefined) return
    this.#context.publish({
      type: 'authentication-failed',
      side: 'dialler',
      source,
      ...(claimed && { claimed }),
      detail,
      untold,
    })
  }

  #fail(failure: Failure): void {
    this.#connection?.close()
    this.#settle({ type: 'failed', ...failure })
  }

  #settle(outcome: DialOutcome): void {
    const done = this.#done
    this.#finish()
    done?.(outcome)
  }

  #finish(): void {
    if (this.#done === undefined) return
    this.#done = undefined
    this.#timer[Symbol.dispose]()
    if (this.#connection === undefined) this.#abort.abort()
  }
}

const notOurs: DialOutcome = {
  type: 'refused',
  refusal: { reason: 'malformed', detail: 'what answers there does not speak this protocol' },
}

const nobody: ChannelSink = { received() {}, drained() {}, closed() {} }

/** A channel that came too late. It is opened all the same: only then does it end in order. */
function discard(channel: Channel): void {
  channel.open(nobody)
  channel.close()
}

/** What a transport says of a failed dial; silence counts as the network's fault, not the peer's. */
function failureOf(error: unknown): Failure {
  // Of another copy of this package's error class too: only values that are known are taken.
  const { failure, insecurity } = Object(error) as Partial<Failure>
  switch (failure) {
    case 'refused':
    case 'timeout':
    case 'unreachable':
    case 'local':
    case 'not-allowed':
      return { failure }
    case 'insecure':
      return { failure, ...(insecurity !== undefined && { insecurity }) }
    default:
      return { failure: 'unreachable' }
  }
}
