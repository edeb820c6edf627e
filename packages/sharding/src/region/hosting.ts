// The shards that this node owns, and the entities in them: starts what messages ask for, stops what is idle, and
// carries out what handoffs ask for.
import type { DeadLetterReason, Ending } from '@casty/actor'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { Entity } from './entity.ts'
import { EntityStarter, type StarterPort } from './entity-starter.ts'
import { FormerEntities } from './former-entities.ts'
import type { HandOverPiece } from './hand-over.ts'
import { HandOvers, type HandOversPort, type HandOverSettings } from './hand-overs.ts'
import type { Home } from './home.ts'
import { HostedShard, type ShardHost } from './hosted-shard.ts'
import { KeepAlive } from './keep-alive.ts'
import { IdleWatch } from './idle-watch.ts'
import type { Letter } from './letter.ts'
import { OwnedShard, type Admission, type OwnerEffect, type OwnerSettings } from './owned-shard.ts'
import type { RegionTally } from './region-tally.ts'
import { RememberedShard } from './remembered-shard.ts'
import { Restarts } from './restarts.ts'
import { shardOf } from './shard-of.ts'
import { StartQueue } from './start-queue.ts'
import { WaitingRoom } from './waiting-room.ts'
import { WaitingSince } from './waiting-since.ts'

export interface HostingSettings extends OwnerSettings, HandOverSettings {
  readonly numShards: number
  readonly idleTimeoutMs: number
  /** Entities that always live. */
  readonly keepAlive: readonly string[]
  /** How many messages may wait for the next life of an entity. */
  readonly maxWaiting: number
  /** … and for those of all entities of the type. */
  readonly maxWaitingInAll: number
  /** How long one waits for an entity that cannot begin yet, in milliseconds. */
  readonly beginTimeoutMs: number
}

/** What hosting needs of the rest. */
export interface HostingPort extends StarterPort, HandOversPort {
  readonly self: NodeIdentity
  readonly tally: RegionTally
  now(): number
  /** Whether entities may act now. */
  mayAct(): boolean
  /** Members in reach, but this one. */
  others(): ReadonlySet<NodeKey>
  /** Those of them who have sent something. */
  senders(): Iterable<NodeKey>
  drop(letter: Letter, reason: DeadLetterReason, cause?: unknown): void
  /** Has a letter of this node wait for the next owner. @returns false where it cannot */
  cameBackHere(letter: Letter): boolean
  released(shard: number, epoch: number): void
  /** No entity of a shard that was to finish is left. */
  emptied(): void
  /** Something may be due earlier than before: at that time, where it is known. */
  deadlineMoved(at?: number): void
}

export class Hosting {
  readonly #settings: HostingSettings
  readonly #port: HostingPort
  readonly #owned: readonly OwnedShard[]
  readonly #hosted = new Map<number, HostedShard>()
  readonly #former = new FormerEntities()
  readonly #idle: IdleWatch
  readonly #keepAlive: KeepAlive
  readonly #remembered = new Map<number, RememberedShard>()
  readonly #starts: StartQueue
  readonly #restarts = new Restarts()
  readonly #handOvers: HandOvers
  readonly #room: WaitingRoom
  /** Messages for entities that have not begun. */
  readonly #unbegun: WaitingSince<Entity>
  readonly #host: ShardHost
  #hasWarned = false
  /** Shards in a stage that ends by itself. */
  readonly #busy = new Set<number>()

  constructor(settings: HostingSettings, port: HostingPort) {
    this.#settings = settings
    this.#port = port
    this.#owned = Array.from({ length: settings.numShards }, () => new OwnedShard(port, settings))
    this.#idle = new IdleWatch(settings.idleTimeoutMs)
    this.#keepAlive = new KeepAlive(settings.keepAlive, settings.numShards)
    this.#handOvers = new HandOvers(settings, port)
    this.#starts = new StartQueue(port.type.remember?.startsPerSecond ?? 1)
    this.#room = new WaitingRoom(settings.maxWaitingInAll)
    this.#unbegun = new WaitingSince(settings.beginTimeoutMs)
    this.#host = this.#asHost(new EntityStarter(port))
  }

