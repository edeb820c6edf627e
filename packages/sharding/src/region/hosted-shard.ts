// The entities of one shard under one epoch, on the node that owns it.
import type { ActorRef, Ending } from '@casty/actor'
import type { EventJournal } from '@casty/persistence'
import { Entity, type EntityHome } from './entity.ts'
import { LeftStates } from './left-states.ts'
import type { Letter } from './letter.ts'
import type { RememberedShard } from './remembered-shard.ts'
import type { ShardHost } from './shard-host.ts'

/** One that does not end by itself starts again so often for the same letter, and no more. */
const maxLives = 16

export type ShardStage =
  | 'running'
  | 'finishing' // Its entities handle what they have, and stop.
  | 'over' // It is another's: what is left of it only ends.

export class HostedShard implements EntityHome {
  readonly shard: number
  readonly epoch: number
  readonly left: LeftStates
  readonly #host: ShardHost
  readonly #entities = new Map<string, Entity>()
  readonly #emptied: () => void
  #stage: ShardStage = 'running'
  /** Those who did not stop in time were stopped: what they did not come to is not handled here. */
  #isForced = false
  #isLeft = false
  #journal: EventJournal | undefined
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
    this.left = new LeftStates(former?.left)
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

  get isOver(): boolean {
    return this.#stage === 'over'
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

  /** Starts one without a message. */
  start(entityId: string, handedOver?: unknown): void {
    if (!this.#entities.has(entityId)) this.#begin(entityId, handedOver)
  }

  /** Hands it to its entity, which is started where it does not live; kept where it is about to stop. */
  deliver(letter: Letter, tick: number): void {
    let entity = this.#entities.get(letter.entityId)
    if (entity === undefined) {
      const { waiting } = this.#host
      if (waiting.isFull && this.#hasToWait(letter.entityId)) {
        waiting.refuse(letter)
        return
      }
      entity = this.#begin(letter.entityId)
    }
    entity.usedAt = tick
    if (entity.stage === 'active' && entity.actor) this.#hand(entity, entity.actor, letter)
    else if (this.#entities.has(letter.entityId)) this.#host.waiting.keep(entity, letter)
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

  /** An actor did not handle it, because it had stopped. @returns false where it cannot be kept */
  takesBack(letter: Letter): boolean {
    const { waiting } = this.#host
    if (this.#stage === 'over' || letter.lives >= maxLives || waiting.isFull) return false
    const isOfFormer = letter.handedBy?.epoch !== this.epoch
    const entity = isOfFormer ? this.#nextOf(letter) : this.#entities.get(letter.entityId)
    // One that has not begun did not have what was handed out under this epoch; one that has is not behind what an earlier one had.
    if (!entity || isOfFormer === (entity.actor !== undefined)) return false
    if (!waiting.takeBack(entity, letter)) return false
    letter.lives++
    if (!isOfFormer) entity.stage = 'finishing'
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
    if (this.find(entity.entityId) !== entity) return
    if (entity.stage === 'active') this.#host.tally.passivated++
    this.#finishOne(entity)
  }

  /** Has one stop when it has handled what it was sent. */
  #finishOne(entity: Entity): void {
    if (entity.stage !== 'active' || !entity.actor) return
    entity.stage = 'finishing'
    this.#host.unwatchIdle(entity)
    this.#host.finish(entity.actor)
  }

  /** Has all entities handle what they have, and stop. */
  finish(): void {
    this.#stage = 'finishing'
    for (const entity of this.#entities.values()) this.#finishOne(entity)
    if (this.size === 0) this.#emptied()
  }

  /** An entity that lived here under a former epoch has stopped. */
  formerEnded(): void {
    if (this.#stage === 'finishing' && this.size === 0) this.#emptied()
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
      else this.#leaveAsItCame(entity)
    }
    if (this.size === 0) this.#emptied()
  }

  /** What was handed over to it is for whoever has the shard next. */
  #leaveAsItCame(entity: Entity): void {
    this.left.collect(entity, this.#host)
    this.#forget(entity)
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
      if (next) next.#goOnAfter(entity)
      this.#abandonWaiting(entity)
      this.#host.unwatchIdle(entity)
      if (entity.actor) this.#host.stop(entity.actor)
    }
  }

  #abandonWaiting(entity: Entity): void {
    for (const letter of this.#host.waiting.takeOut(entity)) {
      this.#host.abandon(letter, this.#isForced)
    }
  }

  /** What waits there goes before all that comes from now on. */
  #goOnAfter(former: Entity): void {
    const handedOver = former.hasBegun ? undefined : former.handedOver
    if (!this.#host.waiting.isFor(former) && handedOver === undefined) return
    this.#begin(former.entityId, handedOver, former)
  }

  /** @param former - what waits for it is handled by this life */
  #begin(entityId: string, handedOver?: unknown, former?: Entity): Entity {
    const entity = new Entity(this, entityId)
    const left = this.left.take(entityId)
    entity.handedOver = handedOver ?? left
    if (former) this.#host.waiting.passOn(former, entity)
    this.#entities.set(entityId, entity)
    const ending = this.#host.former(entityId)
    if (ending) ending.whenGone.push(() => this.#remember(entity))
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
    const actor = this.#host.spawn(entity, this)
    entity.actor = actor
    if (!actor) {
      this.#forget(entity)
      return
    }
    entity.stage = 'active'
    this.#host.watchIdle(entity)
    for (const letter of this.#host.waiting.takeOut(entity)) this.#hand(entity, actor, letter)
    if (this.#stage === 'finishing') this.#finishOne(entity)
  }

  /** It does not begin. */
  #forget(entity: Entity): void {
    this.#entities.delete(entity.entityId)
    this.#abandonWaiting(entity)
  }

  /** Its actor has stopped. */
  ended(entity: Entity, ending: Ending): void {
    this.#host.unwatchIdle(entity)
    this.#entities.delete(entity.entityId)
    if (ending === 'failed') this.#giveUpOnStart(entity)
    if (this.#stage === 'finishing') this.left.collect(entity, this.#host)
    if (this.#stage === 'over') this.#host.gone(entity)
    else if (this.#isForced) this.#abandonWaiting(entity)
    else if (this.#host.waiting.isFor(entity)) this.#begin(entity.entityId, undefined, entity)
    else this.#ceased(entity, ending)
    if (this.#stage === 'finishing' && this.size === 0) this.#emptied()
    this.#host.ended(entity, ending)
  }

  /** One that failed before it came to anything would do so again at once: what it was to handle is handled by nobody. */
  #giveUpOnStart(entity: Entity): void {
    for (const letter of this.#host.waiting.takeUntouched(entity)) {
      this.#host.abandon(letter, false)
    }
  }

  /** It came to its end, and nothing waits for its next life. */
  #ceased({ entityId }: Entity, ending: Ending): void {
    const isMeant = ending === 'stopped' && this.#stage === 'running' && !this.#host.isEnding
    if (isMeant) this.#remembered?.ended(entityId)
  }
}
