import { DistantRef, type AnswerRef, type Ending } from '@casty/actor'
import type { Peer } from './peer.ts'

/** What carries out what is done with refs. */
export interface RefCarrier {
  tell(ref: RemoteRef<never>, message: unknown): void
  ask(ref: RemoteRef<never>, message: unknown, answer: AnswerRef): void
  watch(ref: RemoteRef<never>, ended: (ending: Ending) => void): Disposable
}

/** A ref to an actor of another node. */
export class RemoteRef<in M> extends DistantRef<M> {
  readonly peer: Peer
  /** Which of the actors that lived at that path; 0 for whoever lives there. */
  readonly uid: number
  /** Its path in the system of its node. */
  readonly localPath: string
  /** The name that it travels by, which the peer may know; 0 where it has none. */
  id = 0
  isKnown = false
  readonly #carrier: RefCarrier

  constructor(carrier: RefCarrier, peer: Peer, uid: number, localPath: string) {
    super()
    this.#carrier = carrier
    this.peer = peer
    this.uid = uid
    this.localPath = localPath
  }

  /** With its node, as in `10.0.0.7:2551#1732200000000/orders/17`. */
  get path(): string {
    return `${this.peer.node.key}${this.localPath}`
  }

  get key(): string {
    return `${this.path}!${this.uid}`
  }

  tell(message: M): void {
    this.#carrier.tell(this, message)
  }

  ask(message: M, answer: AnswerRef): void {
    this.#carrier.ask(this, message, answer)
  }

  watch(ended: (ending: Ending) => void): Disposable {
    return this.#carrier.watch(this, ended)
  }

  forgetName(): void {
    this.id = 0
    this.isKnown = false
  }

  override toString(): string {
    return this.path
  }
}
