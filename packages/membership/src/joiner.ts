import type { Clock } from '@casty/clock'
import {
  NodeAddress,
  TransportError,
  type DialFailure,
  type Endpoint,
  type NodeIdentity,
  type Refusal,
  type RefusalReason,
} from '@casty/transport'
import { ContactAnswers, type ContactReport } from './contact-answers.ts'
import type { ContactOutcome, MembershipInput } from './membership-state.ts'
import type { JoinRefusalReason } from './messages.ts'
import type { Logger, SeedNodes } from './options.ts'
import { toAddresses } from './seed-nodes.ts'

/** A refusal that people must know of: what is set is wrong, here or there. */
export interface LastRefusal {
  readonly contact: string
  readonly reason: string
  readonly detail: string
}

/** Contacts that are remembered; beyond it a refusal may be logged again. */
const maxTold = 100

export interface JoinerEvents {
  input(input: MembershipInput): void
  refused(refusal: LastRefusal): void
}

/** The calls that joining needs: who the contacts are, and a connection to one of them. */
export class Joiner {
  readonly #endpoint: Endpoint
  readonly #seedNodes: SeedNodes
  readonly #logger: Logger
  readonly #events: JoinerEvents
  readonly #answers: ContactAnswers
  readonly #stopping = new AbortController()
  /** Why each contact refuses this node, as it was logged. */
  readonly #told = new Map<string, string>()
  #lastRefusal: LastRefusal | undefined
  #discoveryError: string | undefined

  constructor(
    endpoint: Endpoint,
    seedNodes: SeedNodes,
    surroundings: { readonly logger: Logger; readonly clock: Clock },
    events: JoinerEvents,
  ) {
    this.#endpoint = endpoint
    this.#seedNodes = seedNodes
    this.#logger = surroundings.logger
    this.#events = events
    this.#answers = new ContactAnswers(surroundings.logger, surroundings.clock)
  }

  get lastRefusal(): LastRefusal | undefined {
    return this.#lastRefusal
  }

  /** Whether it is of those that need another start. A route to this node, or a mapped port, may come up yet. */
  get isRefusedForGood(): boolean {
    return this.#lastRefusal !== undefined && isForGood(this.#lastRefusal.reason)
  }

  /** Why `seedNodes` gave no contacts when it was last asked; undefined where it gave some. */
  get discoveryError(): string | undefined {
    return this.#discoveryError
  }

  /** What the contacts of this round answered so far; between rounds, of the last one. */
  get contacts(): readonly ContactReport[] {
    return this.#answers.report()
  }

  /** A function that fails, or names no address, is asked again in the next round. */
  async resolveContacts(): Promise<void> {
    this.#answers.roundEnded()
    let contacts: readonly NodeAddress[] = []
    try {
      const seeds = this.#seedNodes
      contacts = typeof seeds === 'function' ? inOrder(await seeds()) : toAddresses(seeds)
      this.#discoveryError = undefined
    } catch (error) {
      this.#discoveryError = error instanceof Error ? error.message : String(error)
      this.#logger.warn({ error }, 'seedNodes gave no contacts; it is asked again')
    }
    const { self } = this.#endpoint
    const others = contacts.filter((contact) => !contact.equals(self.address))
    this.#answers.roundBegan(others, others.length < contacts.length)
    this.#events.input({ type: 'contacts-resolved', contacts })
  }

  /** Connects to a contact, and has it asked; tells where that fails. */
  async ask(contact: NodeAddress, join: (member: NodeIdentity) => void): Promise<void> {
    this.#answers.asking(contact)
    let peer: NodeIdentity
    try {
      peer = await this.#endpoint.connect(contact, { signal: this.#stopping.signal })
    } catch (error) {
      this.#failed(contact, error)
      return
    }
    this.#answers.connected(contact, peer.address)
    join(peer)
  }

  /** A contact that was reached will not let this node join now. */
  declined(by: NodeIdentity, reason: JoinRefusalReason): void {
    this.#answers.declined(by.address, reason)
  }

  /** A member refuses this node. Where the cluster is full that may pass, as others leave. */
  refusedByMember({ contact, reason, detail }: LastRefusal): void {
    if (!isForGood(reason)) return
    this.#tell({ contact, reason, detail })
  }

  #failed(contact: NodeAddress, error: unknown): void {
    this.#answers.failed(contact, error)
    const { refusal, failure } = error instanceof TransportError ? error : {}
    if (refusal?.reason === 'stale-incarnation' || refusal?.reason === 'removed') {
      const knownIncarnation = refusal.knownIncarnation ?? this.#endpoint.self.incarnation
      this.#events.input({ type: 'outlived', knownIncarnation, contact })
      return
    }
    if (refusal && (isForGood(refusal.reason) || refusal.reason === 'unreachable-address')) {
      const { reason, detail } = refusal
      const told = { contact: contact.toString(), reason, detail }
      this.#tell(told)
      this.#events.refused(told)
    }
    const outcome = this.#outcomeOf(refusal, failure)
    this.#events.input({ type: 'contact-failed', contact, outcome })
  }

  #outcomeOf(refusal: Refusal | undefined, failure: DialFailure | undefined): ContactOutcome {
    const { reason, actual } = refusal ?? {}
    if (reason === 'self') return 'self'
    // A node that dials somebody who is evicted refuses that itself: it says nothing of the node.
    const isOwnWord = actual === undefined || actual.equals(this.#endpoint.self)
    if (reason === 'forbidden' && !isOwnWord) return 'forbidden'
    // Where it would form a cluster nobody could join it.
    if (reason === 'unreachable-address') return 'refused'
    return failure === 'refused' ? 'nobody' : 'unclear'
  }

  #tell(refusal: LastRefusal): void {
    const { contact, reason } = refusal
    if (isForGood(reason) || !this.isRefusedForGood) this.#lastRefusal = refusal
    // The same answer in the next round is no news: rounds in vain are warned of now and then.
    if (this.#told.get(contact) === reason) return
    if (this.#told.size >= maxTold) this.#told.clear()
    this.#told.set(contact, reason)
    this.#logger.error(refusal, 'A contact refuses this node')
  }

  /** Gives up whatever is under way. */
  stop(reason: Error): void {
    this.#stopping.abort(reason)
  }
}

/** What a discovery service lists has no order: all nodes must take the same one for the first. */
function inOrder(seeds: readonly (string | NodeAddress)[]): readonly NodeAddress[] {
  return toAddresses(seeds).toSorted((left, right) => NodeAddress.compare(left, right))
}

/** Of the handshake's reasons and a member's own, those that only a change of the settings mends. */
const forGood: ReadonlySet<string> = new Set<RefusalReason | JoinRefusalReason>([
  'cluster-name',
  'config',
  'wire-version',
  'authentication',
  'forbidden',
  'roles-too-large',
])

function isForGood(reason: string): boolean {
  return forGood.has(reason)
}
