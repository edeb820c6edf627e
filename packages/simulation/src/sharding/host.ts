// A node with everything that sharding stands on: production code throughout, with an ear at the entities.
import { ActorSystem } from '@casty/actor'
import type { Cluster } from '@casty/membership'
import { isJournalError, PersistenceError, type EventJournal } from '@casty/persistence'
import { ClientAccess, Remoting } from '@casty/remote'
import { keepMajority, splitBrainResolver } from '@casty/sbr'
import {
  Sharding,
  ShardingError,
  type EntityContext,
  type EntityRegion,
  type ShardExplanation,
} from '@casty/sharding'
import { closed, loggerOf, seedsOn, startCluster } from '../membership/production-node.ts'
import type { Program, Surroundings } from '../world/simulated-process.ts'
import { ledger, tally, type ClientLetter } from './entities.ts'
import { recordOf, type ShardingRecord, type TypeName } from './record.ts'
import { Sender, type Regions, type SendOptions } from './sender.ts'
import { copiesOf, shardingSettings } from './settings.ts'
import type { ShardingProcess, ShardingRun } from './sharding-run.ts'
import { watchedJournal } from './watched-journal.ts'

export function shardingProgram(run: ShardingRun): Program<ShardingHost> {
  return async (surroundings) => {
    const { host } = surroundings
    const { stableAfterMs, hasDisks } = shardingSettings(run.plan)
    const disk = hasDisks ? await recordOf(run).disks.open(surroundings) : undefined
    const logger = loggerOf(surroundings)
    const downing = splitBrainResolver({ strategy: keepMajority(), stableAfterMs })
    const cluster = await startCluster(surroundings, seedsOn(run.world.hosts), {
      logger,
      downing,
    })
    const process = run.world.running(host)
    if (!process) throw new Error(`${host} has ended`) // It was killed while it started.
    return new ShardingHost(run, process, surroundings, cluster, {
      marginMs: downing.downRemovalMarginMs,
      disk,
    })
  }
}

interface Own {
  /** How long the losing side of a split may go on, in milliseconds. */
  readonly marginMs: number
  /** Where it keeps copies beside its memory. */
  readonly disk: EventJournal | undefined
}

export class ShardingHost {
  readonly cluster: Cluster
  readonly system: ActorSystem
  readonly remoting: Remoting
  readonly sharding: Sharding
  readonly #run: ShardingRun
  readonly #record: ShardingRecord
  readonly #process: ShardingProcess
  readonly #regions: Regions
  readonly #sender: Sender
  readonly #disk: EventJournal | undefined
  #isEnding = false

