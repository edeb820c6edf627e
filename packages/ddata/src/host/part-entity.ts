// A part of the structures as an actor: a sharded entity, of which sharding sees to it that one runs at a time, wherever
// it is. The shell around its host: journal, timer, answers.
import { Behaviors, type ActorContext, type ActorRef, type Behavior } from '@casty/actor'
import { isJournalError } from '@casty/persistence'
import type { EntityContext } from '@casty/sharding'
import { DDataError } from '../errors.ts'
import { kindOf } from '../kinds/kind.ts'
import { readRequest, type PartReplies, type PartRequest } from '../protocol/messages.ts'
import type { Machine } from '../state/machine.ts'
import { PartState } from '../state/part-state.ts'
import { PartHost, type HostSettings } from './part-host.ts'
import { PartLog, type PartLogSettings, type Save } from './part-log.ts'
import type { RepliesOfTurn } from './replies-of-turn.ts'
import { whyNot, whyOf } from './why-not.ts'

/** What a part is told by itself, and by sharding. */
export type PartSignal =
  | { readonly type: 'written' }
  | { readonly type: 'write-failed'; readonly error: unknown }
  | { readonly type: 'save-ended' }
  | { readonly type: 'look' }
  | { readonly type: 'stop' }

export type PartMessage = PartRequest | PartSignal

export interface PartSettings extends HostSettings, PartLogSettings {
  /** Machines by the kinds that they are of. */
  readonly machines: ReadonlyMap<string, () => Machine>
  /** What ids in the journal begin with. */
  readonly journalPrefix: string
  /** A part with a journal that nobody used for so long is stopped, in milliseconds. */
  readonly idleTimeoutMs: number
  /** Parts of this node that had no room to write: before they go on, they let go of what they can. Mutable. */
  readonly shortOfRoom: Set<string>
  /** Told what nobody is waiting to hear. */
  readonly report: (error: unknown, part: string) => void
}

/**
 * @param settings - alike on all nodes
 * @param replies - of all parts of this node
 */
export function partEntity(
  entity: EntityContext<PartMessage>,
  settings: PartSettings,
  replies: RepliesOfTurn,
): Behavior<PartMessage> {
  return Behaviors.setup(async (context) => {
    try {
      const part = await Part.begin(entity, settings, replies, context)
      return Behaviors.receive((message) => part.receive(message))
    } catch (error) {
      if (context.signal.aborted) return Behaviors.stopped // It was to end, and its journal as well.
      settings.report(error, entity.entityId)
      return refusing(entity, settings, replies, context, error)
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
  const why = whyOf(error)
  context.timers.startOnce('again', { type: 'stop' }, tryAgainMs)
  return Behaviors.receive((message) => {
    if (!('own' in message)) return Behaviors.stopped
    try {
      const { session } = readRequest(message.own)
      replies.add(message.common, { session, body: whyNot(why, epoch) })
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
  /** Saves what was taken down, once so many more records are safe. */
  #taken: { readonly save: Save; records: number } | undefined
  #isSaving = false
  #willFlush = false
  #lookAt = Infinity
  #usedAt: number
  /** When it was last found that nobody uses it any more. */
  #restsSince: number | undefined
  #isStopping = false
  #hasFailed = false

  private constructor(
    entity: EntityContext<PartMessage>,
    settings: PartSettings,
    replies: RepliesOfTurn,
    context: ActorContext<PartMessage>,
    state: PartState,
    log: PartLog | undefined,
  ) {
    this.#entity = entity
    this.#settings = settings
    this.#context = context
    this.#log = log
    this.#usedAt = context.system.clock.now()
    const port = {
      epoch: entity.epoch,
      now: () => context.system.clock.now(),
      send: (peer: ActorRef<PartReplies>, session: Uint8Array, body: Uint8Array) =>
        replies.add(peer, { session, body }),
      write: log && ((record: Uint8Array) => this.#write(log, record)),
    }
    this.#host = new PartHost(state, port, settings)
  }

  static async begin(
    entity: EntityContext<PartMessage>,
    settings: PartSettings,
    replies: RepliesOfTurn,
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
    }
    if (log && settings.shortOfRoom.delete(entityId)) {
      try {
        await log.compact(state)?.(() => context.signal.aborted)
      } catch (error) {
        settings.report(error, entityId)
      }
    }
    const part = new Part(entity, settings, replies, context, state, log)
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
    this.#usedAt = this.#context.system.clock.now()
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
        // What is carried out and not written must not be seen: whoever comes next begins with what is written.
        this.#hasFailed = true
        if (isJournalError(signal.error) && signal.error.code === 'CASTY_JOURNAL_FULL') {
          this.#settings.shortOfRoom.add(this.#entity.entityId)
        }
        this.#host.fails(whyOf(signal.error))
        this.#settings.report(signal.error, this.#entity.entityId)
        return
      case 'save-ended':
        this.#isSaving = false
        if (this.#usedAt === this.#restsSince && this.#host.isAtRest) this.#entity.passivate()
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
    const next = Math.min(this.#host.nextDeadline(), this.#usedAt + this.#settings.idleTimeoutMs)
    if (next >= this.#lookAt) return
    this.#lookAt = next
    const delayMs = Math.max(0, Math.ceil(next - this.#context.system.clock.now()))
    this.#context.timers.startOnce('look', { type: 'look' }, Math.min(delayMs, maxDelayMs))
  }

  #write(log: PartLog, record: Uint8Array): void {
    if (log.isSnapshotDue) {
      const records = this.#host.waitingRecords + 1
      this.#taken = { save: log.capture(this.#host.state, records), records }
    }
    this.#context.pipeToSelf(
      log.write(record),
      () => ({ type: 'written' }) as const,
      (error) => ({ type: 'write-failed', error }) as const,
    )
  }

  /** What was taken down waits for its own records: the one that is begun here is not safe yet. */
  #written(): void {
    const taken = this.#taken
    if (taken && --taken.records === 0) {
      this.#taken = undefined
      this.#begin(taken.save)
    }
    this.#host.written()
  }

  #begin(save: Save): void {
    this.#isSaving = true
    const { self, signal } = this.#context
    const ended = (): void => {
      if (!signal.aborted) self.tell({ type: 'save-ended' })
    }
    save(() => this.#isStopping || signal.aborted).then(ended, (error: unknown) => {
      // Where it was stopped meanwhile, another one may write already, or the journal be closed: nothing is lost by that.
      if (!signal.aborted) this.#settings.report(error, this.#entity.entityId)
      ended()
    })
  }

  /** Nobody used it for long: what is written is enough, once it is short. */
  #rest(): void {
    const now = this.#context.system.clock.now()
    if (now < this.#usedAt + this.#settings.idleTimeoutMs) return
    this.#usedAt = now // Until it is looked at again.
    if (!this.#host.isAtRest || this.#isSaving) return
    this.#restsSince = now
    const save = this.#log?.compact(this.#host.state)
    if (save) this.#begin(save)
    else if (this.#log || this.#host.isIdle) this.#entity.passivate()
  }
}
