// A member's side: tells clients that ask what the committed table says, and when it says something else; and before it
// goes, has them send it nothing more.
import type { Clock } from '@casty/clock'
import type { Cluster, NodeIdentity } from '@casty/membership'
import type { NodeKey } from '@casty/transport'
import { ShardTable } from '../table/shard-table.ts'
import { sameVersion } from '../table/version.ts'
import { forgetMs } from './client-times.ts'
import { ClientsLetGo } from './clients-let-go.ts'
import { messagesBetween } from './table-changes.ts'
import {
  clientTableFrameType,
  decodeTableMessage,
  encodeTableMessage,
  type TableMessage,
} from './table-frames.ts'

/** Changes of the table are told together where they come within so long, in milliseconds. */
const gatherMs = 20
/** Whoever has something else than it was told is told the whole table no more often, in milliseconds. */
const minWholeMs = 200

interface Subscriber {
  readonly node: NodeIdentity
  known: ShardTable
  until: number
  /** When it was told the whole table last. */
  wholeAt: number
}

export interface TablesForClientsParts {
  readonly cluster: Cluster
  readonly clock: Clock
  /** So many are told at most, and asked. */
  readonly maxClients: number
  /** The committed table, now. */
  readonly table: () => ShardTable
  /** A client has answered that it lets go of this node. */
  readonly letGo: () => void
}

export class TablesForClients implements Disposable {
  readonly #parts: TablesForClientsParts
  readonly #subscribers = new Map<NodeKey, Subscriber>()
  readonly #subscription: Disposable
  readonly #lettingGo: ClientsLetGo
  #telling: Disposable | undefined

  constructor(parts: TablesForClientsParts) {
    this.#parts = parts
    const leaving = encodeTableMessage({ type: 'leaving' })
    this.#lettingGo = new ClientsLetGo((client) => {
      parts.cluster.endpoint.send(client, 'data', clientTableFrameType, leaving)
    }, parts.maxClients)
    this.#subscription = parts.cluster.endpoint.handle(
      clientTableFrameType,
      (from, bytes, start, end) => this.#received(from, decodeTableMessage(bytes, start, end)),
    )
  }

  /** The committed table is another. */
  changed(): void {
    if (this.#telling || this.#subscribers.size === 0) return
    this.#telling = this.#parts.clock.schedule(gatherMs, () => {
      this.#telling = undefined
      this.#tellAll()
    })
  }

  /** Before this node goes: has clients send it nothing more. Whoever has answered twice does not. */
  get lettingGo(): ClientsLetGo {
    return this.#lettingGo
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]()
    this.#telling?.[Symbol.dispose]()
    this.#subscribers.clear()
  }

  #received(from: NodeIdentity, message: TableMessage): void {
    switch (message.type) {
      case 'has':
        this.#lettingGo.uses(from, this.#parts.clock.now())
        this.#asked(from, message)
        return
      case 'uses':
        this.#lettingGo.uses(from, this.#parts.clock.now())
        return
      case 'let-go':
        this.#lettingGo.answered(from)
        this.#parts.letGo()
        return
      case 'told':
      case 'leaving': // Members say that, and not to each other.
    }
  }

  #asked(from: NodeIdentity, message: Extract<TableMessage, { readonly type: 'has' }>): void {
    const dataCenter = this.#parts.cluster.selfMember?.dataCenter
    // Whoever asks for the table of another data center has this member for one of that: it will learn better.
    if (dataCenter !== message.dataCenter) return
    const subscriber = this.#subscribers.get(from.key) ?? this.#add(from)
    if (!subscriber) return
    const now = this.#parts.clock.now()
    subscriber.until = now + forgetMs
    const table = this.#parts.table()
    const { version } = message
    if (sameVersion(version, table.version)) subscriber.known = table
    else if (!sameVersion(version, subscriber.known.version)) {
      // It says so again, and what it is told costs far more than what it says.
      if (now - subscriber.wholeAt < minWholeMs) return
      subscriber.wholeAt = now
      subscriber.known = ShardTable.empty
    }
    this.#tell(subscriber, dataCenter, table)
  }

  #add(node: NodeIdentity): Subscriber | undefined {
    if (this.#subscribers.size >= this.#parts.maxClients) this.#forgetOverdue()
    if (this.#subscribers.size >= this.#parts.maxClients) return undefined
    const subscriber = { node, known: ShardTable.empty, until: 0, wholeAt: -Infinity }
    this.#subscribers.set(node.key, subscriber)
    return subscriber
  }

  #forgetOverdue(): void {
    const now = this.#parts.clock.now()
    for (const [key, { until }] of this.#subscribers)
      if (until <= now) this.#subscribers.delete(key)
  }

  #tellAll(): void {
    const dataCenter = this.#parts.cluster.selfMember?.dataCenter
    if (dataCenter === undefined) return
    const now = this.#parts.clock.now()
    const table = this.#parts.table()
    for (const [key, subscriber] of this.#subscribers) {
      if (subscriber.until <= now) this.#subscribers.delete(key)
      else this.#tell(subscriber, dataCenter, table)
    }
  }

  #tell(subscriber: Subscriber, dataCenter: string, table: ShardTable): void {
    const { endpoint } = this.#parts.cluster
    for (const content of messagesBetween(subscriber.known, table)) {
      const bytes = encodeTableMessage({ type: 'told', dataCenter, content })
      // What is dropped is found missing when the client says next what it has.
      endpoint.send(subscriber.node, 'data', clientTableFrameType, bytes)
    }
    subscriber.known = table
  }
}
