// What the contacts answered, in words for people. The protocol needs less: see `ContactOutcome`.
import type { Clock } from '@casty/clock'
import { TransportError, type DialFailure, type NodeAddress } from '@casty/transport'
import type { JoinRefusalReason } from './messages.ts'
import type { Logger } from './options.ts'

/** One contact, and what came of asking it to let this node join. */
export interface ContactReport {
  readonly contact: string
  readonly answer: string
}

/** Nodes that start together find each other within this; a round in vain before it is no news. */
const calmMs = 1_000
/** While the answers stay the same they are warned of this often. */
const repeatMs = 10_000
/** Contacts that one warning names. */
const maxNamed = 10

/** The answers of one round of asking, and a warning after each round that let nobody in. */
export class ContactAnswers {
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #sinceMs: number
  #answers = new Map<string, string>()
  #reached = new Map<string, string>()
  #mayForm = true
  #warned: { readonly text: string; readonly at: number } | undefined

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger
    this.#clock = clock
    this.#sinceMs = clock.now()
  }

  /** @param mayForm - whether this node is one of its seeds, so that it may form a cluster */
  roundBegan(contacts: readonly NodeAddress[], mayForm: boolean): void {
    this.#mayForm = mayForm
    this.#answers = new Map(contacts.map((contact) => [contact.toString(), 'not asked yet']))
    this.#reached = new Map()
  }

  asking(contact: NodeAddress): void {
    this.#note(contact.toString(), 'no answer yet')
  }

  /** A contact may answer under another address than it was dialled at. */
  connected(contact: NodeAddress, actual: NodeAddress): void {
    this.#reached.set(actual.toString(), contact.toString())
    this.#note(contact.toString(), 'reached, but it has not let this node join yet')
  }

  declined(by: NodeAddress, reason: JoinRefusalReason): void {
    this.#note(this.#reached.get(by.toString()) ?? by.toString(), declineTexts[reason])
  }

  failed(contact: NodeAddress, error: unknown): void {
    this.#note(contact.toString(), textOf(error))
  }

  #note(contact: string, answer: string): void {
    if (this.#answers.has(contact)) this.#answers.set(contact, answer)
  }

  /** Where all wait for each other, nobody will ever be let in. */
  get #hint(): string {
    const answers = [...this.#answers.values()]
    const nobodyIsIn = answers.every((answer) => answer === declineTexts['not-a-member'])
    return this.#mayForm || !nobodyIsIn ? '' : formingHint
  }

  report(): readonly ContactReport[] {
    return [...this.#answers].map(([contact, answer]) => ({ contact, answer }))
  }

  /** The next round begins because this one let the node in nowhere: says so, unless it just did. */
  roundEnded(): void {
    const contacts = this.report()
    const text = `${describeContacts(contacts)}${this.#hint}`
    const now = this.#clock.now()
    if (contacts.length === 0 || now - this.#sinceMs < calmMs) return
    if (this.#warned?.text === text && now - this.#warned.at < repeatMs) return
    this.#warned = { text, at: now }
    this.#logger.warn(
      { contacts: contacts.slice(0, maxNamed) },
      `No contact has let this node join; it goes on asking. ${text}`,
    )
  }
}

const formingHint =
  '. This node is not among its own seedNodes, so it forms no cluster, and waits for them to. Give all nodes the same ' +
  'list: the first in it forms the cluster'

/** `a:1 (nobody listens there), b:2 (no answer yet)`; of many, the first ten. */
export function describeContacts(contacts: readonly ContactReport[]): string {
  const named = contacts.slice(0, maxNamed).map(({ contact, answer }) => `${contact} (${answer})`)
  const rest = contacts.length - named.length
  return [...named, ...(rest > 0 ? [`${rest} more`] : [])].join(', ')
}

function textOf(error: unknown): string {
  const { refusal, failure, insecurity } = error instanceof TransportError ? error : {}
  if (insecurity) return `no connection is safe: ${insecurity.detail} (${insecurity.reason})`
  if (refusal?.reason === 'self') return 'it is this node itself'
  if (refusal) return `it refuses this node: ${refusal.reason}, ${refusal.detail}`
  return failure === undefined ? 'asking was given up' : failureTexts[failure]
}

const failureTexts: Readonly<Record<DialFailure, string>> = {
  refused: 'nobody listens there',
  timeout: 'no answer came in time',
  unreachable: 'the network does not lead there, or the connection broke',
  local: 'this process could not open a connection',
  insecure: 'one end does not trust the other',
  'not-allowed': 'this node may not dial it: see its option mayDial',
}

const declineTexts: Readonly<Record<JoinRefusalReason, string>> = {
  'not-a-member': 'it is no member itself yet',
  leaving: 'it is on its way out of the cluster',
  'stale-incarnation': 'it knows a later start of this node',
  'roles-too-large': 'it refuses this node: the names of its roles are too long',
  'cluster-full': 'it refuses this node: the cluster holds as many members as it can',
}
