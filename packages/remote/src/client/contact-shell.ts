// The shell around `ContactCore`: greets, dials, asks the contact for what is missing, and keeps one timer.
import type { ActorSystem } from '@casty/actor'
import { ClusterState, type NodeIdentity } from '@casty/membership'
import type { Endpoint, NodeAddress } from '@casty/transport'
import { RemoteError } from '../errors.ts'
import { remoteFrameTypes } from '../frame-types.ts'
import { decodeClientMessage, encodeClientMessage, type ClientMessage } from './client-messages.ts'
import type { ClientSettings, ClusterClientOptions } from './client-options.ts'
import type { ClientView } from './client-view.ts'
import { knownOf, learnt } from './cluster-news.ts'
import {
  ContactCore,
  type ContactEffect,
  type ContactEvent,
  type ContactLoss,
  type LinkReport,
} from './contact-core.ts'

/** What a client tells of members that come and go. */
export type ClientEvent =
  /** From now on the client learns of the cluster from that member; from none, where it is undefined. */
  | {
      readonly type: 'contact-changed'
      readonly contact: NodeIdentity | undefined
      /** Why the one before is none any more. */
      readonly reason: ContactLoss | undefined
    }
  /** Members came into reach, or went out of it. */
  | { readonly type: 'reach-changed' }
  /**
   * That member has dropped so many frames of this client so far, since it sends more than it may: send less, or have the
   * member allow more. Told every 100 ms at most while that lasts.
   */
  | { readonly type: 'member-busy'; readonly member: NodeIdentity; readonly dropped: number }

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
/** Everything is asked for anew so often, so that nothing is remembered that the members forgot. */
const wholeEveryMs = 3_600_000

export class ContactShell implements Disposable {
  readonly #parts: ContactShellParts
  readonly #core: ContactCore
  readonly #subscriptions: readonly Disposable[]
  readonly #queue: ContactEvent[] = []
  readonly #abort = new AbortController()
  /** When the data lane to a member was last kept open. */
  readonly #touchedAt = new WeakMap<NodeIdentity, number>()
  #timer: { readonly at: number; readonly timer: Disposable } | undefined
  #sequence = 0
  #toldAt: number | undefined
  #wholeAt = -Infinity
  #contactChanges = 0
  #isResolving = false
  /** Why contact points could not be found. */
  #resolving: string | undefined
  #firstTold: (() => void) | undefined
  #isClosed = false

  constructor(parts: ContactShellParts) {
    this.#parts = parts
    const { view, settings, draw } = parts
    this.#core = new ContactCore({ ...settings, draw })
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
      toldForMs: this.#toldAt === undefined ? undefined : this.#now - this.#toldAt,
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
    const resolving = this.#resolving === undefined ? [] : [this.#resolving]
    return [...resolving, ...dialled, ...members].join('; ') || 'no address is known'
  }

  get #now(): number {
    return this.#parts.system.clock.now()
  }

  #received(from: NodeIdentity, message: ClientMessage): void {
    switch (message.type) {
      case 'welcome':
        this.#dispatch({ ...message, type: 'welcomed', from })
        if (this.contact?.equals(from)) this.#compare(from, message)
        return
      case 'news':
        this.#told(message)
        return
      case 'busy':
        this.#parts.publish({ type: 'member-busy', member: from, dropped: message.dropped })
        return
      default:
        throw RemoteError.malformed(`A member sent a ${message.type}`)
    }
  }

  /** Asks the contact for what is missing, where something is. */
  #compare(
    contact: NodeIdentity,
    { versionDigest, registryDigest }: Extract<ClientMessage, { readonly type: 'welcome' }>,
  ): void {
    const { versionDigest: own, registry } = this.#parts.view.getState()
    const isDue = this.#now - this.#wholeAt >= wholeEveryMs
    if (own !== versionDigest || registry.digest !== registryDigest || isDue) {
      this.#pull(contact, isDue)
    }
  }

  #pull(contact: NodeIdentity, isWhole = false): void {
    const { version, registry } = knownOf(
      isWhole ? ClusterState.empty : this.#parts.view.getState(),
    )
    this.#send(contact, 'data', { type: 'pull', version, registry })
  }

  #told({ content, isWhole, isLast }: Extract<ClientMessage, { readonly type: 'news' }>): void {
    const state = learnt(this.#parts.view.getState(), content, isWhole)
    if (state === undefined) {
      this.#wholeAt = -Infinity // It is of another cluster: all is asked for anew, with the next greeting.
      return
    }
    this.#toldAt = this.#now
    this.#parts.view.become(state)
    if (!isLast || !isWhole) return
    this.#wholeAt = this.#now
    this.#firstTold?.()
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
        void this.#resolve()
        return
      case 'dial':
        void this.#dial(effect.address)
        return
      case 'greet':
        this.#greet(effect.node, effect.isContact)
        return
      case 'contact-changed':
        this.#contactChanges++
        if (effect.contact) this.#pull(effect.contact, this.#wholeAt === -Infinity)
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
  async #resolve(): Promise<void> {
    if (this.#isResolving) return
    this.#isResolving = true
    try {
      const points = await this.#inTime(this.#parts.settings.resolvePoints())
      this.#resolving = undefined
      this.#dispatch({ type: 'points-resolved', points })
    } catch (error) {
      this.#resolving = `contactPoints: ${error instanceof Error ? error.message : String(error)}`
      this.#parts.system.logger?.warn({ error }, 'Contact points of a cluster could not be found')
    } finally {
      this.#isResolving = false
    }
  }

  /** A user's function that never ends must not keep it from being asked again. */
  async #inTime<T>(promise: Promise<T>): Promise<T> {
    const { system, settings } = this.#parts
    const { connectTimeoutMs } = settings
    const { signal } = this.#abort
    let end = (): void => {}
    const tooLate = new Promise<never>((_resolve, reject) => {
      const timer = system.clock.schedule(connectTimeoutMs, () => {
        reject(new Error(`they were not found within ${connectTimeoutMs} ms`))
      })
      end = () => timer[Symbol.dispose]()
      signal.addEventListener('abort', end, { once: true })
    })
    try {
      return await Promise.race([promise, tooLate])
    } finally {
      end()
      signal.removeEventListener('abort', end)
    }
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
