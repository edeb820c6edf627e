import type { ProofPurpose } from './authentication.ts'
import type { AssociationRegistry } from './association-registry.ts'
import type { Connection, ConnectionOwner } from './connection.ts'
import type { HandshakeFailure } from './counters.ts'
import { DialBack } from './dial-back.ts'
import type { EndpointContext } from './endpoint-context.ts'
import type { Refusal } from './endpoint-types.ts'
import type { FailureBudget } from './failure-budget.ts'
import { decideCredential, decidePrelude } from './handshake-decision.ts'
import {
  encodeChallenge,
  encodeProof,
  encodeRefusal,
  encodeWelcome,
  type HandshakeMessage,
  type Hello,
  type LaneHello,
} from './handshake-messages.ts'
import { AcceptorsProof, unproven } from './handshake-proofs.ts'
import type { NodeIdentity } from './node-identity.ts'
import { PendingHandshakes, type Pending } from './pending-handshakes.ts'
import { sourceGroup } from './source-group.ts'
import { tellOfStranger } from './tell-of-stranger.ts'
import type { Channel, ChannelCloseReason, TurnedAway } from './transport.ts'
import {
  commonVersion,
  concatBytes,
  encodeFrame,
  encodePrelude,
  frameTypes,
  wireVersions,
  type Prelude,
} from './wire.ts'

/**
 * Incoming connections until their handshake is done: few, small and short, for nobody knows yet who
 * they are. The cheapest check comes first: how many there are, the first eight bytes, the version,
 * whether there is a secret to prove and its proof, and only then what the hello says.
 */
export class Acceptor implements ConnectionOwner {
  readonly #context: EndpointContext
  readonly #registry: AssociationRegistry
  readonly #pending: PendingHandshakes

  constructor(context: EndpointContext, registry: AssociationRegistry) {
    this.#context = context
    this.#registry = registry
    const { clock, limits } = context.settings
    this.#pending = new PendingHandshakes(clock, limits, (connection) => this.#expire(connection))
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  accept(channel: Channel): void {
    const group = sourceGroup(channel.source)
    const connection = this.#context.connection(channel, this, (gone) => this.#pending.settle(gone))
    const isHeard = this.#context.failures.hears(group, this.#context.now())
    const crowd = this.#pending.crowd(group)
    if (!isHeard || crowd === 'crush' || this.#context.isClosing) {
      this.#count(isHeard ? 'busy' : 'unheard')
      connection.start()
      connection.close()
      return
    }
    this.#pending.add(connection, group)
    connection.start()
    if (crowd === 'room' || connection.isClosed) return
    this.#count('busy')
    const detail = `too many connections wait for their handshake at ${this.#context.self.address}`
    this.#refuse(connection, { reason: 'busy', detail })
  }

  /** Told as a proof that failed. It was no connection of ours yet. */
  turnedAway({ source, reason }: TurnedAway): void {
    const { uncertified } = this.#context
    const detail = `TLS turned it away: ${reason}`
    tellOfStranger(this.#context, uncertified, { source, detail })
  }

  closeAll(): void {
    for (const connection of this.#pending.all()) {
      this.#pending.settle(connection)
      connection.abort()
    }
  }

  preludeReceived(connection: Connection, prelude: Prelude): void {
    const pending = this.#pending.find(connection)
    if (pending === undefined) return
    pending.prelude = prelude
    const refusal = decidePrelude(prelude, connection.channel.source, this.#context.self)
    if (refusal !== undefined) this.#refuse(connection, refusal)
  }

  messageReceived(connection: Connection, message: HandshakeMessage, body: Uint8Array): void {
    const pending = this.#pending.find(connection)
    if (pending === undefined) return
    const { proof, dialBack } = pending
    if (dialBack !== undefined) {
      this.#count('garbage')
      this.#refuse(connection, { reason: 'malformed', detail: 'nothing more was expected' })
    } else if (message.type === 'hello' && proof === undefined) {
      this.#greet(connection, pending, message, body)
    } else if (message.type === 'proof' && proof !== undefined) {
      if (proof.verify(message.proof)) this.#admit(connection, pending, proof.hello)
      else this.#distrust(connection, proof.hello, wrongSecret(proof.hello, this.#context))
    } else {
      this.#count('garbage')
      const expected = proof === undefined ? 'a hello' : 'a proof'
      this.#refuse(connection, { reason: 'malformed', detail: `${expected} was expected` })
    }
  }

  drained(): void {}

  closed(_connection: Connection, reason: ChannelCloseReason | 'malformed'): void {
    this.#count(reason === 'malformed' ? 'garbage' : 'ended')
  }

  #greet(connection: Connection, pending: Pending, hello: Hello, body: Uint8Array): void {
    const { settings, self } = this.#context
    const { authentication, trust } = settings
    const purpose: ProofPurpose = { dialler: hello.trust, acceptor: trust }
    const refusal = decideCredential(hello, purpose, self, authentication)
    if (refusal !== undefined) this.#distrust(connection, hello, refusal)
    else if (authentication === undefined) this.#admit(connection, pending, hello)
    else {
      const binding = connection.channel.proof?.binding
      const said = { body, prelude: pending.prelude, ...(binding && { binding }) }
      const proof = new AcceptorsProof(hello, said, purpose, authentication)
      const challenge = encodeChallenge(proof.challenge(self))
      proof.challenged(challenge)
      pending.proof = proof
      this.#answer(connection, frameTypes.challenge, challenge)
    }
  }

  /** Who it is was proved, where that is asked for: judges what it says. */
  #admit(connection: Connection, pending: Pending, hello: Hello): void {
    if (pending.proof !== undefined) this.#context.failures.proved(pending.group)
    if (isForLane(hello)) this.#judge(connection, pending, hello)
    else this.#answerProbe(connection, pending, hello)
  }

  #judge(connection: Connection, pending: Pending, hello: LaneHello): void {
    const verdict = this.#registry.judge(hello, connection.channel)
    if (verdict === 'dial-back' && pending.dialBack === undefined) {
      this.#dialBack(connection, pending, hello)
    } else if (verdict === undefined || verdict === 'dial-back') {
      this.#welcome(connection, pending)
      this.#pending.settle(connection)
      this.#registry.accept(connection, hello)
    } else {
      this.#refuse(connection, verdict)
      const { detail, reason } = verdict
      if (reason === 'identity') this.#tell(this.#context.uncertified, connection, hello, detail)
    }
  }

