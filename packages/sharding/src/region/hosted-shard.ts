// The entities of one shard under one epoch, on the node that owns it.
import type { ActorRef, Ending } from '@casty/actor'
import type { EventJournal } from '@casty/persistence'
import { Entity, type EntityHome } from './entity.ts'
import type { Letter } from './letter.ts'
import type { RememberedShard } from './remembered-shard.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** Has to end before another life of the same entity begins here. */
export interface FormerLife {
  readonly whenGone: (() => void)[]
}

/** What a shard needs of the region that hosts it. */
export interface ShardHost {
  /** Starts the actor of an entity, and tells `shard` when it has stopped. Undefined where it cannot be started. */
  spawn(entity: Entity, shard: HostedShard): ActorRef<unknown> | undefined
  /** One has stopped, and what was to follow from that here has followed. */
  ended(entity: Entity, ending: Ending): void
  /** All actors are about to stop, whatever becomes of their shards. */
  readonly isEnding: boolean
  /** Hands a letter to an actor that is active. */
  hand(actor: ActorRef<unknown>, letter: Letter): void
  /** Has an actor stop behind all that it was sent. */
  finish(actor: ActorRef<unknown>): void
  /** Has an actor stop after what it handles now. */
  stop(actor: ActorRef<unknown>): void
  passivate(entity: Entity): void
  /** Looks after an entity that may become idle, and no more. */
  watchIdle(entity: Entity): void
  unwatchIdle(entity: Entity): void
  /** A message waits for an entity that has not begun. */
  waits(entity: Entity): void
  /** None does any more. */
  waitsNoMore(entity: Entity): void
  /** It waited for too long. */
  overdue(letter: Letter): void
  /** Nobody will handle it here; where it may wait for the next owner, it does. */
  abandon(letter: Letter, mayWait: boolean): void
  /** There is no room to keep it. */
  full(letter: Letter): void
  /** One of a shard that is over has stopped at last. */
  gone(entity: Entity): void
  /** Of a shard that is over, where that life has not stopped yet: whoever begins another one waits for it. */
  former(entityId: string): FormerLife | undefined
  report(error: unknown, what: string): void
  refOf(entityId: string): ActorRef<never>
  journalOf(shard: number, epoch: number): EventJournal | undefined
  /** How many letters may wait for the next life of an entity. */
  readonly maxWaiting: number
  /** Those of all entities of the type. */
  readonly room: WaitingRoom
}

/** One that does not end by itself starts again so often for the same letter, and no more. */
const maxLives = 16

export type ShardStage =
  | 'running'
  | 'finishing' // Its entities handle what they have, and stop.
  | 'over' // It is another's: what is left of it only ends.

export class HostedShard implements EntityHome {
  readonly shard: number
  readonly epoch: number
  readonly #host: ShardHost
  readonly #entities = new Map<string, Entity>()
  readonly #emptied: () => void
  #stage: ShardStage = 'running'
  /** Those who did not stop in time were stopped: what they did not come to is not handled here. */
  #isForced = false
  #isLeft = false
  #journal: EventJournal | undefined
  /** What entities that have stopped left for their next life. */
  readonly #left: Map<string, unknown>
  /** So many have stopped for a handoff without a word on what they leave. */
  #saidNothing = 0
  /** What those that are about to end did not come to, until they have. */
  readonly #takenBack = new Map<Entity, Letter[]>()
  /** Who lives is written down here, where the type asks for it. */
  readonly #remembered: RememberedShard | undefined
  /** From this epoch on this node has had it without a break. */
  readonly #since: number

  /** @param former - how this node had it under the epoch before, where nobody else had it since: it ends with `end(this)` */
  constructor(
    shard: number,
    epoch: number,
    host: ShardHost,
    emptied: () => void,
    remembered: RememberedShard | undefined,
    former?: HostedShard,
  ) {
    this.#since = former ? former.#since : epoch
    this.#left = new Map(former?.left)
    this.shard = shard
    this.epoch = epoch
    this.#host = host
    this.#emptied = emptied
    this.#remembered = remembered
  }

  get size(): number {
    return this.#entities.size
  }

  get stage(): ShardStage {
    return this.#stage
  }

  /** It moves without waiting any longer for those that are left. */
  get isLeft(): boolean {
    return this.#isLeft
  }

  get journal(): EventJournal | undefined {
    this.#journal ??= this.#host.journalOf(this.shard, this.epoch)
    return this.#journal
  }

  entities(): Iterable<Entity> {
    return this.#entities.values()
  }

  find(entityId: string): Entity | undefined {
    return this.#entities.get(entityId)
  }

  refOf(entityId: string): ActorRef<never> {
    return this.#host.refOf(entityId)
  }

  /** What entities that have stopped hand over to the next owner. */
  get left(): ReadonlyMap<string, unknown> {
    return this.#left
  }

  get saidNothing(): number {
    return this.#saidNothing
  }

