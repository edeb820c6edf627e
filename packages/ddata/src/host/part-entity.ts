// A part of the structures as an actor: a sharded entity, of which sharding sees to it that one runs at a time, wherever
// it is. The shell around its host: journal, timer, answers.
import { Behaviors, type ActorContext, type ActorRef, type Behavior } from '@casty/actor'
import { isJournalError, type FreesRoom } from '@casty/persistence'
import type { EntityContext } from '@casty/sharding'
import { DDataError } from '../errors.ts'
import { kindOf } from '../kinds/kind.ts'
import { readRequest, type PartReplies, type PartRequest } from '../protocol/messages.ts'
import type { Machine } from '../state/machine.ts'
import { PartState } from '../state/part-state.ts'
import { failedReply, reasonOf } from './failed-reply.ts'
import { PartHost, type HostSettings } from './part-host.ts'
import { PartLog, type PartLogSettings, type Save } from './part-log.ts'
import type { RepliesOfTurn } from './replies-of-turn.ts'
import type { LetGo, ShortOfRoom } from './short-of-room.ts'

/** What a part is told by itself, and by sharding. */
export type PartSignal =
  | { readonly type: 'written' }
  | { readonly type: 'write-failed'; readonly error: unknown }
  | { readonly type: 'save-ended'; readonly isSaved: boolean }
  | { readonly type: 'look' }
  | { readonly type: 'stop' }

export type PartMessage = PartRequest | PartSignal

export interface PartSettings extends HostSettings, PartLogSettings {
  /** Machines by the kinds that they are of. */
  readonly machines: ReadonlyMap<string, () => Machine>
  /** What ids in the journal begin with. */
  readonly journalPrefix: string
  /** A part with a journal that nobody used for so long, and in which nothing is to run out, is saved and stopped, in milliseconds. */
  readonly idleTimeoutMs: number
  /** Told what nobody is waiting to hear. */
  readonly report: (error: unknown, part: string) => void
}

/** What all parts of one node share. */
export interface PartsOfNode {
  readonly replies: RepliesOfTurn
  readonly shortOfRoom: ShortOfRoom
}

/** @param settings - alike on all nodes */
export function partEntity(
  entity: EntityContext<PartMessage>,
  settings: PartSettings,
  node: PartsOfNode,
): Behavior<PartMessage> {
  return Behaviors.setup(async (context) => {
    try {
      const part = await Part.begin(entity, settings, node, context)
      return Behaviors.receive((message) => part.receive(message))
    } catch (error) {
      if (context.signal.aborted) return Behaviors.stopped // It was to end, and its journal as well.
      settings.report(error, entity.entityId)
      return refusing(entity, settings, node.replies, context, error)
    }
  })
}

/** It cannot begin: whoever asks is told why, and asks again. After a while it is tried anew. */
function refusing(
  { entityId: part, epoch }: EntityContext<PartMessage>,
  { report }: PartSettings,
  replies: RepliesOfTurn,
  context: ActorContext<PartMessage>,
  error: unknown,
): Behavior<PartMessage> {
  const why = reasonOf(error)
  context.timers.startOnce('again', { type: 'stop' }, tryAgainMs)
  return Behaviors.receive((message) => {
    if (!('own' in message)) return Behaviors.stopped
    try {
      const { session } = readRequest(message.own)
      replies.add(message.common, { session, body: failedReply(why, epoch) })
    } catch (unreadable) {
      report(unreadable, part)
    }
    return Behaviors.same
  })
}

/** A part that could not begin is tried again after so long, in milliseconds. */
const tryAgainMs = 500
/** Timers take no more. */
const maxDelayMs = 0x7fff_ffff

class Part {
  readonly #entity: EntityContext<PartMessage>
  readonly #settings: PartSettings
  readonly #context: ActorContext<PartMessage>
  readonly #host: PartHost<ActorRef<PartReplies>>
  readonly #log: PartLog | undefined
  readonly #node: PartsOfNode
  /** Saves what was taken down, once so many more records are safe. */
  #taken: { readonly save: Save; recordsLeft: number } | undefined
  #isSaving = false
  /** Of the record that is being written: see `Machine`. */
  #underWay: FreesRoom | undefined
  #wasRefused: boolean
  #willFlush = false
  #lookAt = Infinity
  /** When it is looked whether anybody still uses it. */
  #restAt: number
  /** It is saved to be stopped then, unless somebody uses it before. */
  #isLeaving = false
  #isStopping = false
  #hasFailed = false

