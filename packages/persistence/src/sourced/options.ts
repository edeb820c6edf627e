import type { ActorContext, Backoff, Signal } from '@casty/actor'
import type { Codec } from '../events/codec.ts'
import type { EventAdapter, Versions } from '../events/event-adapter.ts'
import type { EventJournal } from '../journal/event-journal.ts'
import type { Effect, Effects } from './effect.ts'

/** What handlers of an event-sourced actor see besides its state. Valid within them only. */
export interface EventSourcedContext<Command, Event, State> {
  readonly actor: ActorContext<Command>
  readonly effects: Effects<Event, State>
  readonly id: string
  /** Under which this incarnation writes. */
  readonly epoch: number
  /** Of the last event that is in the state: the next write expects it to be the last of all. */
  readonly expectedSequenceNr: number
}

/** About an event: the same when it happens as at every recovery. */
export interface EventInfo {
  readonly sequenceNr: number
  /** Of the writer. */
  readonly epoch: number
  /** In milliseconds since the Unix epoch, by the clock of the writer. */
  readonly timestamp: number
}

/** What went wrong, and disturbs nobody: it is tried again when the next snapshot is due. */
export interface PersistenceWarning {
  readonly type:
    | 'snapshot-failed' // It was not saved.
    | 'snapshot-unusable' // The one before was used, or all events.
    | 'deletion-failed' // What the retention asks to be deleted is still there.
  readonly id: string
  /** Of the snapshot. */
  readonly sequenceNr: number
  readonly error: unknown
}

/**
 * When snapshots are taken, and what they make superfluous. A snapshot only makes recovery quicker, so it is
 * saved while the actor goes on.
 */
export interface SnapshotOptions<Event, State> extends Versions {
  /** One is due after so many events. Raise it where states are large. @defaultValue 100 */
  readonly every?: number
  /** One is due after such an event as well. */
  readonly when?: (state: State, event: Event, info: EventInfo) => boolean
  /** So many are kept, in case the newest one is damaged. @defaultValue 2 */
  readonly keep?: number
  /** Whether events are deleted that are in all snapshots that are kept. @defaultValue false */
  readonly deleteEvents?: boolean
}

export interface EventSourcedOptions<Command, Event, State> {
  /** Whose events these are, in the journal. */
  readonly id: string
  readonly journal: EventJournal
  readonly initialState: State
  /** What a command comes to. It must not change the state. */
  readonly onCommand: (
    state: State,
    command: Command,
    context: EventSourcedContext<Command, Event, State>,
  ) => Effect<Event, State> | Promise<Effect<Event, State>>
  /** The state after an event: a pure function, which is called again at every recovery. */
  readonly onEvent: (state: State, event: Event, info: EventInfo) => State
  /** Told that somebody who is watched has stopped. */
  readonly onSignal?: (
    state: State,
    signal: Signal,
    context: EventSourcedContext<Command, Event, State>,
  ) => Effect<Event, State> | Promise<Effect<Event, State>>
  /** Called before the first command, when the state is what the journal says. */
  readonly onRecovered?: (state: State, context: EventSourcedContext<Command, Event, State>) => void
  /** Versions of events. @defaultValue plainEvents() */
  readonly events?: EventAdapter<Event>
  /** @defaultValue jsonCodec */
  readonly codec?: Codec
  /** @defaultValue none are taken */
  readonly snapshots?: SnapshotOptions<Event, State>
  /**
   * Of whoever decides where the actor lives: an actor with a higher one fences those before it.
   *
   * @defaultValue each start, and each restart, takes the next one: the last to start is the writer
   */
  readonly epoch?: number
  /**
   * How long the journal may take for a write, or between two events of a recovery, in milliseconds. Then
   * the actor starts again; a snapshot that takes longer is given up. Raise it where a slow journal is worth waiting for. @defaultValue 10_000
   */
  readonly journalTimeoutMs?: number
  /** Pauses before it starts again, while the journal cannot be reached. @defaultValue 200 to 10_000 ms */
  readonly backoff?: Backoff
  /** Called with what disturbs nobody. What it throws is ignored. @defaultValue logs it, as the system does */
  readonly onWarning?: (warning: PersistenceWarning) => void
}
