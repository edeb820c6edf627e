// What the regions of all members hold: each is asked, and who is silent is named.
import type { Clock } from '@casty/clock'
import { NodeIdentity, type Endpoint, type EndpointEvent, type NodeKey } from '@casty/transport'
import type { ViewMember } from '../core/view.ts'
import { ShardingError } from '../errors.ts'
import { duration, knownNames } from '../option-values.ts'
import { isLostBy, whyNot, type MissingReason, type MissingRegions } from './missing.ts'
import type { RegionFigures } from './region-figures.ts'
import { decodeStatistics, encodeStatistics, statisticsFrameType } from './statistics-frames.ts'

/** What all members know of their regions. */
export interface ClusterStatistics {
  /** The regions of each node that told, in the order of their addresses. */
  readonly nodes: ReadonlyMap<NodeKey, readonly RegionFigures[]>
  /** Members that did not tell, in the same order, and why. */
  readonly missing: readonly MissingRegions[]
}

export interface StatisticsOptions {
  /** How long to wait for members that may answer, in milliseconds. @defaultValue 3_000 */
  readonly timeoutMs?: number
  /** Ends the waiting: it rejects with the reason. */
  readonly signal?: AbortSignal
}

export interface StatisticsParts {
  readonly endpoint: Pick<Endpoint, 'handle' | 'send' | 'subscribe' | 'isConnected'>
  readonly clock: Clock
  readonly isGuest: (node: NodeIdentity) => boolean
  /** Those who are up or leaving are asked, this node among them. */
  readonly members: () => readonly ViewMember[]
  readonly own: () => readonly RegionFigures[]
}

const defaultTimeoutMs = 3_000
/** So many regions are told of in one frame. */
const regionsPerFrame = 32
/** More of one member is made up. */
const maxRegions = 4_096

interface Told {
  /** With those that were too many. */
  count: number
  readonly regions: RegionFigures[]
}

interface Asked {
  /** Who has not told all yet. */
  readonly waitsFor: Map<NodeKey, NodeIdentity>
  readonly told: Map<NodeKey, Told>
  readonly missing: MissingRegions[]
  readonly end: (error?: unknown) => void
}

/** Of one node: asks, and answers. */
export class StatisticsExchange implements Disposable {
  readonly #parts: StatisticsParts
  readonly #asked = new Map<number, Asked>()
  readonly #subscriptions: readonly Disposable[]
  #lastToken = 0
  #isDisposed = false

  constructor(parts: StatisticsParts) {
    this.#parts = parts
    this.#subscriptions = [
      parts.endpoint.handle(
        statisticsFrameType,
        (from, bytes, start, end) => this.#received(from, bytes, start, end),
        { from: 'members' },
      ),
      parts.endpoint.subscribe((event) => this.#connectionChanged(event)),
    ]
  }

  async ask(options: StatisticsOptions = {}): Promise<ClusterStatistics> {
    knownNames('statistics()', options, ['timeoutMs', 'signal'])
    const { signal } = options
    const timeoutMs = duration('timeoutMs', options.timeoutMs ?? defaultTimeoutMs)
    signal?.throwIfAborted()
    if (this.#isDisposed) throw ShardingError.stopped('ask for statistics')
    const token = ++this.#lastToken
    const nodes = this.#parts
      .members()
      .filter(isThere)
      .map(({ node }) => node)
      .toSorted((left, right) => NodeIdentity.compare(left, right))
    const told = new Map<NodeKey, Told>()
    const missing: MissingRegions[] = []
    const waitsFor = new Map(nodes.map((node) => [node.key, node]))
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => end(signal?.reason)
      const timer = this.#parts.clock.schedule(timeoutMs, () => end())
      const end = (error?: unknown): void => {
        if (!this.#asked.delete(token)) return
        timer[Symbol.dispose]()
        signal?.removeEventListener('abort', abort)
        if (error === undefined) resolve()
        else reject(error)
      }
      const asked: Asked = { waitsFor, told, missing, end }
      this.#asked.set(token, asked)
      signal?.addEventListener('abort', abort)
      this.#send(nodes, asked, token)
    })
    for (const node of waitsFor.values()) missing.push({ node, reason: 'silent' })
    const without = new Set(missing.map(({ node }) => node.key))
    return {
      nodes: new Map(
        nodes.flatMap(({ key }) => (without.has(key) ? [] : [[key, told.get(key)?.regions ?? []]])),
      ),
      missing: missing.toSorted((left, right) => NodeIdentity.compare(left.node, right.node)),
    }
  }