  /** Starts one without a message. */
  start(entityId: string, handedOver?: unknown): void {
    if (!this.#entities.has(entityId)) this.#begin(entityId, handedOver)
  }

  /** Hands it to its entity, which is started where it does not live; kept where it is about to stop. */
  deliver(letter: Letter, tick: number): void {
    let entity = this.#entities.get(letter.entityId)
    if (entity === undefined) {
      if (this.#host.room.isFull && this.#hasToWait(letter.entityId)) {
        this.#host.full(letter)
        return
      }
      entity = this.#begin(letter.entityId)
    }
    entity.usedAt = tick
    if (entity.stage === 'active' && entity.actor) this.#hand(entity, entity.actor, letter)
    else if (this.#entities.has(letter.entityId)) this.#keep(entity, letter)
    else this.#host.abandon(letter, this.#isForced) // It could not be started.
  }

  #hand(entity: Entity, actor: ActorRef<unknown>, letter: Letter): void {
    entity.handed++
    letter.handedBy = this
    this.#host.hand(actor, letter)
  }

  /** Whether it cannot begin at once. */
  #hasToWait(entityId: string): boolean {
    const isUnknown = this.#remembered?.has(entityId) === false
    return isUnknown || this.#host.former(entityId) !== undefined
  }

  #keep(entity: Entity, letter: Letter): void {
    const waiting = (entity.waiting ??= [])
    if (waiting.length >= this.#host.maxWaiting || this.#host.room.isFull) this.#host.full(letter)
    else {
      waiting.push(letter)
      this.#host.room.enter()
      if (!entity.actor) this.#host.waits(entity)
    }
  }

  /** The first messages for one that has not begun have waited for too long. */
  dropFirst(entity: Entity, count: number): void {
    if (!entity.actor) this.#collectTakenBack(entity)
    const overdue = entity.actor ? [] : (entity.waiting?.splice(0, count) ?? [])
    this.#host.room.leave(overdue.length)
    for (const letter of overdue) this.#host.overdue(letter)
  }

