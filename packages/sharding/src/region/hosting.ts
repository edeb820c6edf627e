// The shards that this node owns, and the entities in them: starts what messages ask for, stops what is idle, and
// carries out what handoffs ask for.
import type { DeadLetterReason } from '@casty/actor'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { Entity } from './entity.ts'
import type { HandOverPiece } from './hand-over.ts'
import { HandOvers, type HandOversPort, type HandOverSettings } from './hand-overs.ts'
import type { Home } from './home.ts'
import { HostedShard } from './hosted-shard.ts'
import { HostedShards } from './hosted-shards.ts'
import { IdleWatch } from './idle-watch.ts'
import type { Letter } from './letter.ts'
import type { Admission, OwnedShard, OwnerEffect, OwnerSettings } from './owned-shard.ts'
import { OwnedShards } from './owned-shards.ts'
import { ShardHost, type ShardHostPort } from './shard-host.ts'
import { StandingEntities, type StandingSettings } from './standing-entities.ts'
import { WaitingLetters, type WaitingSettings } from './waiting-letters.ts'

export interface HostingSettings
  extends OwnerSettings, HandOverSettings, StandingSettings, WaitingSettings {
  readonly idleTimeoutMs: number
}

/** What hosting needs of the rest. */
export interface HostingPort extends ShardHostPort, HandOversPort {
  readonly self: NodeIdentity
  /** Whether entities may act now. */
  mayAct(): boolean
  /** Members in reach, but this one. */
  others(): ReadonlySet<NodeKey>
  /** Those of them who have sent something. */
  senders(): Iterable<NodeKey>
  drop(letter: Letter, reason: DeadLetterReason, cause?: unknown): void
  released(shard: number, epoch: number): void
  /** No entity of a shard that was to finish is left. */
  emptied(): void
  /** Something may be due earlier than before: at that time, where it is known. */
  deadlineMoved(at?: number): void
}

export class Hosting {
  readonly #port: HostingPort
  readonly #owned: OwnedShards
  readonly #shards = new HostedShards()
  readonly #standing: StandingEntities
  readonly #waiting: WaitingLetters
  readonly #idle: IdleWatch
  readonly #handOvers: HandOvers
  readonly #host: ShardHost

