// What the regions of all members hold: each is asked, and who is silent is named.
import type { Clock } from '@casty/clock'
import { NodeIdentity, type Endpoint, type NodeKey } from '@casty/transport'
import { ShardingError } from '../errors.ts'
import { duration, knownNames } from '../option-values.ts'
import type { RegionFigures } from './region-figures.ts'
import { decodeStatistics, encodeStatistics, statisticsFrameType } from './statistics-frames.ts'

/** What all members know of their regions. */
export interface ClusterStatistics {
  /** The regions of each node that told, in the order of their addresses. */
  readonly nodes: ReadonlyMap<NodeKey, readonly RegionFigures[]>
  /** Members that did not tell in time, cannot be reached, or told of more than 4,096 regions. */
  readonly missing: readonly NodeIdentity[]
}

export interface StatisticsOptions {
  /** How long to wait for members, in milliseconds. @defaultValue 3_000 */
  readonly timeoutMs?: number
  /** Ends the waiting: it rejects with the reason. */
  readonly signal?: AbortSignal
}

export interface StatisticsParts {
  readonly endpoint: Pick<Endpoint, 'handle' | 'send'>
  readonly clock: Clock
  readonly isGuest: (node: NodeIdentity) => boolean
  /** Who is asked, this node among them. */
  readonly members: () => readonly NodeIdentity[]
  readonly own: () => readonly RegionFigures[]
}

const defaultTimeoutMs = 3_000
/** So many regions are told of in one frame. */
const regionsPerFrame = 32
/** More of one member is made up. */
const maxRegions = 4_096

interface Told {
  /** With those that were refused. */
  count: number
  readonly regions: RegionFigures[]
}

interface Asked {
  /** Who has not told all yet. */
  readonly waitsFor: Map<NodeKey, NodeIdentity>
  readonly told: Map<NodeKey, Told>
  readonly end: (error?: unknown) => void
}

/** Of one node: asks, and answers. */
export class StatisticsExchange implements Disposable {
  readonly #parts: StatisticsParts
  readonly #asked = new Map<number, Asked>()
  readonly #subscription: Disposable
  #lastToken = 0
  #isDisposed = false

  constructor(parts: StatisticsParts) {
    this.#parts = parts
    this.#subscription = parts.endpoint.handle(
      statisticsFrameType,
      (from, bytes, start, end) => this.#received(from, bytes, start, end),
      { from: 'members' },
    )
  }

  async ask(options: StatisticsOptions = {}): Promise<ClusterStatistics> {
    knownNames('statistics()', options, ['timeoutMs', 'signal'])
    const { signal } = options
    const timeoutMs = duration('timeoutMs', options.timeoutMs ?? defaultTimeoutMs)
    signal?.throwIfAborted()
    if (this.#isDisposed) throw ShardingError.stopped('ask for statistics')
    const token = ++this.#lastToken
    const nodes = this.#parts.members().toSorted((left, right) => NodeIdentity.compare(left, right))
    const told = new Map<NodeKey, Told>()
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
      this.#asked.set(token, { waitsFor, told, end })
      signal?.addEventListener('abort', abort)
      this.#send(nodes, token)
    })
    return {
      nodes: new Map(
        nodes.flatMap(({ key }) =>
          waitsFor.has(key) ? [] : [[key, told.get(key)?.regions ?? []]],
        ),
      ),
      missing: [...waitsFor.values()],
    }
  }

  #send(nodes: readonly NodeIdentity[], token: number): void {
    const { endpoint } = this.#parts
    const question = encodeStatistics({ type: 'ask', token })
    const reached = nodes.filter(
      (node) => endpoint.send(node, 'data', statisticsFrameType, question) !== 'dropped',
    )
    if (reached.length === 0) this.#asked.get(token)?.end()
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
    take(asked.told, from.key, message.regions)
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
    this.#subscription[Symbol.dispose]()
    for (const { end } of this.#asked.values()) end(ShardingError.stopped('ask for statistics'))
  }
}

/** @throws ShardingError `CASTY_SHARDING_MALFORMED` where there are too many: then it has not told, whatever else it says */
function take(all: Map<NodeKey, Told>, node: NodeKey, regions: readonly RegionFigures[]): void {
  const told = all.get(node) ?? { count: 0, regions: [] }
  all.set(node, told)
  told.count += regions.length
  if (told.count > maxRegions) {
    throw ShardingError.malformed(`${node} tells of ${told.count} regions`)
  }
  told.regions.push(...regions)
}
