import type { ActorRef } from '@casty/actor'
import type { EventJournal } from '@casty/persistence'
import type { EntityContext } from '../entity-type.ts'
import { IdleItem } from './idle-wheel.ts'

export type EntityStage =
  | 'waiting' // For the end of its former life, which has not stopped yet.
  | 'active'
  | 'finishing' // It was told to stop; what comes is kept for its next life.

/** What an entity needs of the shard that it lives in. */
export interface EntityHome {
  readonly shard: number
  readonly epoch: number
  readonly journal: EventJournal | undefined
  refOf(entityId: string): ActorRef<never>
  passivate(entity: Entity): void
}

/** One life of an entity on this node; also what its behavior sees of it. There may be a million of them. */
export class Entity extends IdleItem implements EntityContext {
  readonly entityId: string
  readonly #home: EntityHome
  /** Its actor, from its start on. */
  actor: ActorRef<unknown> | undefined
  stage: EntityStage = 'waiting'
  /** So many messages were given to its actor. */
  handed = 0
  handedOver: unknown
  /** Its behavior was made at least once. */
  hasBegun = false
  /** Tells what it hands over. */
  state: (() => unknown) | undefined

  constructor(home: EntityHome, entityId: string) {
    super()
    this.#home = home
    this.entityId = entityId
  }

  get shard(): number {
    return this.#home.shard
  }

  get epoch(): number {
    return this.#home.epoch
  }

  get ref(): ActorRef<never> {
    return this.#home.refOf(this.entityId)
  }

  get journal(): EventJournal | undefined {
    return this.#home.journal
  }

  // These two go on working once they are taken out of the context, and take no room where nobody asks for them.
  get handOver(): (state: () => unknown) => void {
    return (state) => {
      this.state = state
    }
  }

  get passivate(): () => void {
    return () => this.#home.passivate(this)
  }
}
