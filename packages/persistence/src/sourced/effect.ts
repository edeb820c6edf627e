// What a command comes to, as data: nothing of it happens before the handler has returned, and what is to
// follow a write happens only when the journal has acknowledged it.
import type { ActorRef } from '@casty/actor'
import type { PersistenceError } from '../errors.ts'

/** What becomes of the command, and of the actor. */
export type EffectEnd = 'same' | 'stop' | 'stash' | 'unhandled'

/** What an effect is made of. */
interface Parts<Event, State> {
  readonly events: readonly Event[]
  /** Called in order when all events are durable, and in the state. */
  readonly callbacks: readonly ((state: State) => void)[]
  /** Called in order instead, where nothing was written, and the actor goes on. */
  readonly refusals: readonly ((error: PersistenceError) => void)[]
  readonly end: EffectEnd
  readonly unstashes: boolean
}

const empty: readonly never[] = []

/** Nothing but to write these. Named one by one, as below: copied by their names, they would take several times as long. */
function writing<Event, State>(events: readonly Event[]): Parts<Event, State> {
  return { events, callbacks: empty, refusals: empty, end: 'same', unstashes: false }
}

/** What is to happen for a command. Made by {@link Effects}; the same one may be used again. */
export class Effect<Event, State> {
  readonly parts: Parts<Event, State>

  constructor(parts: Parts<Event, State>) {
    this.parts = parts
  }

  /** Calls `callback` with the new state when the events are durable. */
  thenRun(callback: (state: State) => void): Effect<Event, State> {
    const { events, callbacks, refusals, end, unstashes } = this.parts
    const all = callbacks.length === 0 ? [callback] : [...callbacks, callback]
    return new Effect({ events, callbacks: all, refusals, end, unstashes })
  }

  /** Sends an answer when the events are durable. */
  thenReply<R>(to: ActorRef<R>, makeMessage: (state: State) => R): Effect<Event, State> {
    return this.thenRun((state) => to.tell(makeMessage(state)))
  }

  /** Ends the actor then. */
  thenStop(): Effect<Event, State> {
    return new Effect({ ...this.parts, end: 'stop' })
  }

  /** Has the commands that were stashed handled next. */
  thenUnstashAll(): Effect<Event, State> {
    return new Effect({ ...this.parts, unstashes: true })
  }

  /**
   * Calls `callback` where nothing was written, and nothing else of the effect happens: the journal is full
   * or refuses the events, or they cannot be encoded. The command counts as handled then; without this, that
   * is a failure, after which the actor goes on as well.
   *
   * @param callback - given `CASTY_PERSISTENCE_WRITE_REFUSED` or `CASTY_PERSISTENCE_UNSERIALIZABLE`
   */
  ifRefused(callback: (error: PersistenceError) => void): Effect<Event, State> {
    return new Effect({ ...this.parts, refusals: [...this.parts.refusals, callback] })
  }
}

/** Makes what handlers return. */
export interface Effects<Event, State> {
  /** Writes events, all of them or none; then they are in the state. */
  persist(...events: readonly Event[]): Effect<Event, State>
  persistAll(events: readonly Event[]): Effect<Event, State>
  /** Writes nothing. */
  none(): Effect<Event, State>
  /** Answers, and writes nothing. All that the state tells is durable. */
  reply<R>(to: ActorRef<R>, message: R): Effect<Event, State>
  /** Ends the actor. */
  stop(): Effect<Event, State>
  /** Puts the command aside, until `unstashAll`. */
  stash(): Effect<Event, State>
  unstashAll(): Effect<Event, State>
  /** The command becomes a dead letter. */
  unhandled(): Effect<Event, State>
}

const none = new Effect<unknown, unknown>(writing([]))

const makers: Effects<unknown, unknown> = {
  persist: (...events) => new Effect(writing(events)),
  persistAll: (events) => new Effect(writing([...events])),
  none: () => none,
  reply: (to, message) => none.thenReply(to, () => message),
  stop: () => none.thenStop(),
  stash: () => new Effect({ ...none.parts, end: 'stash' }),
  unstashAll: () => none.thenUnstashAll(),
  unhandled: () => new Effect({ ...none.parts, end: 'unhandled' }),
}

/** The same for all actors, of which there may be very many. */
export function effectsOf<Event, State>(): Effects<Event, State> {
  // They look into no event and no state, and `none` has neither.
  return makers as Effects<Event, State>
}
