// All that one node has of one type whose events are kept on several nodes: its copies, in memory and perhaps on disk.
import type { Clock } from '@casty/clock'
import { isJournalError, type EventJournal } from '@casty/persistence'
import type { NodeIdentity } from '@casty/transport'
import { ShardingError } from '../errors.ts'
import type { CensusReport } from '../protocol.ts'
import type { ShardRow } from '../table/shard-row.ts'
import type { ShardTable } from '../table/shard-table.ts'
import { ShardCopies } from './copies.ts'
import { CopyLog } from './copy-log.ts'
import { CopyRoom } from './copy-room.ts'
import { HostsRecord } from './hosts-record.ts'
import { Replica } from './replica.ts'
import type { ReplicatedShard } from './replicated-shard.ts'
import type { ReplicationConfig } from './replication-config.ts'
import { ReplicationTally } from './replication-tally.ts'

/** What this node has of one shard. */
export interface Kept {
  readonly copies: ShardCopies
  readonly log: CopyLog | undefined
  readonly replica: Replica
  owned: ReplicatedShard | undefined
}

export interface ReplicatedTypePort {
  readonly self: NodeIdentity
  readonly clock: Clock
  atEndOfTurn(callback: () => void): void
  report(error: unknown, what: string): void
  /** What its journal has is in memory: its shards may begin here. */
  loaded(): void
}

/** What a journal is used for here begins with this. */
const prefix = 'casty-copies'
/** Before a journal that could not be read is tried again, in milliseconds. */
const loadAgainMs = 1_000

export class ReplicatedType {
  readonly name: string
  readonly hash: number
  readonly numShards: number
  readonly config: Required<ReplicationConfig>
  readonly room: CopyRoom
  readonly tally: ReplicationTally = new ReplicationTally()
  readonly shards: Map<number, Kept> = new Map()
  readonly #journal: EventJournal | undefined
  readonly #port: ReplicatedTypePort
  readonly #hosts: HostsRecord | undefined
  #isLoaded: boolean
  /** Of the table. */
  #census = 0
  #rows: readonly ShardRow[] = []
  #pause: Disposable | undefined
  #isOver = false

  /** @param journal - of this node alone; undefined where copies are in memory only */
  constructor(
    type: { readonly name: string; readonly hash: number; readonly numShards: number },
    config: Required<ReplicationConfig>,
    journal: EventJournal | undefined,
    port: ReplicatedTypePort,
  ) {
    this.name = type.name
    this.hash = type.hash
    this.numShards = type.numShards
    this.config = config
    this.room = new CopyRoom(config.maxCopyBytes, {
      savesWhole: config.savesWhole,
      now: () => port.clock.now(),
    })
    this.#journal = journal
    this.#port = port
    this.#isLoaded = journal === undefined
    this.#hosts =
      journal &&
      new HostsRecord(journal, `${prefix}/${this.name}/hosts`, {
        self: port.self,
        wallNow: () => port.clock.wallNow(),
        schedule: (delayMs, callback) => port.clock.schedule(delayMs, callback),
        failed: (error) => this.#notStored(error),
      })
    if (journal) void this.#load(journal)
  }

  /** Whether it is known what there is here: nobody is told anything before. */
  get isLoaded(): boolean {
    return this.#isLoaded
  }

  get isDurable(): boolean {
    return this.#journal !== undefined
  }

  /** Who had copies, as far as was known here, in each census that is not done with. */
  get censuses(): readonly CensusReport[] {
    return this.#hosts?.reports ?? []
  }

  /**
   * The census of a table that was there before the present one, where what was confirmed in it may be with nodes that this one knows nothing
   * of: nothing is begun anew beside that. Whatever is known of counts for such while no table has come that names one. Undefined where
   * there is none.
   */
  get older(): number | undefined {
    return this.#hosts?.olderThan(this.#census || Number.POSITIVE_INFINITY)
  }

  /** The same, as it concerns that lineage of one shard: where people decided on that, it counts whatever was there before. */
  olderThan(shard: number, lineage: number | undefined): number | undefined {
    const row = this.#rows[shard]
    const isDecided = row?.isDecided === true && row.lineage === lineage
    return isDecided ? undefined : this.older
  }

  keptOf(shard: number): Kept {
    const known = this.shards.get(shard)
    if (known) return known
    const copies = new ShardCopies(this.room)
    const log = this.#journal && this.#logOf(this.#journal, shard, copies)
    const replica = new Replica(copies, log, (lineage) => this.olderThan(shard, lineage))
    const kept: Kept = { copies, log, replica, owned: undefined }
    this.shards.set(shard, kept)
    return kept
  }

