import type { ActorContext } from './actor-context.ts'
import type { Signal } from './signal.ts'
import type { SupervisionStrategy } from './supervision.ts'

/** What becomes of an actor after a message: how it behaves from now on. Nothing says: as it does now. */
export type Next<M> = Behavior<M> | undefined | void

/** May be `async`: the next message waits until its promise has settled. */
export type MessageHandler<M> = (message: M, context: ActorContext<M>) => Next<M> | Promise<Next<M>>

/** Told what is not a message: that somebody who is watched has stopped. */
export type SignalHandler<M> = (
  signal: Signal,
  context: ActorContext<M>,
) => Next<M> | Promise<Next<M>>

/**
 * Called for each message in place of its handler.
 *
 * @param handle - calls the handler, with that message or another one; called not at all, the message counts
 * as handled
 * @returns how the actor behaves from then on, as a handler does: as a rule what `handle` gave
 */
export type Interceptor<M> = (
  message: M,
  context: ActorContext<M>,
  handle: (message: M) => Next<M> | Promise<Next<M>>,
) => Next<M> | Promise<Next<M>>

/** Called around the life of an actor. What a hook throws is the actor's failure. */
export interface LifecycleHooks<M> {
  /** Before the behavior is set up: at the start, and at every restart. */
  readonly preStart?: (context: ActorContext<M>) => void | Promise<void>
  /** Once, when the actor has stopped, and its children have. */
  readonly postStop?: (context: ActorContext<M>) => void | Promise<void>
  /** A failure is about to restart the actor: let go of what the one before held. */
  readonly preRestart?: (error: unknown, context: ActorContext<M>) => void | Promise<void>
  /** The actor has begun anew and is set up; its first message comes next. The error is that of before. */
  readonly postRestart?: (error: unknown, context: ActorContext<M>) => void | Promise<void>
}

/** Something that a spy saw: a message that was handled without failure. */
export interface Observation<M> {
  readonly path: string
  readonly message: M
  /** On the clock of the system, in milliseconds. */
  readonly at: number
}

/**
 * How an actor behaves: a value, made by {@link Behaviors}. The same one may be given to many actors; what
 * one actor remembers belongs into what `setup` makes, or into the arguments of a function that gives the
 * next behavior.
 */
export type Behavior<M> =
  | {
      readonly type: 'receive'
      readonly onMessage: MessageHandler<M>
      readonly onSignal: SignalHandler<M> | undefined
    }
  | {
      readonly type: 'setup'
      readonly factory: (context: ActorContext<M>) => Behavior<M> | Promise<Behavior<M>>
    }
  | { readonly type: 'lifecycle'; readonly inner: Behavior<M>; readonly hooks: LifecycleHooks<M> }
  | {
      readonly type: 'supervise'
      readonly inner: Behavior<M>
      readonly strategy: SupervisionStrategy
    }
  | {
      readonly type: 'supervise-children'
      readonly inner: Behavior<M>
      readonly strategy: SupervisionStrategy
    }
  | { readonly type: 'intercept'; readonly inner: Behavior<M>; readonly around: Interceptor<M> }
  | {
      readonly type: 'spy'
      readonly inner: Behavior<M>
      readonly observe: (seen: Observation<M>) => void
      readonly onChildren: boolean
    }
  | SignalBehavior

/** What a handler says of itself, in place of a behavior of its own. */
export interface SignalBehavior {
  readonly type: 'same' | 'stopped' | 'restart' | 'unhandled' | 'ignore'
}
