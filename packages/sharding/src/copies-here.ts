// Copies that this node keeps of what entities write, where it keeps any: nothing of that runs before the first type is started
// here which has copies, and on clients it never does.
import type { EventJournal } from '@casty/persistence'
import type { CheckedType } from './entity-type.ts'
import type { GiveUpMessage, ReplicaReport, ShardAtEpoch } from './protocol.ts'
import {
  explainReplication,
  type ReplicationExplanation,
} from './replication/explain-replication.ts'
import type { ReplicationStatistics } from './replication/replication-tally.ts'
import type { Replication, ReplicationPort } from './replication/replication.ts'
import type { ShardRow } from './table/shard-row.ts'

/** Makes what keeps copies. */
export type StartReplication = (port: ReplicationPort, maxFrameBytes: number) => Replication

/** What a node reports that has no part in copies. */
const nothingKept = { copies: undefined, lineage: undefined, censuses: [] }

/** Of one node. */
export class CopiesHere implements Disposable {
  readonly #port: ReplicationPort
  readonly #make: StartReplication | undefined
  #replication: Replication | undefined

  /** @param make - left out where none are ever kept */
  constructor(port: ReplicationPort, make: StartReplication | undefined) {
    this.#port = port
    this.#make = make
  }

  /** A type is hosted here from now on. */
  start(type: CheckedType): void {
    if (!type.replication || !this.#make) return
    const { endpoint } = this.#port
    this.#replication ??= this.#make(this.#port, endpoint.maxFrameBytes('data'))
    this.#replication.start(type)
    for (const [shard, row] of this.#port.table.rowsOf(type)) {
      this.#replication.homeChanged(type.name, shard, row)
    }
  }

  /** Whether this node can run the type: where it reads copies from disks first, it cannot before. */
  isLoaded(typeName: string): boolean {
    return this.#replication?.isLoaded(typeName) !== false
  }

  /** Whether others may count on copies of this node. */
  get areNeeded(): boolean {
    const { key } = this.#port.self
    return [...this.#port.table.types.values()].some(({ rows }) =>
      rows.some(({ replicas }) => replicas.some((node) => node.key === key)),
    )
  }

  /** The journal of a shard that this node owns under that epoch, where its copies are its journal. */
  journalOf(type: CheckedType, shard: number, epoch: number): EventJournal | undefined {
    return this.#replication?.journalOf(type, shard, epoch)
  }

  /** Copies of a shard that come from elsewhere than what is kept do not count any more. */
  giveUp(message: GiveUpMessage): void {
    this.#replication?.giveUp(message)
  }

  /** How far copies here go. */
  report(shards: readonly ShardAtEpoch[]): readonly ReplicaReport[] {
    return (
      this.#replication?.report(shards) ?? shards.map((shard) => ({ ...shard, ...nothingKept }))
    )
  }

  explain({ name, replication }: CheckedType, shard: number): ReplicationExplanation | undefined {
    const kept = this.#replication?.kept(name, shard)
    const { replicas } = this.#port.table.row(name, shard)
    return replication || replicas.length > 0 ? explainReplication(kept, replicas) : undefined
  }

  statistics(typeName: string): ReplicationStatistics | undefined {
    return this.#replication?.statistics(typeName)
  }

  /** The table is another: before any of its rows is told so. */
  tableChanged(): void {
    this.#replication?.tableChanged()
  }

  homeChanged(typeName: string, shard: number, row: ShardRow): void {
    this.#replication?.homeChanged(typeName, shard, row)
  }

  /** Who is a member, and in reach, has changed. */
  membersChanged(): void {
    this.#replication?.membersChanged()
  }

  [Symbol.dispose](): void {
    this.#replication?.[Symbol.dispose]()
  }
}