  /** An actor did not handle it, because it had stopped. @returns false where it cannot be kept */
  takesBack(letter: Letter): boolean {
    if (this.#stage === 'over' || letter.lives >= maxLives || this.#host.room.isFull) return false
    const isOfFormer = letter.handedBy?.epoch !== this.epoch
    const entity = isOfFormer ? this.#nextOf(letter) : this.#entities.get(letter.entityId)
    // One that has not begun did not have what was handed out under this epoch; one that has is not behind what an earlier one had.
    if (!entity || isOfFormer === (entity.actor !== undefined)) return false
    const takenBack = this.#takenBack.get(entity) ?? []
    if (takenBack.length >= this.#host.maxWaiting) return false
    letter.lives++
    this.#host.room.enter()
    if (isOfFormer) this.#host.waits(entity)
    else entity.stage = 'finishing'
    takenBack.push(letter)
    this.#takenBack.set(entity, takenBack)
    return true
  }

  /** Who is to handle what was handed out under an earlier epoch; undefined where somebody else may have had the shard since. */
  #nextOf({ entityId, handedBy }: Letter): Entity | undefined {
    if (!handedBy || handedBy.epoch < this.#since) return undefined
    const known = this.#entities.get(entityId)
    // Only while its former life is about to end, behind which it waits.
    if (known || this.#isForced || !this.#host.former(entityId)) return known
    return this.#begin(entityId)
  }

  passivate(entity: Entity): void {
    if (this.find(entity.entityId) === entity) this.#host.passivate(entity)
  }

  /** Has one stop when it has handled what it was sent. */
  finishOne(entity: Entity): void {
    if (entity.stage !== 'active' || !entity.actor) return
    entity.stage = 'finishing'
    this.#host.unwatchIdle(entity)
    this.#host.finish(entity.actor)
  }

  /** Has all entities handle what they have, and stop. */
  finish(): void {
    this.#stage = 'finishing'
    for (const entity of this.#entities.values()) this.finishOne(entity)
    if (this.size === 0) this.#emptied()
  }

  /** It does not move after all. */
  stay(): void {
    this.#stage = 'running'
    this.#isForced = false
    this.#isLeft = false
  }

  /** They did not finish in time. */
  force(): void {
    this.#isForced = true
    for (const entity of this.#entities.values()) {
      if (entity.actor) this.#host.stop(entity.actor)
      else this.#forget(entity) // It has not begun yet.
    }
    if (this.size === 0) this.#emptied()
  }

  /**
   * They did not even stop. What waits for their next lives stays behind what they have not come to, until they end, or the shard
   * is another's.
   */
  leaveBehind(): void {
    this.#isLeft = true
  }

  /**
   * Its entities are to stop at once, and nothing of it starts again.
   *
   * @param next - how this node has the shard from now on: what they have not come to is handled there
   */
  end(next?: HostedShard): void {
    this.#stage = 'over'
    const entities = [...this.#entities.values()]
    this.#entities.clear()
    for (const entity of entities) {
      this.#collectTakenBack(entity)
      if (next) next.#goOnAfter(entity)
      this.#abandonWaiting(entity)
      this.#host.unwatchIdle(entity)
      if (entity.actor) this.#host.stop(entity.actor)
    }
  }

  #abandonWaiting(entity: Entity): void {
    const waiting = entity.waiting ?? []
    entity.waiting = undefined
    this.#host.room.leave(waiting.length)
    this.#host.waitsNoMore(entity)
    for (const letter of waiting) this.#host.abandon(letter, this.#isForced)
  }

  /** What waits there goes before all that comes from now on. */
  #goOnAfter(former: Entity): void {
    const { entityId, waiting, actor } = former
    const handedOver = actor ? undefined : former.handedOver
    if (!waiting && handedOver === undefined) return
    former.waiting = undefined
    this.#host.waitsNoMore(former)
    this.#begin(entityId, handedOver, waiting)
  }

  #begin(entityId: string, handedOver?: unknown, waiting?: Letter[]): Entity {
    const entity = new Entity(this, entityId)
    entity.handedOver = handedOver ?? this.#left.get(entityId)
    entity.waiting = waiting
    for (let count = waiting?.length ?? 0; count > 0; count--) this.#host.waits(entity)
    this.#left.delete(entityId)
    this.#entities.set(entityId, entity)
    const former = this.#host.former(entityId)
    if (former) former.whenGone.push(() => this.#remember(entity))
    else this.#remember(entity)
    return entity
  }

  /** Nothing is handled by one of whom it is not written down that it lives, where that is to be. */
  #remember(entity: Entity): void {
    const { entityId } = entity
    if (!this.#remembered || this.#remembered.has(entityId)) this.#spawn(entity)
    else this.#remembered.began(entityId, () => this.#spawn(entity))
  }

  #spawn(entity: Entity): void {
    if (this.#entities.get(entity.entityId) !== entity) return
    entity.actor = this.#host.spawn(entity, this)
    if (!entity.actor) {
      this.#forget(entity)
      return
    }
    entity.stage = 'active'
    this.#host.watchIdle(entity)
    this.#handWaiting(entity)
  }

  /** It does not begin. */
  #forget(entity: Entity): void {
    this.#entities.delete(entity.entityId)
    this.#collectTakenBack(entity)
    this.#abandonWaiting(entity)
  }

  #handWaiting(entity: Entity): void {
    this.#collectTakenBack(entity)
    const { waiting, actor } = entity
    entity.waiting = undefined
    this.#host.room.leave(waiting?.length ?? 0)
    this.#host.waitsNoMore(entity)
    if (waiting && actor) for (const letter of waiting) this.#hand(entity, actor, letter)
    if (this.#stage === 'finishing') this.finishOne(entity)
  }

  /** Its actor has stopped. */
  ended(entity: Entity, ending: Ending): void {
    this.#host.unwatchIdle(entity)
    this.#entities.delete(entity.entityId)
    if (ending === 'failed') this.#giveUpOnStart(entity)
    this.#collectTakenBack(entity)
    if (this.#stage === 'finishing') this.#collect(entity)
    if (this.#stage === 'over') this.#host.gone(entity)
    else if (this.#isForced) this.#abandonWaiting(entity)
    else if (entity.waiting) this.#begin(entity.entityId, undefined, entity.waiting)
    else this.#ceased(entity, ending)
    if (this.#stage === 'finishing' && this.size === 0) this.#emptied()
    this.#host.ended(entity, ending)
  }

  /** One that failed before it came to anything would do so again at once: what it was to handle is handled by nobody. */
  #giveUpOnStart(entity: Entity): void {
    const letters = this.#takenBack.get(entity) ?? []
    if (letters.length !== entity.handed) return
    this.#takenBack.delete(entity)
    this.#host.room.leave(letters.length)
    for (const letter of letters) this.#host.abandon(letter, false)
  }

  /** What it did not come to goes before what came when it was about to end. */
  #collectTakenBack(entity: Entity): void {
    const takenBack = this.#takenBack.get(entity)
    if (takenBack) entity.waiting = [...takenBack, ...(entity.waiting ?? [])]
    this.#takenBack.delete(entity)
  }

  /** It came to its end, and nothing waits for its next life. */
  #ceased({ entityId }: Entity, ending: Ending): void {
    const isMeant = ending === 'stopped' && this.#stage === 'running' && !this.#host.isEnding
    if (isMeant) this.#remembered?.ended(entityId)
  }

  #collect(entity: Entity): void {
    if (!entity.state) {
      this.#saidNothing++
      return
    }
    try {
      const state = entity.state()
      if (state !== undefined) this.#left.set(entity.entityId, state)
    } catch (error) {
      this.#host.report(error, `What ${entity.entityId} hands over could not be had`)
    }
  }
}