  #asHost(starter: EntityStarter): ShardHost {
    const port = this.#port
    return {
      maxWaiting: this.#settings.maxWaiting,
      room: this.#room,
      spawn: (entity, shard) => {
        const actor = starter.spawn(entity, shard)
        if (actor) port.tally.started++
        if (actor) this.#keepAlive.started(entity.entityId, port.now())
        else this.#ended(entity, 'stopped')
        return actor
      },
      ended: (entity, ending) => this.#ended(entity, ending),
      get isEnding() {
        return starter.isEnding
      },
      hand: (actor, letter) => {
        port.tally.delivered++
        port.system.deliver(actor, letter.message, letter)
      },
      finish: (actor) => starter.finish(actor),
      stop: (actor) => void port.system.stop(actor),
      passivate: (entity) => this.passivate(entity),
      watchIdle: (entity) => this.#watchIdle(entity),
      unwatchIdle: (entity) => this.#idle.remove(entity),
      abandon: (letter, mayWait) => {
        if (!mayWait || !this.#goesOn(letter)) port.drop(letter, 'stopped')
      },
      waits: (entity) => {
        this.#unbegun.add(entity, port.now())
        port.deadlineMoved(this.#unbegun.nextDeadline())
      },
      waitsNoMore: (entity) => this.#unbegun.delete(entity),
      overdue: (letter) => port.drop(letter, 'overdue'),
      full: (letter) => port.drop(letter, 'buffer-full'),
      gone: (entity) => this.#gone(entity),
      former: (entityId) => starter.beginning ?? this.#former.find(entityId),
      report: (error, what) => port.report(error, what),
      refOf: (entityId) => port.refOf(entityId),
      journalOf: (shard, epoch) =>
        port.type.journal && !port.type.replication
          ? port.journalOf(port.type.journal, shard, epoch)
          : port.replicatedJournal(shard, epoch),
    }
  }

  ownedShard(shard: number): OwnedShard {
    const owned = this.#owned[shard]
    if (owned) return owned
    throw new RangeError(`Shard ${shard} is none of ${this.#owned.length}`) // A bug: shards are hashed or checked.
  }

  hosted(shard: number): HostedShard | undefined {
    return this.#hosted.get(shard)
  }

  /** The shards that run here. */
  shards(): Iterable<HostedShard> {
    return this.#hosted.values()
  }

  /** How many messages wait for entities that have not begun, or are about to stop. */
  get waiting(): number {
    return this.#room.size
  }

  get entityCount(): number {
    let count = this.#former.size
    for (const { size } of this.#hosted.values()) count += size
    return count
  }

  /** No entity of a shard that is owned here lives, but those that were left behind. */
  get isEmpty(): boolean {
    for (const hosted of this.#hosted.values()) {
      if (!hosted.isLeft && this.#livesOf(hosted) > 0) return false
    }
    return true
  }

  /** Has all entities handle what they have, and stop. */
  finish(): void {
    for (const hosted of this.#hosted.values()) hosted.finish()
  }

  /** They did not in time: those that are left are stopped. */
  force(): void {
    for (const shard of this.#inhabited()) this.#force(shard)
  }

  /** Nor did they then: nobody waits for them any more. */
  leaveBehind(): void {
    for (const shard of this.#inhabited()) this.#leaveBehind(shard)
  }

  #inhabited(): readonly number[] {
    return [...this.#hosted].flatMap(([shard, hosted]) =>
      this.#livesOf(hosted) > 0 ? [shard] : [],
    )
  }

  admit(shard: number, epoch: number): Admission {
    return this.ownedShard(shard).admit(epoch)
  }

  /** To an entity of a shard that is owned here. */
  deliver(letter: Letter): void {
    const hosted = this.#hosted.get(letter.shard)
    if (hosted) hosted.deliver(letter, this.#idle.tick)
    else this.#port.drop(letter, 'stopped')
  }

  /** An entity had stopped before it came to it. @returns false where nobody else can have it either */
  takesBack(letter: Letter): boolean {
    return this.#hosted.get(letter.shard)?.takesBack(letter) === true
  }

  /** Has it wait for the next owner. Those of other nodes arrived, as far as these know: what they send next would overtake it. */
  #goesOn(letter: Letter): boolean {
    return letter.from === undefined && this.#port.cameBackHere(letter)
  }

  homeChanged(shard: number, home: Home): void {
    const owned = this.ownedShard(shard)
    const before = owned.stage
    this.#perform(shard, owned.homeChanged(home, this.#port.senders(), this.#port.now()))
    if (before === 'absent' && owned.stage === 'absent') this.#forgetHandedOver(shard, home)
  }

  /** What is handed over may come before the table that says so: what can still be meant for this node stays. */
  #forgetHandedOver(shard: number, { epoch, movingTo }: Home): void {
    const goesElsewhere = movingTo !== undefined && !movingTo.equals(this.#port.self)
    this.#handOvers.forget(shard, goesElsewhere ? epoch + 1 : epoch)
  }

  fenced(shard: number, from: NodeKey, epoch: number): void {
    this.#perform(shard, this.ownedShard(shard).fenced(from, epoch, this.#port.now()))
  }

  membersChanged(): void {
    const others = this.#port.others()
    const now = this.#port.now()
    for (const shard of new Set(this.#busy)) {
      this.#perform(shard, this.ownedShard(shard).membersChanged(others, now))
    }
  }

  #perform(shard: number, effects: readonly OwnerEffect[]): void {
    for (const effect of effects) this.#performOne(shard, effect)
    if (this.ownedShard(shard).nextDeadline() === undefined) this.#busy.delete(shard)
    else {
      this.#busy.add(shard)
      this.#port.deadlineMoved(this.ownedShard(shard).nextDeadline())
    }
  }

  #performOne(shard: number, effect: OwnerEffect): void {
    switch (effect.type) {
      case 'begin':
        this.#begin(shard, effect.epoch)
        return
      case 'begin-anew':
        this.#begin(shard, effect.epoch, this.#leave(shard))
        return
      case 'drain':
        this.#hosted.get(shard)?.finish()
        return
      case 'stay':
        this.#hosted.get(shard)?.stay()
        this.#handOvers.end(shard)
        this.#startKept(shard)
        return
      case 'force':
        this.#force(shard)
        return
      case 'leave-behind':
        this.#leaveBehind(shard)
        return
      case 'hand-over':
        this.#handOver(shard, effect.to, effect.epoch)
        return
      case 'released':
        this.#handOvers.end(shard)
        this.#port.released(shard, effect.epoch)
        return
      case 'end':
        this.#end(shard)
    }
  }

  /** @param former - how this node had it until now, where nobody else had it since */
  #begin(shard: number, epoch: number, former?: HostedShard): void {
    const remembered = this.#rememberedShard(shard, epoch)
    const emptied = (): void => this.#emptied(shard)
    const hosted = new HostedShard(shard, epoch, this.#host, emptied, remembered, former)
    this.#hosted.set(shard, hosted)
    former?.end(hosted)
    remembered?.begin((entityIds) => {
      this.#starts.add(hosted, entityIds, this.#port.now())
      this.#port.deadlineMoved()
    })
    for (const { entityId, state } of this.#handOvers.take(shard, epoch)) {
      hosted.start(entityId, state)
      this.#port.tally.handedOver++
    }
    this.#startKept(shard)
  }

  #rememberedShard(shard: number, epoch: number): RememberedShard | undefined {
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

  #forgetRemembered(shard: number): void {
    this.#remembered.get(shard)?.end()
    this.#remembered.delete(shard)
  }

  #startKept(shard: number): void {
    for (const entityId of this.#keepAlive.idsOf(shard)) this.#hosted.get(shard)?.start(entityId)
  }

  /** One that always lives starts again, where it has to live here; so does one that failed and is remembered. */
  #ended({ shard, entityId }: Entity, ending: Ending): void {
    const hosted = this.#hosted.get(shard)
    const isKept = this.#keepAlive.has(entityId)
    const isRemembered = ending === 'failed' && this.#remembered.has(shard)
    if (!(isKept || isRemembered) || hosted?.stage !== 'running') return
    if (hosted.find(entityId)?.actor) return // A message has started it already.
    const now = this.#port.now()
    if (isKept) this.#keepAlive.ended(entityId, now)
    else this.#restarts.add(entityId, now)
    this.#port.deadlineMoved()
  }

  /** Also under former epochs. */
  #livesOf({ shard, size }: HostedShard): number {
    return size + this.#former.awaitedOf(shard)
  }

  /** The former life of an entity has ended. */
  #gone(entity: Entity): void {
    const { shard } = entity
    this.#former.gone(entity)
    const hosted = this.#hosted.get(shard)
    if (hosted?.stage === 'finishing' && hosted.size === 0) this.#emptied(shard)
  }