  /** Believes the address once this very life was found there; by then it may have to be refused for something else. */
  #dialBack(connection: Connection, pending: Pending, hello: LaneHello): void {
    const { strayed } = this.#context
    const { identity } = hello
    const refuse = (detail: string): void =>
      this.#refuse(connection, { reason: 'unreachable-address', detail })
    if (!strayed.hears(pending.group, this.#context.now())) {
      const { address } = this.#context.self
      const why = 'too many from there were not found where they said, within a minute'
      refuse(`${address} does not dial ${identity.address} back: ${why}`)
      return
    }
    const judge = this.#registry.handshakes
    pending.dialBack = new DialBack(this.#context, judge, hello, (what) => {
      if (connection.isClosed) return
      if (what === undefined) {
        this.#judge(connection, pending, hello)
        return
      }
      const detail = strayedText(this.#context.self, identity, what)
      refuse(detail)
      const untold = strayed.failed(pending.group, this.#context.now())
      if (untold === undefined) return
      const { source } = connection.channel
      this.#context.publish({ type: 'dial-back-failed', source, claimed: identity, detail, untold })
    })
  }

  #answerProbe(connection: Connection, pending: Pending, hello: Hello): void {
    const refusal = this.#registry.handshakes.probe(hello, connection.channel)
    if (refusal !== undefined) {
      this.#refuse(connection, refusal)
      return
    }
    this.#welcome(connection, pending)
    connection.close({ graceful: true })
  }

  #welcome(connection: Connection, { prelude }: Pending): void {
    const welcome = encodeWelcome({
      type: 'welcome',
      wireVersion: commonVersion(prelude) ?? wireVersions.max,
      ...this.#context.introduction(),
    })
    this.#answer(connection, frameTypes.welcome, welcome)
  }

  #distrust(connection: Connection, hello: Hello, refusal: Refusal): void {
    this.#refuse(connection, refusal)
    this.#tell(this.#context.failures, connection, hello, refusal.detail)
  }

  #tell(budget: FailureBudget, { channel }: Connection, hello: Hello, detail: string): void {
    const whom = { source: channel.source, claimed: hello.identity, detail }
    tellOfStranger(this.#context, budget, whom)
  }

  /** Says no. The connection still counts as pending until the other side has taken the answer. */
  #refuse(connection: Connection, refusal: Refusal): void {
    this.#context.tally.refusedByUs[refusal.reason]++
    this.#answer(connection, frameTypes.refusal, encodeRefusal(refusal))
    connection.close({ graceful: true })
  }

  /** The first answer stands behind the prelude; whom the other end has convinced vouches for what he says. */
  #answer(connection: Connection, frameType: number, body: Uint8Array): void {
    const pending = this.#pending.find(connection)
    const parts: Uint8Array[] = []
    if (pending?.isAnswered !== true) parts.push(encodePrelude(wireVersions))
    if (pending !== undefined) pending.isAnswered = true
    const proof = pending?.proof?.vouchFor(frameType, body)
    if (proof !== undefined) parts.push(encodeFrame(frameTypes.proof, encodeProof(proof)))
    connection.channel.write(concatBytes(...parts, encodeFrame(frameType, body)))
  }

  #expire(connection: Connection): void {
    if (!connection.isClosed) this.#count('timeout')
    connection.abort()
  }

  #count(failure: HandshakeFailure): void {
    this.#context.tally.handshakesFailed[failure]++
  }
}

function isForLane(hello: Hello): hello is LaneHello {
  return hello.lane !== 'probe'
}

function strayedText(self: NodeIdentity, { address }: NodeIdentity, what: string): string {
  return `${self.address} dialled ${address} back, ${what}; advertise the host and port that others reach`
}

function wrongSecret({ identity }: Hello, { self }: EndpointContext): Refusal {
  return unproven(`${identity.address} dialled ${self.address}`)
}
