// A member's side of clients that hold values: it tells them what they lack and what changes, does what they ask under
// its own replicator, and remembers under which names they changed anything, so that these are not pruned too soon.
import type { Clock } from '@casty/clock'
import { changed, nothingYet, withoutNode } from '@casty/crdt'
import type { NodeIdentity } from '@casty/membership'
import type { AnyValue, KnownTypes } from '../any-value.ts'
import type { Consistency } from '../consistency.ts'
import { sameDigest } from '../core/digests.ts'
import { isAheadOf, type Envelope } from '../core/envelope.ts'
import type { ReplicatedKey } from '../key.ts'
import type { ClientsOptions } from '../options.ts'
import type { Outcome } from '../outcome.ts'
import type { KeyState } from '../wire/messages.ts'
import { ClientTelling } from './client-telling.ts'
import type { ClientMessage, ClientOutcome, Held } from './client-messages.ts'
import { isNameOf, valueDigest } from './client-names.ts'
import { maxHeldKeys } from './client-options.ts'
import { counted, failed, refused } from './client-outcomes.ts'
import type { Plausibility } from './plausibility.ts'

/** What of a replicator it works with. */
export interface ServingReplicator {
  envelopeOf(key: string): Envelope<AnyValue> | undefined
  update(
    key: ReplicatedKey<AnyValue>,
    change: (value: AnyValue) => AnyValue,
    options: { readonly write: Consistency; readonly timeoutMs: number },
  ): Promise<Outcome<AnyValue>>
  get(
    key: ReplicatedKey<AnyValue>,
    options: { readonly read: Consistency; readonly timeoutMs: number },
  ): Promise<Outcome<AnyValue>>
}

export interface ValuesForClientsParts {
  readonly options: ClientsOptions
  readonly replicator: ServingReplicator
  readonly clock: Clock
  readonly knownTypes: KnownTypes
  readonly plausibility: Plausibility
  readonly send: (to: NodeIdentity, message: ClientMessage) => void
  /** Something that came of a client was not heeded. */
  readonly dropped: (reason: 'implausible' | 'malformed' | 'not-a-client') => void
}

/** A client that is not heard of for so long holds nothing here any more, in milliseconds. */
const clientTimeoutMs = 15_000
/** How long a call of a client may take at most, in milliseconds. */
const maxTimeoutMs = 60_000

interface Client {
  readonly node: NodeIdentity
  heardAtMs: number
  keys: ReadonlySet<string>
  /** Under which name it changed something, if it did. */
  wroteAs: string | undefined
}

export class ValuesForClients implements Disposable {
  readonly #parts: ValuesForClientsParts
  readonly #clients = new Map<string, Client>()
  readonly #telling: ClientTelling