  /** Nobody else may have it while a former life has not ended. */
  #emptied(shard: number): void {
    if (this.#former.awaitedOf(shard) > 0) return
    this.#port.emptied()
    this.#perform(shard, this.ownedShard(shard).emptied(this.#port.now()))
  }

  #force(shard: number): void {
    const hosted = this.#hosted.get(shard)
    if (!hosted) return
    const count = this.#livesOf(hosted)
    this.#port.tally.forced += count
    this.#port.warn(`${count} entities of shard ${shard} did not stop in time, and are stopped`)
    hosted.force()
  }

  #leaveBehind(shard: number): void {
    const hosted = this.#hosted.get(shard)
    if (!hosted) return
    const count = this.#livesOf(hosted)
    this.#port.tally.leftBehind += count
    this.#port.warn(
      `${count} entities of shard ${shard} do not stop: the shard moves on without waiting for them`,
    )
    hosted.leaveBehind()
    this.#former.leaveBehind(shard)
  }

  #end(shard: number): void {
    this.#leave(shard)?.end()
  }

  /** Whoever lives there is about to end. */
  #leave(shard: number): HostedShard | undefined {
    const hosted = this.#hosted.get(shard)
    this.#hosted.delete(shard)
    this.#handOvers.end(shard)
    this.#forgetRemembered(shard)
    for (const entity of hosted?.entities() ?? []) {
      if (entity.actor) this.#former.add(entity, hosted?.isLeft === true)
    }
    return hosted
  }

  #handOver(shard: number, to: NodeIdentity, epoch: number): void {
    const hosted = this.#hosted.get(shard)
    if (hosted) this.#warnOfLostState(hosted, to)
    const left = hosted?.left ?? new Map<string, unknown>()
    const isDone = this.#handOvers.begin(shard, to, epoch, left)
    if (isDone) this.#perform(shard, this.ownedShard(shard).handedOver(to))
  }

  /** Once: whoever keeps something in memory learns of it while others are tried out, and not in production. */
  #warnOfLostState({ saidNothing }: HostedShard, to: NodeIdentity): void {
    const { journal, replication } = this.#port.type
    if (this.#hasWarned || saidNothing === 0 || journal || replication) return
    this.#hasWarned = true
    this.#port.warn(
      `Entities begin anew on ${to}, where their shard moves: what they kept in memory is lost. Have them hand it over ` +
        '(context.handOver), or write events; where there is nothing to keep, hand over undefined. This is said once',
    )
  }

  /** What an owner hands over. @returns what to acknowledge, if anything */
  pieceArrived(shard: number, from: NodeIdentity, piece: HandOverPiece): number | undefined {
    // What comes late is of a handoff that went on without it.
    if (piece.epoch < this.ownedShard(shard).epoch) return undefined
    return this.#handOvers.arrived(shard, from, piece)
  }

  piecesAcknowledged(shard: number, from: NodeIdentity, epoch: number, count: number): void {
    const owned = this.ownedShard(shard)
    if (epoch !== owned.epoch || !this.#handOvers.acknowledged(shard, from, count)) return
    this.#perform(shard, owned.handedOver(from))
  }

  passivate(entity: Entity): void {
    const hosted = this.#hosted.get(entity.shard)
    if (hosted?.find(entity.entityId) !== entity) return
    if (entity.stage === 'active') this.#port.tally.passivated++
    hosted.finishOne(entity)
  }

  #watchIdle(entity: Entity): void {
    if (this.#keepAlive.has(entity.entityId)) return
    if (this.#idle.add(entity, this.#port.now())) this.#port.deadlineMoved()
  }

  nextDeadline(): number | undefined {
    let next = Math.min(
      this.#idle.nextDeadline(),
      this.#keepAlive.nextDeadline(),
      this.#starts.nextDeadline(),
      this.#handOvers.nextDeadline(),
      this.#restarts.nextDeadline(),
      this.#unbegun.nextDeadline(),
    )
    for (const shard of this.#busy) {
      next = Math.min(next, this.ownedShard(shard).nextDeadline() ?? Infinity)
    }
    return next === Infinity ? undefined : next
  }

  /** Does what is due. */
  tick(): void {
    const now = this.#port.now()
    for (const shard of new Set(this.#busy))
      this.#perform(shard, this.ownedShard(shard).settle(now))
    this.#handOvers.tick()
    for (const [entity, count] of this.#unbegun.takeOverdue(now)) {
      this.#hosted.get(entity.shard)?.dropFirst(entity, count)
    }
    // Whoever may not act is not idle: it could not even stop as it should.
    this.#idle.turn(now, this.#port.mayAct() ? (entity) => this.passivate(entity) : undefined)
    for (const entityId of this.#keepAlive.takeDue(now)) this.#start(entityId)
    for (const entityId of this.#restarts.takeDue(now)) this.#start(entityId)
    if (this.#port.mayAct()) this.#starts.start(now)
    else this.#starts.later(now)
  }

  #start(entityId: string): void {
    const hosted = this.#hosted.get(shardOf(entityId, this.#settings.numShards))
    if (hosted?.stage === 'running') hosted.start(entityId)
  }

  /** Ends all that runs here, at once. */
  close(): void {
    for (const shard of new Set(this.#hosted.keys())) this.#end(shard)
  }
}
