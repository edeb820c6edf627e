// The shell around `ContactCore`: greets, dials, asks the contact for what is missing, and keeps one timer.
import type { ActorSystem } from '@casty/actor'
import type { NodeIdentity } from '@casty/membership'
import type { Endpoint, NodeAddress } from '@casty/transport'
import { RemoteError } from '../errors.ts'
import { remoteFrameTypes } from '../frame-types.ts'
import type { ClientEvent } from './client-event.ts'
import { decodeClientMessage, encodeClientMessage, type ClientMessage } from './client-messages.ts'
import type { ClientSettings, ClusterClientOptions } from './client-options.ts'
import type { ClientView } from './client-view.ts'
import {
  ContactCore,
  type ContactEffect,
  type ContactEvent,
  type LinkReport,
} from './contact-core.ts'
import { ContactPoints } from './contact-points.ts'
import { NewsReader } from './news-reader.ts'

export interface ContactShellParts {
  readonly system: ActorSystem
  readonly settings: ClientSettings
  /** In [0, 1): see `ContactSettings`. */
  readonly draw: number
  readonly endpoint: Endpoint
  readonly view: ClientView
  readonly publish: (event: ClientEvent) => void
  /** That member has forgotten what it had to do with this client. */
  readonly beginAnew: (node: NodeIdentity) => void
  /** What the contact is to be told of topics; undefined where that is nothing. */
  readonly topics: () => ClientMessage | undefined
}

const touch: ClientMessage = { type: 'touch' }
/** What keeps lanes open through which members reach this client, in milliseconds. */
const touchEveryMs = 60_000

export class ContactShell implements Disposable {
  readonly #parts: ContactShellParts
  readonly #core: ContactCore
  readonly #points: ContactPoints
  readonly #news: NewsReader
  readonly #subscriptions: readonly Disposable[]
  readonly #queue: ContactEvent[] = []
  readonly #abort = new AbortController()
  /** When the data lane to a member was last kept open. */
  readonly #touchedAt = new WeakMap<NodeIdentity, number>()
  #timer: { readonly at: number; readonly timer: Disposable } | undefined
  #sequence = 0
  #contactChanges = 0
  #firstTold: (() => void) | undefined
  #isClosed = false

