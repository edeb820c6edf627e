// What the entities of all shards of a type share on this node: how their actors start and stop, where letters go that none of them
// handles, who waits for whom, and who is looked after because it may become idle.
import type { ActorRef, DeadLetterReason, Ending } from '@casty/actor'
import type { EventJournal } from '@casty/persistence'
import type { Entity } from './entity.ts'
import { EntityStarter, type EntityHost, type StarterPort } from './entity-starter.ts'
import type { FormerLife } from './former-entities.ts'
import type { HostedShards } from './hosted-shards.ts'
import type { IdleWatch } from './idle-watch.ts'
import type { Letter } from './letter.ts'
import type { RegionTally } from './region-tally.ts'
import type { StandingEntities } from './standing-entities.ts'
import type { WaitingLetters } from './waiting-letters.ts'

/** What it needs of the rest. */
export interface ShardHostPort extends StarterPort {
  readonly tally: RegionTally
  now(): number
  drop(letter: Letter, reason: DeadLetterReason): void
  /** Has a letter of this node wait for the next owner. @returns false where it cannot */
  cameBackHere(letter: Letter): boolean
  /** Something may be due earlier than before. */
  deadlineMoved(): void
}

/** What it shares with whoever looks after all shards. */
export interface ShardHostParts {
  readonly shards: HostedShards
  readonly standing: StandingEntities
  readonly waiting: WaitingLetters
  readonly idle: IdleWatch
}

export class ShardHost {
  readonly #port: ShardHostPort
  readonly #starter: EntityStarter
  readonly #shards: HostedShards
  readonly #standing: StandingEntities
  readonly #idle: IdleWatch
  /** Letters for the next lives of entities. */
  readonly waiting: WaitingLetters
  readonly tally: RegionTally

  constructor(port: ShardHostPort, { shards, standing, waiting, idle }: ShardHostParts) {
    this.#port = port
    this.#shards = shards
    this.#standing = standing
    this.#idle = idle
    this.waiting = waiting
    this.tally = port.tally
    this.#starter = new EntityStarter(port)
  }

  /** Starts the actor of an entity, and tells `shard` when it has stopped. Undefined where it cannot be started. */
  spawn(entity: Entity, shard: EntityHost): ActorRef<unknown> | undefined {
    const actor = this.#starter.spawn(entity, shard)
    if (actor) this.tally.started++
    if (actor) this.#standing.started(entity.entityId)
    else this.#standing.ended(entity, 'stopped')
    return actor
  }

  /** One has stopped, and what was to follow from that in its shard has followed. */
  ended(entity: Entity, ending: Ending): void {
    this.#standing.ended(entity, ending)
  }

  /** All actors are about to stop, whatever becomes of their shards. */
  get isEnding(): boolean {
    return this.#starter.isEnding
  }

  /** Hands a letter to an actor that is active. */
  hand(actor: ActorRef<unknown>, letter: Letter): void {
    this.tally.delivered++
    this.#port.system.deliver(actor, letter.message, letter)
  }

  /** Has an actor stop behind all that it was sent. */
  finish(actor: ActorRef<unknown>): void {
    this.#starter.finish(actor)
  }

  /** Has an actor stop after what it handles now. */
  stop(actor: ActorRef<unknown>): void {
    void this.#port.system.stop(actor)
  }

  /** Looks after an entity that may become idle. */
  watchIdle(entity: Entity): void {
    if (this.#standing.isKept(entity.entityId)) return
    if (this.#idle.add(entity, this.#port.now())) this.#port.deadlineMoved()
  }

  /** No more. */
  unwatchIdle(entity: Entity): void {
    this.#idle.remove(entity)
  }

  /** Nobody will handle it here; where it may wait for the next owner, it does. */
  abandon(letter: Letter, mayWait: boolean): void {
    if (!mayWait || !this.#goesOn(letter)) this.#port.drop(letter, 'stopped')
  }

  /** Has it wait for the next owner. Those of other nodes arrived, as far as these know: what they send next would overtake it. */
  #goesOn(letter: Letter): boolean {
    return letter.from === undefined && this.#port.cameBackHere(letter)
  }

  /** One of a shard that is over has stopped at last. */
  gone(entity: Entity): void {
    this.#shards.formerEnded(entity)
  }

  /** Of a shard that is over, where that life has not stopped yet: whoever begins another one waits for it. */
  former(entityId: string): FormerLife | undefined {
    return this.#starter.beginning ?? this.#shards.formerLife(entityId)
  }

  report(error: unknown, what: string): void {
    this.#port.report(error, what)
  }

  refOf(entityId: string): ActorRef<never> {
    return this.#port.refOf(entityId)
  }

  journalOf(shard: number, epoch: number): EventJournal | undefined {
    const { journal, replication } = this.#port.type
    return journal && !replication
      ? this.#port.journalOf(journal, shard, epoch)
      : this.#port.replicatedJournal(shard, epoch)
  }
}