  constructor(settings: HostingSettings, port: HostingPort) {
    this.#port = port
    this.#owned = new OwnedShards(settings, port, (shard, effect) => this.#perform(shard, effect))
    this.#standing = new StandingEntities(settings, port, (shard) => this.#shards.find(shard))
    this.#waiting = new WaitingLetters(settings, port)
    this.#idle = new IdleWatch(settings.idleTimeoutMs)
    this.#handOvers = new HandOvers(settings, port)
    this.#host = new ShardHost(port, {
      shards: this.#shards,
      standing: this.#standing,
      waiting: this.#waiting,
      idle: this.#idle,
    })
  }

  ownedShard(shard: number): OwnedShard {
    return this.#owned.of(shard)
  }

  hosted(shard: number): HostedShard | undefined {
    return this.#shards.find(shard)
  }

  /** The shards that run here. */
  shards(): Iterable<HostedShard> {
    return this.#shards.all()
  }

  /** How many messages wait for entities that have not begun, or are about to stop. */
  get waiting(): number {
    return this.#waiting.size
  }

  get entityCount(): number {
    return this.#shards.entityCount
  }

  /** No entity of a shard that is owned here lives, but those that were left behind. */
  get isEmpty(): boolean {
    return this.#shards.isEmpty
  }

  /** Has all entities handle what they have, and stop. */
  finish(): void {
    for (const hosted of this.#shards.all()) hosted.finish()
  }

  /** They did not in time: those that are left are stopped. */
  force(): void {
    for (const shard of this.#shards.inhabited()) this.#force(shard)
  }

  /** Nor did they then: nobody waits for them any more. */
  leaveBehind(): void {
    for (const shard of this.#shards.inhabited()) this.#leaveBehind(shard)
  }

  admit(shard: number, epoch: number): Admission {
    return this.#owned.of(shard).admit(epoch)
  }

  /** To an entity of a shard that is owned here. */
  deliver(letter: Letter): void {
    const hosted = this.#shards.find(letter.shard)
    if (hosted) hosted.deliver(letter, this.#idle.tick)
    else this.#port.drop(letter, 'stopped')
  }

  /** An entity had stopped before it came to it. @returns false where nobody else can have it either */
  takesBack(letter: Letter): boolean {
    return this.#shards.find(letter.shard)?.takesBack(letter) === true
  }

  homeChanged(shard: number, home: Home): void {
    const owned = this.#owned.of(shard)
    const before = owned.stage
    const senders = this.#port.senders()
    this.#owned.stepped(shard, owned.homeChanged(home, senders, this.#port.now()))
    if (before === 'absent' && owned.stage === 'absent') this.#forgetHandedOver(shard, home)
  }

  /** What is handed over may come before the table that says so: what can still be meant for this node stays. */
  #forgetHandedOver(shard: number, { epoch, movingTo }: Home): void {
    const goesElsewhere = movingTo !== undefined && !movingTo.equals(this.#port.self)
    this.#handOvers.forget(shard, goesElsewhere ? epoch + 1 : epoch)
  }

  fenced(shard: number, from: NodeKey, epoch: number): void {
    this.#owned.stepped(shard, this.#owned.of(shard).fenced(from, epoch, this.#port.now()))
  }

  membersChanged(): void {
    this.#owned.membersChanged(this.#port.others(), this.#port.now())
  }

  #perform(shard: number, effect: OwnerEffect): void {
    switch (effect.type) {
      case 'begin':
        this.#begin(shard, effect.epoch)
        return
      case 'begin-anew':
        this.#begin(shard, effect.epoch, this.#leave(shard))
        return
      case 'drain':
        this.#shards.find(shard)?.finish()
        return
      case 'stay':
        this.#stay(shard)
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
    const remembered = this.#standing.remember(shard, epoch)
    const emptied = (): void => this.#emptied(shard)
    const hosted = new HostedShard(shard, epoch, this.#host, emptied, remembered, former)
    this.#shards.add(hosted)
    former?.end(hosted)
    this.#standing.startRemembered(hosted)
    for (const { entityId, state } of this.#handOvers.take(shard, epoch)) {
      hosted.start(entityId, state)
      this.#port.tally.handedOver++
    }
    this.#standing.startKept(hosted)
  }

  #stay(shard: number): void {
    const hosted = this.#shards.find(shard)
    hosted?.stay()
    this.#handOvers.end(shard)
    if (hosted) this.#standing.startKept(hosted)
  }

  /** Nobody else may have it while a former life has not ended. */
  #emptied(shard: number): void {
    if (this.#shards.awaitsFormer(shard)) return
    this.#port.emptied()
    this.#owned.stepped(shard, this.#owned.of(shard).emptied(this.#port.now()))
  }

  #force(shard: number): void {
    const hosted = this.#shards.find(shard)
    if (!hosted) return
    const count = this.#shards.livesOf(hosted)
    this.#port.tally.forced += count
    this.#port.warn(`${count} entities of shard ${shard} did not stop in time, and are stopped`)
    hosted.force()
  }

  #leaveBehind(shard: number): void {
    const hosted = this.#shards.find(shard)
    if (!hosted) return
    const count = this.#shards.livesOf(hosted)
    this.#port.tally.leftBehind += count
    this.#port.warn(
      `${count} entities of shard ${shard} do not stop: the shard moves on without waiting for them`,
    )
    this.#shards.leaveBehind(hosted)
  }

  #end(shard: number): void {
    this.#leave(shard)?.end()
  }

  /** Whoever lives there is about to end. */
  #leave(shard: number): HostedShard | undefined {
    this.#handOvers.end(shard)
    this.#standing.forget(shard)
    return this.#shards.remove(shard)
  }

  #handOver(shard: number, to: NodeIdentity, epoch: number): void {
    const isDone = this.#handOvers.begin(shard, to, epoch, this.#shards.find(shard)?.left)
    if (isDone) this.#owned.stepped(shard, this.#owned.of(shard).handedOver(to))
  }

  /** What an owner hands over. @returns what to acknowledge, if anything */
  pieceArrived(shard: number, from: NodeIdentity, piece: HandOverPiece): number | undefined {
    // What comes late is of a handoff that went on without it.
    if (piece.epoch < this.#owned.of(shard).epoch) return undefined
    return this.#handOvers.arrived(shard, from, piece)
  }

  piecesAcknowledged(shard: number, from: NodeIdentity, epoch: number, count: number): void {
    const owned = this.#owned.of(shard)
    if (epoch !== owned.epoch || !this.#handOvers.acknowledged(shard, from, count)) return
    this.#owned.stepped(shard, owned.handedOver(from))
  }

  passivate(entity: Entity): void {
    this.#shards.find(entity.shard)?.passivate(entity)
  }

  nextDeadline(): number | undefined {
    const next = Math.min(
      this.#owned.nextDeadline(),
      this.#handOvers.nextDeadline(),
      this.#waiting.nextDeadline(),
      this.#idle.nextDeadline(),
      this.#standing.nextDeadline(),
    )
    return next === Infinity ? undefined : next
  }

  /** Does what is due. */
  tick(): void {
    const now = this.#port.now()
    this.#owned.tick(now)
    this.#handOvers.tick()
    this.#waiting.tick(now)
    // Whoever may not act is not idle: it could not even stop as it should.
    this.#idle.turn(now, this.#port.mayAct() ? (entity) => this.passivate(entity) : undefined)
    this.#standing.tick(now)
  }

  /** Ends all that runs here, at once. */
  close(): void {
    for (const { shard } of new Set(this.#shards.all())) this.#end(shard)
  }
}