  constructor(parts: ContactShellParts) {
    this.#parts = parts
    const { system, view, settings, draw } = parts
    this.#core = new ContactCore({ ...settings, draw })
    this.#news = new NewsReader(view, system.clock)
    this.#points = new ContactPoints({
      system,
      resolvePoints: settings.resolvePoints,
      timeoutMs: settings.connectTimeoutMs,
      signal: this.#abort.signal,
      found: (points) => this.#dispatch({ type: 'points-resolved', points }),
    })
    this.#subscriptions = [
      view.endpoint.handle(remoteFrameTypes.client, (from, bytes, start, end) =>
        this.#received(from, decodeClientMessage(bytes, start, end)),
      ),
      view.subscribeTopology(() => this.#membersChanged()),
    ]
  }

  get contact(): NodeIdentity | undefined {
    return this.#core.contact
  }

  isLive(member: NodeIdentity): boolean {
    return this.#core.isLive(member)
  }

  want(member: NodeIdentity): void {
    this.#dispatch({ type: 'wanted', node: member })
  }

  report(): {
    readonly members: readonly LinkReport[]
    readonly dialled: Readonly<Record<string, string>>
    readonly toldForMs: number | undefined
    readonly contactChanges: number
  } {
    return {
      members: this.#core.report(this.#now),
      dialled: Object.fromEntries(this.#core.outcomes),
      toldForMs: this.#news.toldForMs,
      contactChanges: this.#contactChanges,
    }
  }

  /** Resolves once a contact has told of the cluster. Rejects as `ClusterClient.connect`. */
  async begin({ signal }: Pick<ClusterClientOptions, 'signal'>): Promise<void> {
    signal?.throwIfAborted()
    const { connectTimeoutMs } = this.#parts.settings
    await new Promise<void>((resolve, reject) => {
      const timer = this.#parts.system.clock.schedule(connectTimeoutMs, () => {
        end()
        reject(RemoteError.noContact(connectTimeoutMs, this.#attempts()))
      })
      const abort = (): void => {
        end()
        const reason: unknown = signal?.reason
        reject(reason instanceof Error ? reason : new Error(String(reason)))
      }
      const end = (): void => {
        timer[Symbol.dispose]()
        signal?.removeEventListener('abort', abort)
        this.#firstTold = undefined
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#firstTold = () => {
        end()
        resolve()
      }
      this.#dispatch({ type: 'started' })
    })
  }

  /** Says goodbye. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#timer?.timer[Symbol.dispose]()
    for (const node of this.#core.live) this.#send(node, 'control', { type: 'bye' })
    this.#abort.abort()
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
  }

  /** What came of each attempt, for people. */
  #attempts(): string {
    const dialled = [...this.#core.outcomes].map(([address, outcome]) => `${address}: ${outcome}`)
    const members = this.#core.report(this.#now).map(({ node, standing }) => `${node}: ${standing}`)
    const { failure } = this.#points
    const resolving = failure === undefined ? [] : [failure]
    return [...resolving, ...dialled, ...members].join('; ') || 'no address is known'
  }

  get #now(): number {
    return this.#parts.system.clock.now()
  }

  #received(from: NodeIdentity, message: ClientMessage): void {
    switch (message.type) {
      case 'welcome':
        this.#dispatch({ ...message, type: 'welcomed', from })
        if (this.contact?.equals(from)) this.#ask(from, this.#news.missing(message))
        return
      case 'news':
        if (this.#news.read(message)) this.#firstTold?.()
        return
      case 'busy':
        this.#parts.publish({ type: 'member-busy', member: from, dropped: message.dropped })
        return
      default:
        throw RemoteError.malformed(`A member sent a ${message.type}`)
    }
  }

  #ask(contact: NodeIdentity, request: ClientMessage | undefined): void {
    if (request) this.#send(contact, 'data', request)
  }

  #membersChanged(): void {
    const { members, unreachable } = this.#parts.view.getState()
    this.#dispatch({
      type: 'members-changed',
      members: members
        .filter(({ status }) => status !== 'down' && status !== 'removed')
        .map(({ node, status, key }) => ({
          node,
          isEligible: (status === 'up' || status === 'weakly-up') && !unreachable.has(key),
        })),
    })
  }

  /** Runs each event to completion: one raised by an effect waits its turn. */
  #dispatch(event: ContactEvent): void {
    if (this.#isClosed || this.#queue.push(event) > 1) return
    for (const next of this.#queue) {
      for (const effect of this.#core.step(next, this.#now)) this.#performSafely(effect)
    }
    this.#queue.length = 0
    this.#arm()
  }

  /** What fails must not keep the rest from happening: nobody would look for a contact any more. */
  #performSafely(effect: ContactEffect): void {
    try {
      this.#perform(effect)
    } catch (error) {
      const what = `A cluster client could not do what was due: ${effect.type}`
      this.#parts.system.logger?.error({ error }, what)
    }
  }

  #perform(effect: ContactEffect): void {
    switch (effect.type) {
      case 'resolve-points':
        void this.#points.resolve()
        return
      case 'dial':
        void this.#dial(effect.address)
        return
      case 'greet':
        this.#greet(effect.node, effect.isContact)
        return
      case 'contact-changed':
        this.#contactChanges++
        if (effect.contact) this.#ask(effect.contact, this.#news.request())
        this.#parts.publish(effect)
        this.tellTopics()
        return
      case 'reach-changed':
        this.#parts.publish(effect)
        return
      case 'disconnect':
        this.#parts.endpoint.forget(effect.node)
        return
      case 'begin-anew':
        this.#parts.beginAnew(effect.node)
        if (this.contact?.equals(effect.node)) this.tellTopics()
    }
  }

  #greet(node: NodeIdentity, isContact: boolean): void {
    this.#send(node, 'control', { type: 'greeting', sequence: ++this.#sequence, isContact })
    // A member that cannot dial this client reaches it only through a data lane that is open.
    const isOpen = this.#parts.view.endpoint.isConnected(node, 'data')
    if (isOpen && this.#now - (this.#touchedAt.get(node) ?? -Infinity) < touchEveryMs) return
    this.#touchedAt.set(node, this.#now)
    this.#send(node, 'data', (isContact ? this.#parts.topics() : undefined) ?? touch)
  }

  /** What is subscribed to has changed. */
  tellTopics(): void {
    const topics = this.#parts.topics()
    if (this.contact && topics) this.#send(this.contact, 'data', topics)
  }

  #send(to: NodeIdentity, lane: 'control' | 'data', message: ClientMessage): void {
    // What is dropped is said again, or found missing, with the next greeting.
    this.#parts.view.endpoint.send(to, lane, remoteFrameTypes.client, encodeClientMessage(message))
  }

  /** Never rejects. */
  async #dial(address: NodeAddress): Promise<void> {
    try {
      const node = await this.#parts.endpoint.connect(address, { signal: this.#abort.signal })
      this.#dispatch({ type: 'dialled', address, node })
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#dispatch({ type: 'dial-failed', address, why })
    }
  }

  #arm(): void {
    const at = this.#core.nextDeadline
    if (at === this.#timer?.at || this.#isClosed) return
    this.#timer?.timer[Symbol.dispose]()
    const timer = this.#parts.system.clock.schedule(Math.max(0, at - this.#now), () => {
      this.#timer = undefined
      this.#dispatch({ type: 'deadline-reached' })
    })
    this.#timer = { at, timer }
  }
}
