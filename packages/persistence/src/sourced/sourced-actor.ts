// One incarnation of an event-sourced actor. A handler that is waited for keeps all other messages in the
// mailbox, which is bounded: so commands wait while a write is under way, and are handled in order.
import { Behaviors, type ActorContext, type Next, type Signal } from '@casty/actor'
import { PersistenceError } from '../errors.ts'
import type { JournalRecord } from '../journal/journal-record.ts'
import { isJournalError } from '../journal/journal-error.ts'
import { Effect, type Effects } from './effect.ts'
import type { EventInfo, EventSourcedContext } from './options.ts'
import { patiently } from './patience.ts'
import type { Folded, Recovered } from './recovery.ts'
import type { Settings } from './settings.ts'
import { SnapshotKeeper } from './snapshot-keeper.ts'

/** What is in the state once it is durable. */
interface Unwritten<State> {
  readonly next: Folded<State>
  readonly records: readonly JournalRecord[]
  readonly isSnapshotWanted: boolean
}

/** What an actor is between two messages: the state, all of whose events are durable. */
export class SourcedActor<Command, Event, State> implements EventSourcedContext<
  Command,
  Event,
  State
> {
  readonly actor: ActorContext<Command>
  readonly effects: Effects<Event, State>
  readonly epoch: number
  readonly #settings: Settings<Command, Event, State>
  readonly #snapshots: SnapshotKeeper<Command, Event, State> | undefined
  #known: Folded<State>

  constructor(
    settings: Settings<Command, Event, State>,
    effects: Effects<Event, State>,
    actor: ActorContext<Command>,
    { state, sequenceNr, epoch, snapshotNr }: Recovered<State>,
  ) {
    this.#settings = settings
    this.effects = effects
    this.actor = actor
    this.epoch = epoch
    this.#known = { state, sequenceNr }
    const { snapshots } = settings
    this.#snapshots =
      snapshots && new SnapshotKeeper(settings, snapshots, actor.system, epoch, snapshotNr)
  }

  get id(): string {
    return this.#settings.id
  }

  get expectedSequenceNr(): number {
    return this.#known.sequenceNr
  }

  /** Before the first command. */
  recovered(): void {
    this.#settings.onRecovered?.(this.#known.state, this)
    this.#snapshots?.offer(this.#known) // Many events may have been read: next time there are fewer.
  }

  handle(command: Command): Next<Command> | Promise<Next<Command>> {
    const effect = this.#settings.onCommand(this.#known.state, command, this)
    return this.#handled(effect, command)
  }

  handleSignal(
    onSignal: NonNullable<Settings<Command, Event, State>['onSignal']>,
    signal: Signal,
  ): Next<Command> | Promise<Next<Command>> {
    return this.#handled(onSignal(this.#known.state, signal, this), undefined)
  }

  #handled(
    effect: Effect<Event, State> | Promise<Effect<Event, State>>,
    command: Command | undefined,
  ): Next<Command> | Promise<Next<Command>> {
    if (effect instanceof Effect) return this.#perform(effect, command)
    // A promise, also one of another library; or what code without types returns.
    return Promise.resolve(effect).then((made) => this.#perform(made, command))
  }

  #perform(
    effect: Effect<Event, State>,
    command: Command | undefined,
  ): Next<Command> | Promise<Next<Command>> {
    if (!(effect instanceof Effect)) {
      throw PersistenceError.invalidEffect(this.actor.self.path, effect)
    }
    if (effect.parts.events.length === 0) return this.#finish(effect, command)
    return this.#persistThen(effect, command)
  }

  #persistThen(
    effect: Effect<Event, State>,
    command: Command | undefined,
  ): Next<Command> | Promise<Next<Command>> {
    let folded: Unwritten<State>
    try {
      // The state comes first: an event that its handler cannot take is not written.
      folded = this.#fold(effect.parts.events)
    } catch (error) {
      return this.#notWritten(effect, error)
    }
    return this.#write(folded.records).then(
      () => {
        this.#known = folded.next
        if (folded.isSnapshotWanted) this.#snapshots?.want()
        this.#snapshots?.offer(folded.next)
        return this.#finish(effect, command)
      },
      (error: unknown) => this.#notWritten(effect, this.#failureFor(error)),
    )
  }

  #notWritten({ parts: { refusals } }: Effect<Event, State>, error: unknown): Next<Command> {
    if (refusals.length === 0 || !isRefusal(error)) throw error
    for (const callback of refusals) callback(error)
    return undefined
  }

  /** What follows when all events are durable. */
  #finish(effect: Effect<Event, State>, command: Command | undefined): Next<Command> {
    const { callbacks, unstashes, end } = effect.parts
    for (const callback of callbacks) callback(this.#known.state)
    if (unstashes) this.actor.stash.unstashAll()
    switch (end) {
      case 'same':
        return undefined
      case 'stop':
        return Behaviors.stopped
      case 'unhandled':
        return Behaviors.unhandled
      case 'stash':
        if (command !== undefined) this.actor.stash.stash(command)
        return undefined
    }
  }

  #fold(events: readonly Event[]): Unwritten<State> {
    const { onEvent, snapshots } = this.#settings
    const timestamp = Math.max(0, Math.floor(this.actor.system.clock.wallNow()))
    let { state, sequenceNr } = this.#known
    let isSnapshotWanted = false
    const records: JournalRecord[] = []
    for (const event of events) {
      const info: EventInfo = { sequenceNr: ++sequenceNr, epoch: this.epoch, timestamp }
      state = onEvent(state, event, info)
      if (snapshots?.when?.(state, event, info) === true) isSnapshotWanted = true
      records.push(this.#recordOf(event, timestamp))
    }
    return { next: { state, sequenceNr }, records, isSnapshotWanted }
  }

  #recordOf(event: Event, timestamp: number): JournalRecord {
    const { id, codec, events } = this.#settings
    try {
      const { manifest, version, content } = events.toStored(event)
      return { manifest, version, timestamp, bytes: codec.encode(content) }
    } catch (error) {
      if (error instanceof PersistenceError) throw error
      throw PersistenceError.writeRefused(id, error) // What another codec throws.
    }
  }

  #write(events: readonly JournalRecord[]): Promise<void> {
    const { journal, id, journalTimeoutMs } = this.#settings
    const request = { epoch: this.epoch, expectedSequenceNr: this.#known.sequenceNr, events }
    const { clock } = this.actor.system
    return patiently(clock, journalTimeoutMs, () => journal.append(id, request))
  }

  #failureFor(error: unknown): PersistenceError {
    const { id } = this
    if (!isJournalError(error)) return PersistenceError.writeUnknown(id, error)
    if (error.code === 'CASTY_JOURNAL_FENCED') {
      // Under the same epoch it was this actor, before it started again: what it gave up on came through.
      const isOther = error.head === undefined || error.head.epoch > this.epoch
      return isOther ? PersistenceError.fenced(id, error) : PersistenceError.writeUnknown(id, error)
    }
    return error.outcome === 'nothing-written'
      ? PersistenceError.writeRefused(id, error)
      : PersistenceError.writeUnknown(id, error)
  }
}

/** Nothing was written, and the actor is as it was. */
function isRefusal(error: unknown): error is PersistenceError {
  if (!(error instanceof PersistenceError)) return false
  const { code } = error
  return code === 'CASTY_PERSISTENCE_WRITE_REFUSED' || code === 'CASTY_PERSISTENCE_UNSERIALIZABLE'
}