  private constructor(
    entity: EntityContext<PartMessage>,
    settings: PartSettings,
    node: PartsOfNode,
    context: ActorContext<PartMessage>,
    state: PartState,
    log: PartLog | undefined,
  ) {
    this.#entity = entity
    this.#settings = settings
    this.#context = context
    this.#log = log
    this.#node = node
    this.#restAt = context.system.clock.now() + settings.idleTimeoutMs
    const port = {
      epoch: entity.epoch,
      now: () => context.system.clock.now(),
      send: (peer: ActorRef<PartReplies>, session: Uint8Array, body: Uint8Array) =>
        node.replies.add(peer, { session, body }),
      write:
        log &&
        ((record: Uint8Array, behind: number, freesRoom: FreesRoom | undefined) =>
          this.#write(log, record, behind, freesRoom)),
      whyFull: (freesRoom: FreesRoom | undefined) =>
        node.shortOfRoom.whyFull(entity.entityId, freesRoom),
    }
    this.#host = new PartHost(state, port, settings)
    const forget = (): void => node.shortOfRoom.forget(this.#letGo)
    context.signal.addEventListener('abort', forget, { once: true })
    // Others let go when it began.
    this.#wasRefused = node.shortOfRoom.wasRefused(entity.entityId)
    if (this.#wasRefused) node.shortOfRoom.mayLetGo(this.#letGo)
  }

  static async begin(
    entity: EntityContext<PartMessage>,
    settings: PartSettings,
    node: PartsOfNode,
    context: ActorContext<PartMessage>,
  ): Promise<Part> {
    const { journal, entityId, epoch, handedOver } = entity
    const machine = settings.machines.get(kindOf(entityId))
    if (!machine) {
      throw DDataError.malformed(`${entityId} is of a kind that this version does not know`)
    }
    const state = new PartState(machine())
    const id = `${settings.journalPrefix}${entityId}`
    const log = journal && (await PartLog.open(journal, id, epoch, state, settings))
    if (!log) {
      // Without a journal it is all there is: nodes of one cluster run the same version, or refuse each other.
      for (const piece of (handedOver ?? []) as readonly Uint8Array[]) state.restore(piece)
      entity.handOver(() => [...state.save(settings.pieceBytes)])
    } else {
      const compact = (): Save | undefined => log.compact(state, true)
      await node.shortOfRoom
        .begins(entityId, compact, () => context.signal.aborted)
        .catch((error: unknown) => settings.report(error, entityId))
    }
    const part = new Part(entity, settings, node, context, state, log)
    part.#arm()
    return part
  }

  receive(message: PartMessage): Behavior<PartMessage> | undefined {
    if ('own' in message) this.#request(message)
    else this.#signal(message)
    if (this.#hasFailed) return Behaviors.stopped
    if (this.#isStopping) {
      this.#host.flush()
      // Whoever comes next writes where this one did.
      if (this.#host.isQuiet && !this.#isSaving) return Behaviors.stopped
    }
    this.#turnEnds()
    return undefined
  }

  #request(request: PartRequest): void {
    this.#restAt = this.#context.system.clock.now() + this.#settings.idleTimeoutMs
    this.#isLeaving = false
    try {
      this.#host.receive(request.own, request.common)
    } catch (error) {
      this.#settings.report(error, this.#entity.entityId)
    }
  }

  #signal(signal: PartSignal): void {
    switch (signal.type) {
      case 'look':
        this.#lookAt = Infinity
        this.#host.look()
        this.#rest()
        return
      case 'written':
        this.#written()
        return
      case 'write-failed':
        this.#writeFailed(signal.error)
        return
      case 'save-ended':
        this.#saveEnded(signal.isSaved)
        return
      case 'stop':
        this.#isStopping = true
    }
  }

  /** What comes in the same turn goes with the same write, and into the same answers. */
  #turnEnds(): void {
    this.#arm()
    if (this.#willFlush) return
    this.#willFlush = true
    void Promise.resolve().then(() => {
      this.#willFlush = false
      if (!this.#hasFailed) this.#host.flush()
    })
  }

  #arm(): void {
    const next = Math.min(this.#host.nextDeadline(), this.#restAt)
    if (next >= this.#lookAt) return
    this.#lookAt = next
    const delayMs = Math.max(0, Math.ceil(next - this.#context.system.clock.now()))
    this.#context.timers.startOnce('look', { type: 'look' }, Math.min(delayMs, maxDelayMs))
  }

  #write(log: PartLog, record: Uint8Array, behind: number, freesRoom: FreesRoom | undefined): void {
    this.#node.shortOfRoom.mayLetGo(this.#letGo)
    this.#underWay = freesRoom
    if (log.isSnapshotDue(this.#host.state.bytes)) {
      const records = behind + 1
      this.#taken = { save: log.capture(this.#host.state, records), recordsLeft: records }
    }
    this.#context.pipeToSelf(
      log.write(record, freesRoom),
      () => ({ type: 'written' }) as const,
      (error) => ({ type: 'write-failed', error }) as const,
    )
  }

  /** What was taken down waits for its own records: the one that is begun here is not safe yet. */
  #written(): void {
    const taken = this.#taken
    if (taken) taken.recordsLeft -= 1
    if (taken?.recordsLeft === 0) {
      this.#taken = undefined
      void this.#begin(taken.save)
    }
    const [hasWaited, freesRoom] = [this.#wasRefused, this.#underWay]
    if (hasWaited) this.#node.shortOfRoom.wrote(this.#entity.entityId, freesRoom)
    this.#wasRefused = hasWaited && freesRoom === 'now'
    this.#host.written()
    // What ran out may be what there was no room for.
    if (this.#wasRefused) void this.#letGo()
  }

  /** What is carried out and not written must not be seen: whoever comes next begins with what is written. */
  #writeFailed(error: unknown): void {
    this.#hasFailed = true
    if (isJournalError(error) && error.code === 'CASTY_JOURNAL_FULL') {
      this.#node.shortOfRoom.refused(this.#entity.entityId, reasonOf(error), this.#underWay)
    }
    this.#host.writeFailed(reasonOf(error))
    this.#settings.report(error, this.#entity.entityId)
  }

  /** What was written takes room until the state is saved anew, also where it was taken away since. */
  readonly #letGo: LetGo = async () => {
    if (this.#isStopping || this.#hasFailed || this.#context.signal.aborted) return true
    if (this.#isSaving || this.#taken !== undefined || !this.#host.isQuiet) return false
    try {
      const save = this.#log?.compact(this.#host.state, true)
      return save === undefined || (await this.#begin(save))
    } catch (error) {
      this.#settings.report(error, this.#entity.entityId)
      return true
    }
  }

  /** @returns whether it was saved */
  async #begin(save: Save): Promise<boolean> {
    this.#isSaving = true
    const { self, signal } = this.#context
    const ended = (isSaved: boolean): void => {
      if (!signal.aborted) self.tell({ type: 'save-ended', isSaved })
    }
    try {
      await save(() => this.#isStopping || signal.aborted)
      ended(true)
      return true
    } catch (error) {
      // Where it was stopped meanwhile, another one may write already, or the journal be closed: nothing is lost by that.
      if (!signal.aborted) this.#settings.report(error, this.#entity.entityId)
      ended(false)
      return false
    }
  }

  /** Nobody used it for long: what is written is enough, once it is short. */
  #rest(): void {
    const now = this.#context.system.clock.now()
    if (now < this.#restAt) return
    this.#restAt = now + this.#settings.idleTimeoutMs
    if (!this.#host.isAtRest || this.#isSaving) return
    const save = this.#log?.compact(this.#host.state)
    this.#isLeaving = save !== undefined
    if (save) void this.#begin(save)
    else if (this.#log || this.#host.isIdle) this.#entity.passivate()
  }

  #saveEnded(isSaved: boolean): void {
    this.#isSaving = false
    if (isSaved) this.#node.shortOfRoom.hasLetGo(this.#entity.entityId)
    if (this.#isLeaving && isSaved && this.#host.isAtRest) this.#entity.passivate()
    this.#isLeaving = false
  }
}