  constructor(parts: ValuesForClientsParts) {
    this.#parts = parts
    this.#telling = new ClientTelling({
      clock: parts.clock,
      send: parts.send,
      watching: (key) => this.#watching(key),
    })
  }

  /** Under which names clients that are there changed something. */
  get names(): readonly string[] {
    this.#forgetSilent()
    return [...this.#clients.values()].flatMap(({ wroteAs }) => wroteAs ?? [])
  }

  /** Something was joined into a value. */
  changed(key: string, change: Envelope<AnyValue>): void {
    this.#parts.plausibility.learn(change.value.body.state.context)
    if (this.#clients.size > 0) this.#telling.changed(key, change)
  }

  received(from: NodeIdentity, message: ClientMessage): void {
    const { options, dropped } = this.#parts
    if (!options.isClient(from)) return dropped('not-a-client')
    switch (message.type) {
      case 'watch':
        if (!this.#isOwn(from, message.replica)) return
        return this.#watched(this.#clientOf(from), message.held)
      case 'change':
        if (!this.#isOwn(from, message.replica)) return
        this.#clientOf(from).wroteAs = message.replica
        void this.#change(from, message)
        return
      case 'have':
        if (!this.#isOwn(from, message.replica)) return
        this.#clientOf(from).wroteAs = message.replica
        for (const state of message.states)
          void this.#take(from, message.replica, state, 'local', 1)
        return
      case 'read':
        void this.#read(from, message)
        return
      default:
        dropped('malformed') // Members say that.
    }
  }

  [Symbol.dispose](): void {
    this.#telling[Symbol.dispose]()
    this.#clients.clear()
  }

  #isOwn(from: NodeIdentity, replica: string): boolean {
    const isOwn = isNameOf(replica, from.key)
    if (!isOwn) this.#parts.dropped('malformed')
    return isOwn
  }

  #clientOf(node: NodeIdentity): Client {
    const known = this.#clients.get(node.key)
    const now = this.#parts.clock.now()
    const client = known ?? { node, heardAtMs: now, keys: new Set(), wroteAs: undefined }
    client.heardAtMs = now
    this.#clients.set(node.key, client)
    if (!known) this.#forgetSilent()
    return client
  }

  #forgetSilent(): void {
    const oldest = this.#parts.clock.now() - clientTimeoutMs
    for (const [key, { node, heardAtMs }] of this.#clients) {
      if (heardAtMs < oldest || !this.#parts.options.isClient(node)) this.#clients.delete(key)
    }
  }

  #watching(key: string): readonly NodeIdentity[] {
    this.#forgetSilent()
    return [...this.#clients.values()].filter(({ keys }) => keys.has(key)).map(({ node }) => node)
  }

  #watched(client: Client, held: readonly Held[]): void {
    const { options, replicator, send } = this.#parts
    const { mayRead = () => true } = options
    const allowed = held.slice(0, maxHeldKeys).filter(({ key }) => mayRead(key, client.node))
    client.keys = new Set(allowed.map(({ key }) => key))
    const states: KeyState[] = []
    const absent: string[] = []
    for (const { key, digest } of allowed) {
      const envelope = replicator.envelopeOf(key)
      if (digest && isSame(digest, envelope)) continue
      if (envelope) states.push({ key, envelope })
      else absent.push(key)
    }
    // Also where nothing is missing: the client hears that somebody is there.
    send(client.node, { type: 'told', isWhole: true, states, absent })
    const denied = held.filter(({ key }) => !client.keys.has(key)).map(({ key }) => key)
    if (denied.length > 0) send(client.node, { type: 'denied', keys: denied })
  }

  async #change(
    from: NodeIdentity,
    { id, replica, state, ...asked }: Extract<ClientMessage, { readonly type: 'change' }>,
  ): Promise<void> {
    const outcome = await this.#take(from, replica, state, asked.consistency, asked.timeoutMs)
    this.#parts.send(from, { type: 'answered', id, outcome })
  }

  /** Joins what a client has into the value here, as a change of this node's. Never rejects. */
  async #take(
    from: NodeIdentity,
    replica: string,
    { key, envelope: brought }: KeyState,
    write: Consistency,
    timeoutMs: number,
  ): Promise<ClientOutcome> {
    const { options, replicator, plausibility, dropped } = this.#parts
    const { mayWrite = () => true } = options
    if (!mayWrite(key, from)) return refused('denied')
    const { value } = brought
    const envelope = replicator.envelopeOf(key)
    const pruning = envelope?.pruning ?? new Map<string, never>()
    if (pruning.has(replica)) return refused('stale')
    // What stands in for a removed node comes from other members first, or it would count beside what that node did.
    if (envelope && isAheadOf(brought, envelope.value)) return refused('busy')
    // What was pruned here is pruned, whoever still has it.
    const gone = [...pruning].filter(([, { phase }]) => phase === 'performed')
    const clean = gone.reduce((rest, [node]) => withoutNode(rest, node), value)
    const here = envelope?.value.body.state ?? nothingYet
    if (!plausibility.isPlausible(replica, clean.body.state, here)) {
      dropped('implausible')
      return refused('implausible')
    }
    try {
      const outcome = await replicator.update(
        { name: key, type: value.type },
        (here) => changed(here, clean.body.state),
        { write, timeoutMs: within(timeoutMs) },
      )
      return counted(outcome)
    } catch (error) {
      return failed(error)
    }
  }

  async #read(
    from: NodeIdentity,
    message: Extract<ClientMessage, { readonly type: 'read' }>,
  ): Promise<void> {
    const { id, key, timeoutMs } = message
    const { replicator, send } = this.#parts
    const outcome = await this.#looked(from, message, within(timeoutMs))
    const envelope = replicator.envelopeOf(key)
    if (outcome.type !== 'refused') {
      const [states, absent] = envelope ? [[{ key, envelope }], []] : [[], [key]]
      send(from, { type: 'told', isWhole: true, states, absent })
    }
    send(from, { type: 'answered', id, outcome })
  }

  async #looked(
    from: NodeIdentity,
    { key, typeName, consistency }: Extract<ClientMessage, { readonly type: 'read' }>,
    timeoutMs: number,
  ): Promise<ClientOutcome> {
    const { options, replicator, knownTypes } = this.#parts
    const { mayRead = () => true } = options
    if (!mayRead(key, from)) return refused('denied')
    const type = knownTypes.named(typeName)
    if (type === undefined) return refused('type-mismatch')
    try {
      return counted(await replicator.get({ name: key, type }, { read: consistency, timeoutMs }))
    } catch (error) {
      return failed(error)
    }
  }
}

function isSame(digest: NonNullable<Held['digest']>, envelope: Envelope<AnyValue> | undefined) {
  const none = { high: 0, low: 0 }
  return sameDigest(digest, envelope ? valueDigest(envelope.value) : none)
}

function within(timeoutMs: number): number {
  return Math.min(Math.max(1, timeoutMs), maxTimeoutMs)
}