  /** Who is no member any more, or out of reach, will not tell. */
  membersChanged(): void {
    if (this.#asked.size === 0) return
    const members = this.#parts.members()
    this.#giveUp((node) => whyNot(node, members, this.#isConnected(node)))
  }

  #connectionChanged(event: EndpointEvent): void {
    this.#giveUp((node) => (isLostBy(event, node, this.#isConnected(node)) ? 'lost' : undefined))
    if (event.type === 'lane-closed') this.membersChanged()
  }

  #isConnected(node: NodeIdentity): boolean {
    return this.#parts.endpoint.isConnected(node, 'data')
  }

  #giveUp(why: (node: NodeIdentity) => MissingReason | undefined): void {
    for (const asked of this.#asked.values()) {
      for (const node of asked.waitsFor.values()) {
        const reason = why(node)
        if (reason !== undefined) giveUp(asked, node, reason)
      }
    }
  }

  #send(nodes: readonly NodeIdentity[], asked: Asked, token: number): void {
    const { endpoint, members } = this.#parts
    const view = members()
    const question = encodeStatistics({ type: 'ask', token })
    for (const node of nodes) {
      const reason = whyNot(node, view, this.#isConnected(node))
      if (reason !== undefined) giveUp(asked, node, reason)
      else if (endpoint.send(node, 'data', statisticsFrameType, question) === 'dropped') {
        giveUp(asked, node, 'not-sent')
      }
    }
    if (nodes.length === 0) asked.end()
  }

  #received(from: NodeIdentity, bytes: Uint8Array, start: number, end: number): void {
    if (this.#parts.isGuest(from)) throw ShardingError.malformed('A client takes no part in this')
    const message = decodeStatistics(bytes, start, end)
    if (message.type === 'ask') {
      this.#answer(from, message.token)
      return
    }
    const asked = this.#asked.get(message.token)
    if (!asked?.waitsFor.has(from.key)) return // It told already, or too late.
    const told = take(asked.told, from.key, message.regions)
    if (told.count > maxRegions) {
      giveUp(asked, from, 'malformed')
      throw ShardingError.malformed(`${from.key} tells of ${told.count} regions`)
    }
    if (!message.isLast) return
    asked.waitsFor.delete(from.key)
    if (asked.waitsFor.size === 0) asked.end()
  }

  #answer(to: NodeIdentity, token: number): void {
    const own = this.#parts.own()
    const pieces = Math.max(1, Math.ceil(own.length / regionsPerFrame))
    for (let piece = 0; piece < pieces; piece++) {
      const at = piece * regionsPerFrame
      const regions = own.slice(at, at + regionsPerFrame)
      const isLast = piece === pieces - 1
      const bytes = encodeStatistics({ type: 'told', token, regions, isLast })
      this.#parts.endpoint.send(to, 'data', statisticsFrameType, bytes)
    }
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
    for (const { end } of this.#asked.values()) end(ShardingError.stopped('ask for statistics'))
  }
}

/** Nobody waits for it any more, whatever it tells. */
function giveUp(
  { waitsFor, missing, end }: Asked,
  node: NodeIdentity,
  reason: MissingReason,
): void {
  if (!waitsFor.delete(node.key)) return
  missing.push({ node, reason })
  if (waitsFor.size === 0) end()
}

/** Whether it has regions, and can be asked. */
function isThere({ status }: ViewMember): boolean {
  return status === 'up' || status === 'leaving'
}

/** Keeps what it tells, up to what it can have. */
function take(all: Map<NodeKey, Told>, node: NodeKey, regions: readonly RegionFigures[]): Told {
  const told = all.get(node) ?? { count: 0, regions: [] }
  all.set(node, told)
  told.count += regions.length
  if (told.count <= maxRegions) told.regions.push(...regions)
  return told
}
