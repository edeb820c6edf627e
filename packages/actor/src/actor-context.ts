import type { ActorRef } from './actor-ref.ts'
import type { ActorSystem } from './actor-system.ts'
import type { AskOptions } from './ask.ts'
import type { Behavior } from './behavior.ts'
import type { Gate } from './gate.ts'
import type { MailboxSettings } from './mailbox.ts'
import type { Stash } from './stash.ts'
import type { Timers } from './timers.ts'

export interface SpawnOptions {
  /** Its name among its siblings. @defaultValue one that nobody has */
  readonly name?: string
  /** @defaultValue that of the system */
  readonly mailbox?: Partial<MailboxSettings>
  /**
   * What must be open for the actor, and for all below it, to be set up and to handle messages. While it is
   * closed they wait, within the bounds of their mailboxes; they can be stopped.
   */
  readonly gate?: Gate
}

/** What an actor sees of itself and its surroundings. Valid within its own handlers and hooks only. */
export interface ActorContext<M> {
  readonly self: ActorRef<M>
  readonly system: ActorSystem
  /** Aborted when the actor stops or restarts: for whatever its handlers wait for. */
  readonly signal: AbortSignal
  /** Cancelled when the actor stops or restarts. */
  readonly timers: Timers<M>
  /** For messages that cannot be handled yet. */
  readonly stash: Stash<M>
  /** Those that live, or have not quite stopped. */
  readonly children: readonly ActorRef<never>[]

  /** The child of that name, if there is one. */
  child(name: string): ActorRef<never> | undefined
  /**
   * Starts a child, which ends before this actor does.
   *
   * @throws ActorError `CASTY_ACTOR_NAME_TAKEN`, `CASTY_ACTOR_STOPPED`, `CASTY_ACTOR_INVALID_OPTION`
   */
  spawn<C>(behavior: Behavior<C>, options?: SpawnOptions): ActorRef<C>
  /** Ends a child, after the message that it handles. @throws ActorError `CASTY_ACTOR_NOT_A_CHILD` */
  stop(child: ActorRef<never>): void

  /**
   * Asks to be told when another actor has stopped, by a signal: at once, if it has already. One who does not
   * handle the signal fails with `CASTY_ACTOR_DEATH_PACT`.
   */
  watch(ref: ActorRef<never>): void
  /** The same, by a message. */
  watchWith(ref: ActorRef<never>, message: M): void
  unwatch(ref: ActorRef<never>): void

  /**
   * Asks another actor, and waits for its answer. While the promise is awaited in a handler, this actor
   * handles nothing else; where it asks one that waits for this one, it rejects with
   * `CASTY_ACTOR_ASK_CYCLE`. For the rest see `ActorSystem.ask`.
   *
   * What is asked is taken for what the handler waits for, unless it goes to `pipeToSelf`: where it is asked
   * later, by a `then` of a promise that nobody awaits, or while the handler waits for something else, that
   * may be wrong. `system.ask` takes it for nothing.
   */
  ask<A, R, const Q extends A = A>(
    ref: ActorRef<A>,
    makeMessage: (replyTo: ActorRef<R>) => Q,
    options?: AskOptions,
  ): Promise<R>
  /**
   * Sends the outcome of a promise to this actor, which goes on meanwhile. What arrives after a stop or a
   * restart is dropped.
   *
   * @param onError - without it a rejection is this actor's failure
   */
  pipeToSelf<T>(
    promise: Promise<T>,
    onValue: (value: T) => M,
    onError?: (error: unknown) => M,
  ): void
  /** A ref for messages of another kind: `map` is called in this actor's turn. */
  adapt<A>(map: (message: A) => M): ActorRef<A>
}