  /** Shards that this node has copies of, or that others may have copies of as far as it knows. */
  *offered(): Generator<number> {
    if (!this.isDurable) return
    for (let shard = 0; this.older !== undefined && shard < this.numShards; shard++) yield shard
    if (this.older !== undefined) return
    for (const [shard, { copies }] of this.shards) if (copies.count > 0) yield shard
  }

  #logOf(journal: EventJournal, shard: number, copies: ShardCopies): CopyLog {
    const port = this.#port
    const { clock } = port
    return new CopyLog(journal, `${prefix}/${this.name}/${shard}`, copies, {
      wallNow: () => clock.wallNow(),
      atEndOfTurn: (callback) => port.atEndOfTurn(callback),
      schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
      failed: (error) => this.#notStored(error),
      shared: (cause) => {
        port.report(
          ShardingError.journalShared(this.name, cause),
          `${this.name} is not stored here`,
        )
      },
    })
  }

  #notStored(error: unknown): void {
    if (!this.tally.note('notStored', this.#port.clock.now())) return
    this.#port.report(error, `Copies of ${this.name} could not be written, and are tried again`)
  }

  /** Reads what there is of a former life. Nothing begins before; what cannot be trusted is not left out. */
  async #load(journal: EventJournal): Promise<void> {
    try {
      await this.#hosts?.load()
      for await (const id of journal.ids()) {
        const shard = this.#shardOf(id)
        if (shard !== undefined) await this.keptOf(shard).log?.load()
      }
      if (this.#isOver) return
      this.#isLoaded = true
      this.#port.loaded()
    } catch (error) {
      if (this.#isOver) return
      const mayPass = isJournalError(error) && error.code === 'CASTY_JOURNAL_UNAVAILABLE'
      const then = mayPass ? 'it is tried again' : 'this node does not host the type: mend it'
      this.#port.report(error, `Copies of ${this.name} could not be read from its journal; ${then}`)
      for (const { copies, log } of this.shards.values()) {
        copies.forget()
        log?.close()
      }
      this.shards.clear()
      if (mayPass) {
        this.#pause = this.#port.clock.schedule(loadAgainMs, () => void this.#load(journal))
      }
    }
  }

  #shardOf(id: string): number | undefined {
    const start = `${prefix}/${this.name}/`
    const shard = id.startsWith(start) ? Number(id.slice(start.length)) : Number.NaN
    return Number.isInteger(shard) && shard >= 0 && shard < this.numShards ? shard : undefined
  }

  /** Notes which nodes have copies by now. */
  tableChanged(table: ShardTable): void {
    const { census = 0, rows = [] } = table.types.get(this.name) ?? {}
    this.#census = census
    this.#rows = rows
    if (!this.#hosts || !this.#isLoaded) return
    const isSettled = rows.every(({ owner, isUndecided }) => owner !== undefined && !isUndecided)
    const named = rows.flatMap(({ owner, replicas }) => (owner ? [owner, ...replicas] : replicas))
    const hosts = new Map(named.map((node) => [node.key, node]))
    // What a former life of this node had, others may have to bring: where its disk was lost, this one has nothing of it.
    const isLate = !isSettled || named.some((node) => this.#isFormerLife(node))
    const isAll = !isLate && rows.every(({ isReplicated }) => isReplicated)
    // What was confirmed before that table was founded, by nodes that it knows nothing of, is found by what they wrote down.
    this.#hosts.update(
      { census, hosts: [...hosts.values()], isLate },
      isAll,
      isSettled && this.#isInStep(rows),
    )
    this.decided()
  }

  #isFormerLife(node: NodeIdentity): boolean {
    const { self } = this.#port
    return node.key !== self.key && node.address.equals(self.address)
  }

  /**
   * People may have decided what counts: where they did so of all shards, and nothing else is left here, what was there before is done with.
   * While one is left, it may need that.
   */
  decided(): void {
    const census = this.#census
    const isAll = census !== 0 && this.#rows.every(({ isDecided }) => isDecided)
    if (isAll && this.#isInStep(this.#rows)) this.#hosts?.forgetOlder(census)
  }

  /** Whether all that may have been confirmed here comes from where the table says. */
  #isInStep(rows: readonly ShardRow[]): boolean {
    return [...this.shards].every(
      ([
        shard,
        {
          copies: { lineage },
        },
      ]) => {
        return !lineage?.isConfirmed || lineage.bornIn === rows[shard]?.lineage
      },
    )
  }

  close(): void {
    this.#isOver = true
    this.#pause?.[Symbol.dispose]()
    this.#hosts?.close()
    for (const { log, owned } of this.shards.values()) {
      owned?.end(owned.epoch)
      log?.close()
    }
  }
}
