// What there is with one life of another node: which part of a frame comes next, both ways, and short names for the
// recipients of messages and for the classes in them. A part is a message, an answer, or word that there will be none: see header.ts.
import type { NodeIdentity } from '@casty/transport'
import { ClassNumbers } from './class-numbers.ts'
import type { RemoteRef } from './remote-ref.ts'
import { KnownRecipients } from './known-recipients.ts'

/** How many names are short, at most. */
export interface NameLimits {
  readonly maxRecipients: number
  readonly maxClasses: number
}

export class Peer {
  readonly node: NodeIdentity
  /** Drawn for this peer: tells frames of this life of ours from those of a layer that was here before. */
  readonly session: number
  /** Is no member any more, and never again: nothing is sent to it. */
  hasLeft = false
  /** The same, and nothing that comes from it counts any more. */
  isGone = false
  pendingAsks = 0
  /** Of the next part that goes there. */
  nextSequence = 0
  /** Also messages that other layers send in frames of their own: they may be lost as well. */
  partsSent = 0
  partsReceived = 0
  /** Parts of the peer that did not come. */
  missed = 0
  isToldOfSerializer = false
  /** What messages of this peer are for, by the names that it gave. */
  readonly known: KnownRecipients
  /** Classes that messages name by number, both ways. */
  readonly classes: ClassNumbers
  readonly #maxRecipients: number
  #theirSession = -1
  #expected = 0
  /** Names that were given to recipients there. */
  readonly #recipients = new Map<number, RemoteRef<never>>()
  #nextId = 1
  #firstId = 1
  /** Refs to actors there, so that one that comes again is the same one. */
  readonly #refs = new Map<number | string, RemoteRef<never>>()

  constructor(node: NodeIdentity, session: number, { maxRecipients, maxClasses }: NameLimits) {
    this.node = node
    this.session = session
    this.#maxRecipients = maxRecipients
    this.known = new KnownRecipients(maxRecipients)
    this.classes = new ClassNumbers(maxClasses)
  }

  sent(): void {
    this.partsSent++
    this.nextSequence = (this.nextSequence + 1) >>> 0
  }

  /**
   * A part of that number came, of that session of the peer.
   *
   * @returns how many before it are missing; below 0 where it is late
   */
  arrived(session: number, sequence: number): number {
    if (session !== this.#theirSession) {
      this.#theirSession = session
      this.known.clear()
      this.#expected = 0
    }
    const missed = (sequence - this.#expected) >>> 0
    if (missed >= 0x8000_0000) return -1
    this.partsReceived++
    this.#expected = (sequence + 1) >>> 0
    this.missed += missed
    return missed
  }

  /** Whether all parts below that number, of that session of the peer, have come or are missed. */
  hasArrived(session: number, sequence: number): boolean {
    if (session !== this.#theirSession) return sequence === 0
    return (this.#expected - sequence) >>> 0 < 0x8000_0000
  }

  get theirSession(): number {
    return this.#theirSession
  }

  /** The lowest name that still holds. */
  get firstId(): number {
    return this.#firstId
  }

  get recipients(): number {
    return this.#recipients.size
  }

  /** Gives a recipient there a name; all others lose theirs when there are too many. */
  name(ref: RemoteRef<never>): void {
    if (this.#recipients.size >= this.#maxRecipients) {
      this.forgetNames()
    }
    ref.id = this.#nextId++
    this.#recipients.set(ref.id, ref)
  }

  /** From now on recipients there are introduced anew. */
  forgetNames(): void {
    for (const known of this.#recipients.values()) known.forgetName()
    this.#recipients.clear()
    this.#firstId = this.#nextId
  }

  /** Whom that name is for. */
  named(id: number): RemoteRef<never> | undefined {
    return this.#recipients.get(id)
  }

  unname(id: number): void {
    this.#recipients.get(id)?.forgetName()
    this.#recipients.delete(id)
  }

  /** @param make - called where there is none yet */
  refOf(uid: number, path: string, make: () => RemoteRef<never>): RemoteRef<never> {
    const key = uid === 0 ? path : uid
    const known = this.#refs.get(key)
    if (known !== undefined && known.localPath === path) return known
    if (this.#refs.size >= this.#maxRecipients) this.#refs.clear()
    const ref = make()
    this.#refs.set(key, ref)
    return ref
  }
}
