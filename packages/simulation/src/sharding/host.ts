// A node with everything that sharding stands on: production code throughout, with an ear at the entities.
import type { Cluster } from '@casty/membership'
import { isJournalError, PersistenceError, type EventJournal } from '@casty/persistence'
import type { Remoting } from '@casty/remote'
import {
  ShardingError,
  type EntityContext,
  type EntityRegion,
  type ShardExplanation,
  type Sharding,
} from '@casty/sharding'
import { HostingNode } from '../hosting/hosting-node.ts'
import { startNode, type StartedNode } from '../hosting/start-node.ts'
import { loggerOf } from '../membership/production-node.ts'
import type { Program, Surroundings } from '../world/simulated-process.ts'
import { ledger, tally, type ClientLetter } from './entities.ts'
import { recordOf, type ShardingRecord, type TypeName } from './record.ts'
import { Sender, type Regions, type SendOptions } from './sender.ts'
import { copiesOf, shardingSettings } from './settings.ts'
import type { ShardingProcess, ShardingRun } from './sharding-run.ts'
import { watchedJournal } from './watched-journal.ts'

export function shardingProgram(run: ShardingRun): Program<ShardingHost> {
  return async (surroundings) => {
    const { stableAfterMs, hasDisks } = shardingSettings(run.plan)
    const logger = loggerOf(surroundings)
    const disks = hasDisks ? recordOf(run).disks : undefined
    const started = await startNode(run, surroundings, { stableAfterMs, logger, disks })
    return new ShardingHost(run, surroundings, started)
  }
}

export class ShardingHost {
  readonly cluster: Cluster
  readonly remoting: Remoting
  readonly sharding: Sharding
  readonly #run: ShardingRun
  readonly #record: ShardingRecord
  readonly #process: ShardingProcess
  readonly #regions: Regions
  readonly #sender: Sender
  /** Where it keeps copies beside its memory. */
  readonly #disk: EventJournal | undefined
  #isEnding = false
  #leftNothing = false

  constructor(run: ShardingRun, surroundings: Surroundings, started: StartedNode<ShardingHost>) {
    const settings = shardingSettings(run.plan)
    const { leaseMs, bufferTimeoutMs, fenceTimeoutMs, handoffTimeoutMs } = settings
    const { process, disk } = started
    this.#run = run
    this.#process = process
    this.#record = recordOf(run)
    this.#disk = disk
    const node = new HostingNode(started, surroundings, {
      logger: loggerOf(surroundings),
      leaseMs,
      limits: { bufferTimeoutMs, fenceTimeoutMs, handoffTimeoutMs, stopTimeoutMs: 1_000 },
    })
    this.cluster = node.cluster
    this.remoting = node.remoting
    this.sharding = node.sharding
    node.system.subscribe((event) => {
      if (!this.isAlive) return
      if (event.type === 'dead-letter') {
        this.#record.deadLetter(process.host, event.deadLetter.message, event.deadLetter.reason)
      } else if (event.type === 'actor-failed') this.#failed(event.error)
    })
    this.remoting.subscribe(({ type }) => {
      if (type === 'gap' || type === 'malformed') this.#record.lost()
    })
    this.#regions = this.#startTypes(surroundings)
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
    this.cluster.subscribe((event) => {
      if (event.type !== 'cluster-shutting-down') return
      this.#isEnding = true
      this.#leftNothing = event.reason === 'left' && !this.#isCountedOn()
      void node.end(event.reason)
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

  /** Whether it still runs: whatever is left of it has no say any more. */
  get isAlive(): boolean {
    return this.#process.isRunning
  }

  /** Whether it left, and nobody counts on copies here any more. */
  get leftNothing(): boolean {
    return this.#leftNothing
  }

  /** As far as it knows. */
  #isCountedOn(): boolean {
    const self = this.cluster.self.toString()
    return this.shardsOf('copied').some(
      ({ owner, replication }) =>
        owner === self || replication?.replicas.some(({ node }) => node === self),
    )
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
    if (!this.sharding.hasLease) return false
    const { entities, stage } = this.#regions[type].explain(shard)
    return entities > 0 && (stage === 'running' || stage === 'fencing' || stage === 'draining')
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
