// What the parts of one node's core share.
import type { Lane, NodeIdentity, NodeKey } from '@casty/transport'
import { newAcceptor, type Acceptor } from '../authority/acceptor.ts'
import { mustFound } from '../authority/founding.ts'
import type { ShardingMessage, TypeSettings } from '../protocol.ts'
import { TableLog } from '../table/table-log.ts'
import { rowsChanged } from '../table/shard-table.ts'
import type { Version } from '../table/version.ts'
import type { CoreEffect } from './core-events.ts'
import type { CoreSettings } from './core-settings.ts'
import { Departure } from './departure.ts'
import { RegionLease } from './region-lease.ts'
import type { ViewMember } from './view.ts'

/** Mutable: the parts of a core read and write it, and nobody else. */
export class NodeState {
  readonly settings: CoreSettings
  readonly log: TableLog = new TableLog()
  readonly lease: RegionLease = new RegionLease()
  readonly departure: Departure
  acceptor: Acceptor
  /** When members were last seen to be lost. */
  lostAt: number = Number.NEGATIVE_INFINITY
  /** The types that this node can run, and how often that changed: counted from 1. */
  types: readonly TypeSettings[] = []
  typesVersion = 1
  effects: CoreEffect[] = []

  #view: readonly ViewMember[] = []
  #members: ReadonlyMap<NodeKey, ViewMember> = new Map()

  constructor(settings: CoreSettings, now: number) {
    this.settings = settings
    this.acceptor = newAcceptor(now)
    const { gatherMs, leaseMs } = settings
    this.departure = new Departure(settings, gatherMs + leaseMs)
  }

  /** All members of the data center, by address. */
  get view(): readonly ViewMember[] {
    return this.#view
  }

  set view(members: readonly ViewMember[]) {
    this.#view = members
    this.#members = new Map(members.map((member) => [member.node.key, member]))
  }

  get self(): NodeIdentity {
    return this.settings.self
  }

  get own(): ViewMember | undefined {
    return this.member(this.self.key)
  }

  member(key: NodeKey): ViewMember | undefined {
    return this.#members.get(key)
  }

  /** Whether there is no table here, or too little is left of its voters. */
  get mustFound(): boolean {
    return mustFound(this.log.latest.electorate, this.view)
  }

  /** From when on this node agrees to begin a table. */
  get mayFoundAt(): number {
    return this.lostAt + this.settings.downRemovalMarginMs
  }

  send(to: NodeIdentity, message: ShardingMessage, lane: Lane = 'control'): void {
    this.effects.push({ type: 'send', to, lane, message })
  }

  /** Whether a shard is here, or about to be, or this node has a vote: then it should not go yet. */
  get isNeeded(): boolean {
    return this.departure.isNeededBy(this.log.committed)
  }

  /** Has the table take effect up to `version`, as far as it is here. @returns whether anything did */
  commit(version: Version): boolean {
    const before = this.log.committed
    if (!this.log.commit(version)) return false
    const table = this.log.committed
    this.effects.push({ type: 'table-committed', table, changes: rowsChanged(before, table) })
    return true
  }
}
