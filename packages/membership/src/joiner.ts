import { TransportError, type Endpoint, NodeAddress, type NodeIdentity } from '@casty/transport'
import type { MembershipInput } from './membership-state.ts'
import { toAddresses, type Logger, type SeedNodes } from './options.ts'

/** A refusal that asking again does not mend. */
export interface LastRefusal {
  readonly contact: string
  readonly reason: string
  readonly detail: string
}

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
  readonly #stopping = new AbortController()
  #lastRefusal: LastRefusal | undefined

  constructor(endpoint: Endpoint, seedNodes: SeedNodes, logger: Logger, events: JoinerEvents) {
    this.#endpoint = endpoint
    this.#seedNodes = seedNodes
    this.#logger = logger
    this.#events = events
  }

  get lastRefusal(): LastRefusal | undefined {
    return this.#lastRefusal
  }

  /** A function that fails, or names no address, is asked again in the next round. */
  async resolveContacts(): Promise<void> {
    let contacts: readonly NodeAddress[] = []
    try {
      const seeds = this.#seedNodes
      contacts = typeof seeds === 'function' ? inOrder(await seeds()) : toAddresses(seeds)
    } catch (error) {
      this.#logger.warn({ error }, 'seedNodes gave no contacts; it is asked again')
    }
    this.#events.input({ type: 'contacts-resolved', contacts })
  }

  /** Connects to a contact; tells, and returns undefined, where that fails. */
  async reach(contact: NodeAddress): Promise<NodeIdentity | undefined> {
    try {
      return await this.#endpoint.connect(contact, { signal: this.#stopping.signal })
    } catch (error) {
      this.#failed(contact, error)
      return undefined
    }
  }

  #failed(contact: NodeAddress, error: unknown): void {
    const { refusal, failure } = error instanceof TransportError ? error : {}
    if (refusal?.reason === 'stale-incarnation' || refusal?.reason === 'removed') {
      const knownIncarnation = refusal.knownIncarnation ?? this.#endpoint.self.incarnation
      this.#events.input({ type: 'outlived', knownIncarnation })
      return
    }
    if (refusal && isForGood(refusal.reason)) this.#refusedForGood(contact, refusal)
    const isSelf = refusal?.reason === 'self'
    const outcome = isSelf ? 'self' : failure === 'refused' ? 'nobody' : 'unclear'
    this.#events.input({ type: 'contact-failed', contact, outcome })
  }

  #refusedForGood(contact: NodeAddress, { reason, detail }: Omit<LastRefusal, 'contact'>): void {
    this.#lastRefusal = { contact: contact.toString(), reason, detail }
    this.#logger.error(this.#lastRefusal, 'A contact refuses this node')
    this.#events.refused(this.#lastRefusal)
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

function isForGood(reason: string): boolean {
  return reason === 'cluster-name' || reason === 'config' || reason === 'wire-version'
}
