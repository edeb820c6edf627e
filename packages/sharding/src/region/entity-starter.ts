// Makes actors of entities: below one actor of their region, behind the gate of its lease.
import {
  Behaviors,
  type ActorContext,
  type ActorRef,
  type ActorSystem,
  type Behavior,
  type Ending,
  type Gate,
} from '@casty/actor'
import type { EventJournal } from '@casty/persistence'
import type { CheckedType } from '../entity-type.ts'
import type { Entity } from './entity.ts'
import { actorNameOf } from './entity-name.ts'
import type { FormerLife } from './former-entities.ts'

/** What starting an entity needs of the rest. */
export interface StarterPort {
  readonly system: ActorSystem
  readonly type: CheckedType
  readonly gate: Gate
  refOf(entityId: string): ActorRef<never>
  /** A journal for whoever runs a shard under that epoch. */
  journalOf(journal: EventJournal, shard: number, epoch: number): EventJournal
  /** Of a type whose events are kept on several nodes. */
  replicatedJournal(shard: number, epoch: number): EventJournal | undefined
  report(error: unknown, what: string): void
  warn(what: string): void
}

/** The shard that an entity lives in. */
export interface EntityHost {
  /** It is another's by now, or under another epoch: nothing of it begins here any more. */
  readonly isOver: boolean
  /** It has stopped. */
  ended(entity: Entity, ending: Ending): void
}

export class EntityStarter {
  readonly #port: StarterPort
  #region: ActorContext<never> | undefined
  /** What is to be done once the actor of the region, above all entities, is there. */
  #isWaitedForBy: (() => void)[] = []

  constructor(port: StarterPort) {
    this.#port = port
    if (!port.type.entity) return
    const region = Behaviors.setup<never>((context) => {
      this.#region = context
      const waiting = this.#isWaitedForBy
      this.#isWaitedForBy = []
      for (const goOn of waiting) goOn()
      return Behaviors.ignore
    })
    port.system.spawn(region, { name: `sharding-${port.type.name}` })
  }

  /** All entities are about to stop: their system is, or their region. */
  get isEnding(): boolean {
    return this.#region?.signal.aborted === true
  }

  /** Whom an entity has to wait for, where it cannot be started yet: its region begins itself. */
  get beginning(): FormerLife | undefined {
    return this.#region ? undefined : { whenGone: this.#isWaitedForBy }
  }

  /** @returns undefined where it cannot be started: the system is about to end */
  spawn(entity: Entity, shard: EntityHost): ActorRef<unknown> | undefined {
    const { system, type, gate } = this.#port
    const { entity: factory, mailbox } = type
    if (!this.#region || !factory) return undefined
    const behavior: Behavior<unknown> = Behaviors.setup(() => {
      // It waited for a lease, and with that came word that its shard is over: it was stopped, but would begin before it stops.
      if (shard.isOver) return Behaviors.stopped
      // After a failure it begins anew, and not with what it came with.
      if (entity.hasBegun) entity.handedOver = undefined
      entity.hasBegun = true
      return factory(entity)
    })
    const name = actorNameOf(entity.entityId)
    const options = { gate, ...(mailbox && { mailbox }), ...(name !== undefined && { name }) }
    try {
      const actor = this.#region.spawn(behavior, options)
      system.whenStopped(actor, (ending) => shard.ended(entity, ending))
      return actor
    } catch (error) {
      this.#port.report(error, `Entity ${entity.entityId} of ${type.name} could not be started`)
      return undefined
    }
  }

  /** Has it stop behind all that it was sent, with its last message where its type has one. */
  finish(actor: ActorRef<unknown>): void {
    const { system, type } = this.#port
    if (type.stopMessage) system.deliver(actor, type.stopMessage.message)
    system.finish(actor)
  }
}
