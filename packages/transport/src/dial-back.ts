import type { EndpointContext } from './endpoint-context.ts'
import { Dial, type DialOutcome } from './dial.ts'
import type { HandshakeJudge } from './handshake-judge.ts'
import type { Hello } from './handshake-messages.ts'
import type { NodeIdentity } from './node-identity.ts'
import type { DialFailure } from './transport.ts'

/**
 * Finds out whether whoever dialled us lives at the address that it gives: dials that, and asks who answers. Neither end
 * makes or replaces an association by it. It takes no more than half of `handshakeTimeoutMs`, so that the one
 * that waits for its answer still hears of a failure.
 */
export class DialBack {
  readonly #context: EndpointContext
  readonly #judge: HandshakeJudge
  readonly #peer: NodeIdentity
  readonly #dial: Dial

  /**
   * @param hello - what the peer has said
   * @param done - called once, later, with what came instead of the peer; with undefined where that answered
   */
  constructor(
    context: EndpointContext,
    judge: HandshakeJudge,
    { identity: peer, nonce: about }: Hello,
    done: (what: string | undefined) => void,
  ) {
    this.#context = context
    this.#judge = judge
    this.#peer = peer
    const timeoutMs = context.settings.limits.handshakeTimeoutMs / 2
    const whom = { address: peer.address, expected: peer, namedBy: 'others' } as const
    const target = { lane: 'probe', ...whom, about, timeoutMs } as const
    this.#dial = new Dial(context, target, (outcome) => done(this.#meaningOf(outcome)))
  }

  /** Gives up; `done` is not called any more. */
  cancel(): void {
    this.#dial.cancel()
  }

  #meaningOf(outcome: DialOutcome): string | undefined {
    switch (outcome.type) {
      case 'welcomed': {
        const { connection, welcome } = outcome
        const refusal = this.#judge.probed(welcome, this.#peer, connection.channel)
        connection.close()
        return refusal?.detail
      }
      case 'refused':
      case 'distrusted':
        return outcome.refusal.detail
      case 'elsewhere': // It is told whom we expect, so whoever else is there refuses.
        return `${outcome.identity} answers`
      case 'failed':
        this.#context.tally.dialsFailed[outcome.failure]++
        return failureTexts[outcome.failure]
    }
  }
}

const failureTexts: Readonly<Record<DialFailure, string>> = {
  refused: 'nobody listens there',
  timeout: 'no answer came in time',
  unreachable: 'the network does not lead there, or the connection broke',
  local: 'and could not open a connection itself',
  insecure: 'one end does not trust the other',
  'not-allowed': 'which it may not: see its option mayDial',
}