  constructor(
    run: ShardingRun,
    process: ShardingProcess,
    surroundings: Surroundings,
    cluster: Cluster,
    { marginMs, disk }: Own,
  ) {
    const { clock, random } = surroundings
    const settings = shardingSettings(run.plan)
    const { leaseMs, bufferTimeoutMs, fenceTimeoutMs, handoffTimeoutMs } = settings
    this.#run = run
    this.#process = process
    this.#record = recordOf(run)
    this.cluster = cluster
    const logger = loggerOf(surroundings)
    const system = new ActorSystem({ clock, random, logger, stopTimeoutMs: 2_000 })
    this.system = system
    system.subscribe((event) => {
      if (!this.isAlive) return
      if (event.type === 'dead-letter') {
        this.#record.deadLetter(process.host, event.deadLetter.message, event.deadLetter.reason)
      } else if (event.type === 'actor-failed') this.#failed(event.error)
    })
    this.remoting = Remoting.attach({ system, cluster, random })
    this.remoting.subscribe(({ type }) => {
      if (type === 'gap' || type === 'malformed') this.#record.lost()
    })
    this.sharding = Sharding.attach({
      system,
      cluster,
      remoting: this.remoting,
      leaseMs,
      downRemovalMarginMs: marginMs + leaseMs,
      limits: { bufferTimeoutMs, fenceTimeoutMs, handoffTimeoutMs, stopTimeoutMs: 1_000 },
    })
    this.#disk = disk
    this.#regions = this.#startTypes(surroundings)
    new ClientAccess(this.remoting)
    this.#sender = new Sender(
      run,
      {
        host: process.host,
        name: process.toString(),
        clock: process.clock,
        isAlive: () => this.isAlive,
        now: () => this.#record.momentOf(process),
      },
      this.#regions,
    )
    cluster.subscribe((event) => {
      if (event.type === 'cluster-shutting-down') void this.#end(event.reason, surroundings)
    })
  }

  /** Why an entity failed: journals fail in some ways, and nothing else does. */
  #failed(error: unknown): void {
    const code = error instanceof PersistenceError ? error.code : undefined
    switch (code) {
      case 'CASTY_PERSISTENCE_FENCED':
        return this.#record.reach('a stale writer is refused')
      case 'CASTY_PERSISTENCE_WRITE_UNKNOWN':
      case 'CASTY_PERSISTENCE_WRITE_REFUSED':
      case 'CASTY_PERSISTENCE_RECOVERY_UNAVAILABLE':
        return
      default:
        // Entities that are just beginning find what keeps them gone.
        if (this.#isEnding && isClosed(error)) return
        this.#run.violate(
          'nothing throws',
          `${this.#process}: ${String(error)}`,
          this.#process.host,
        )
    }
  }

  #startTypes(surroundings: Surroundings): Regions {
    const { numShards, idleTimeoutMs } = shardingSettings(this.#run.plan)
    const { clock, host } = surroundings
    const [process, record] = [this.#process, this.#record]
    const shared = { numShards, idleTimeoutMs }
    return {
      ledger: this.sharding.start<ClientLetter>({
        ...shared,
        name: 'ledger',
        journal: record.journal.clientOf(host, process.clock),
        entity: (entity) => ledger(entity, record.earOf(process, 'ledger'), journalOf(entity)),
      }),
      copied: this.sharding.start<ClientLetter>({
        ...shared,
        name: 'copied',
        ...(this.#disk ? { journal: this.#disk } : {}),
        replication: { ...copiesOf(this.#run), ackTimeoutMs: 2_000 },
        entity: (entity) =>
          ledger(
            entity,
            record.earOf(process, 'copied'),
            watchedJournal(journalOf(entity), (id) => record.copiesOf(process, id)),
          ),
      }),
      tally: this.sharding.start<ClientLetter>({
        ...shared,
        name: 'tally',
        entity: (entity) => tally(entity, record.earOf(process, 'tally'), clock),
      }),
    }
  }

  async #end(reason: string, { exit }: Surroundings): Promise<void> {
    this.#isEnding = true
    this.sharding[Symbol.dispose]()
    await closed(this.cluster)
    this.remoting[Symbol.dispose]()
    await this.system.shutdown().catch(() => {}) // An actor that waits for the journal is left behind.
    await this.#disk?.[Symbol.asyncDispose]()
    exit(reason)
  }

  /** Whether it still runs: whatever is left of it has no say any more. */
  get isAlive(): boolean {
    return this.#process.isRunning
  }

  regionOf(type: TypeName): EntityRegion<ClientLetter> {
    return this.#regions[type]
  }

  /** Every shard of a type, as this node sees it. */
  shardsOf(type: TypeName): readonly ShardExplanation[] {
    const region = this.#regions[type]
    return Array.from({ length: region.numShards }, (_, shard) => region.explain(shard))
  }

  /** Whether entities of a shard live here that would handle a message now. */
  mayAct(type: TypeName, shard: number): boolean {
    const { entities, stage } = this.#regions[type].explain(shard)
    const runs = stage === 'running' || stage === 'fencing' || stage === 'draining'
    return runs && entities > 0 && this.sharding.explain().hasLease
  }

  /** Has an entity stop behind what it was sent, where it lives here. */
  passivate(type: TypeName, entityId: string): void {
    const region = this.#regions[type]
    const { stage, entities } = region.explain(region.shardOf(entityId))
    if (stage !== 'running' || entities === 0) return
    try {
      region.passivate(entityId)
    } catch (error) {
      // Another one of its shard lives here.
      if (!(error instanceof ShardingError)) throw error
    }
  }

  /** Sends a message to an entity, and has an eye on what becomes of it. */
  async send(type: TypeName, entityId: string, options: SendOptions): Promise<boolean> {
    return await this.#sender.send(type, entityId, options)
  }
}

function journalOf({ journal, entityId }: EntityContext<ClientLetter>): EventJournal {
  if (journal === undefined) throw new Error(`${entityId} has no journal`)
  return journal
}

function isClosed(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return isJournalError(cause) && cause.code === 'CASTY_JOURNAL_CLOSED'
}
