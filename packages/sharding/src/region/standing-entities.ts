// Entities that are to live though nobody sends them anything: those that always live, and those of which it is written down that
// they do. Where one of them does not live in a shard that runs here, it is in one of the queues of those that start later: when
// its shard came, when it stopped, or when it failed.
import type { Ending } from '@casty/actor'
import type { Clock } from '@casty/clock'
import type { EventJournal } from '@casty/persistence'
import type { CheckedType } from '../entity-type.ts'
import type { Entity } from './entity.ts'
import type { HostedShard } from './hosted-shard.ts'
import { KeepAlive } from './keep-alive.ts'
import { RememberedShard } from './remembered-shard.ts'
import { Restarts } from './restarts.ts'
import { shardOf } from './shard-of.ts'
import { StartQueue } from './start-queue.ts'

export interface StandingSettings {
  readonly numShards: number
  /** Entities that always live. */
  readonly keepAlive: readonly string[]
}

/** What having them live needs of the rest. */
export interface StandingPort {
  readonly type: Pick<CheckedType, 'name' | 'remember'>
  readonly system: { readonly clock: Pick<Clock, 'wallNow' | 'schedule'> }
  now(): number
  /** Whether entities may act now. */
  mayAct(): boolean
  /** A journal for whoever runs a shard under that epoch. */
  journalOf(journal: EventJournal, shard: number, epoch: number): EventJournal
  report(error: unknown, what: string): void
  /** Something may be due earlier than before. */
  deadlineMoved(): void
}

/** Of one type on this node. Mutable. */
export class StandingEntities {
  readonly #port: StandingPort
  readonly #numShards: number
  readonly #hosted: (shard: number) => HostedShard | undefined
  readonly #keepAlive: KeepAlive
  readonly #remembered = new Map<number, RememberedShard>()
  readonly #starts: StartQueue
  readonly #restarts = new Restarts()

  /** @param hosted - finds shards that run here */
  constructor(
    { numShards, keepAlive }: StandingSettings,
    port: StandingPort,
    hosted: (shard: number) => HostedShard | undefined,
  ) {
    this.#port = port
    this.#numShards = numShards
    this.#hosted = hosted
    this.#keepAlive = new KeepAlive(keepAlive, numShards)
    this.#starts = new StartQueue(port.type.remember?.startsPerSecond ?? 1)
  }

  /** Whether it always lives: such are never idle. */
  isKept(entityId: string): boolean {
    return this.#keepAlive.has(entityId)
  }

  /** Where it is written down who lives in a shard, under that epoch; undefined where the type does not ask for it. */
  remember(shard: number, epoch: number): RememberedShard | undefined {
    const { remember, name } = this.#port.type
    if (!remember) return undefined
    const journal = this.#port.journalOf(remember.journal, shard, epoch)
    const { clock } = this.#port.system
    const remembered = new RememberedShard(journal, `casty-remembered/${name}/${shard}`, epoch, {
      wallNow: () => clock.wallNow(),
      schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
      report: (error, what) => this.#port.report(error, what),
    })
    this.#remembered.set(shard, remembered)
    return remembered
  }

  /** Those that are remembered start one after the other, as soon as it is known who they are. */
  startRemembered(hosted: HostedShard): void {
    this.#remembered.get(hosted.shard)?.begin((entityIds) => {
      this.#starts.add(hosted, entityIds, this.#port.now())
      this.#port.deadlineMoved()
    })
  }

  /** Those that always live start at once. */
  startKept(hosted: HostedShard): void {
    for (const entityId of this.#keepAlive.idsOf(hosted.shard)) hosted.start(entityId)
  }

  /** The shard goes elsewhere, or to another epoch. */
  forget(shard: number): void {
    this.#remembered.get(shard)?.end()
    this.#remembered.delete(shard)
  }

  started(entityId: string): void {
    this.#keepAlive.started(entityId, this.#port.now())
  }

  /** One that always lives starts again, where it has to live here; so does one that failed and is remembered. */
  ended({ shard, entityId }: Entity, ending: Ending): void {
    const hosted = this.#hosted(shard)
    const isKept = this.#keepAlive.has(entityId)
    const isRemembered = ending === 'failed' && this.#remembered.has(shard)
    if (!(isKept || isRemembered) || hosted?.stage !== 'running') return
    if (hosted.find(entityId)?.actor) return // A message has started it already.
    const now = this.#port.now()
    if (isKept) this.#keepAlive.ended(entityId, now)
    else this.#restarts.add(entityId, now)
    this.#port.deadlineMoved()
  }

  nextDeadline(): number {
    return Math.min(
      this.#keepAlive.nextDeadline(),
      this.#starts.nextDeadline(),
      this.#restarts.nextDeadline(),
    )
  }

  /** Starts those whose time it is. */
  tick(now: number): void {
    for (const entityId of this.#keepAlive.takeDue(now)) this.#start(entityId)
    for (const entityId of this.#restarts.takeDue(now)) this.#start(entityId)
    if (this.#port.mayAct()) this.#starts.start(now)
    else this.#starts.later(now)
  }

  #start(entityId: string): void {
    const hosted = this.#hosted(shardOf(entityId, this.#numShards))
    if (hosted?.stage === 'running') hosted.start(entityId)
  }
}
