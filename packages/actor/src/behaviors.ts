// What makes behaviors. Users see them under one name.
import type { ActorContext } from './actor-context.ts'
import type {
  Behavior,
  Interceptor,
  LifecycleHooks,
  MessageHandler,
  Observation,
  SignalBehavior,
  SignalHandler,
} from './behavior.ts'
import type { Stash } from './stash.ts'
import type { SupervisionStrategy } from './supervision.ts'
import type { Timers } from './timers.ts'

/** Handles messages, one at a time; and signals, where it watches somebody. */
export function receive<M>(onMessage: MessageHandler<M>, onSignal?: SignalHandler<M>): Behavior<M> {
  return { type: 'receive', onMessage, onSignal }
}

/** Handles messages, where the context is of no use to it. */
export function receiveMessage<M>(
  onMessage: (message: M) => ReturnType<MessageHandler<M>>,
): Behavior<M> {
  return { type: 'receive', onMessage: (message) => onMessage(message), onSignal: undefined }
}

/**
 * Made anew for each actor, and at each restart, before its first message: the place for what one actor
 * remembers, and for what it begins with.
 */
export function setup<M>(
  factory: (context: ActorContext<M>) => Behavior<M> | Promise<Behavior<M>>,
): Behavior<M> {
  return { type: 'setup', factory }
}

/** The same, for what needs timers only. */
export function withTimers<M>(factory: (timers: Timers<M>) => Behavior<M>): Behavior<M> {
  return setup((context) => factory(context.timers))
}

/** The same, for what needs a stash only. */
export function withStash<M>(factory: (stash: Stash<M>) => Behavior<M>): Behavior<M> {
  return setup((context) => factory(context.stash))
}

/** As it was: what a handler that returns nothing says as well. */
export const same: SignalBehavior = { type: 'same' }
/** Stops, after its children have. */
export const stopped: SignalBehavior = { type: 'stopped' }
/** Begins anew, as after a failure. */
export const restart: SignalBehavior = { type: 'restart' }
/** As it was; the message becomes a dead letter. */
export const unhandled: SignalBehavior = { type: 'unhandled' }
/** Takes every message, and does nothing. */
export const ignore: SignalBehavior = { type: 'ignore' }

/** Calls hooks around the life of the actor. */
export function withLifecycle<M>(inner: Behavior<M>, hooks: LifecycleHooks<M>): Behavior<M> {
  return { type: 'lifecycle', inner, hooks }
}

/** What becomes of the actor when it fails. Strategies may be nested: the inner one is asked first. */
export function supervise<M>(inner: Behavior<M>, strategy: SupervisionStrategy): Behavior<M> {
  return { type: 'supervise', inner, strategy }
}

/** What becomes of its children when they fail, and have no strategy that goes on with them. */
export function superviseChildren<M>(
  inner: Behavior<M>,
  strategy: SupervisionStrategy,
): Behavior<M> {
  return { type: 'supervise-children', inner, strategy }
}

/**
 * Has `around` called for each message, which hands it on, or another one, or none: to filter, to measure, to
 * translate. Where several are nested, the outer one comes first. Signals go by it.
 */
export function intercept<M>(inner: Behavior<M>, around: Interceptor<M>): Behavior<M> {
  return { type: 'intercept', inner, around }
}

/** Looks on: `observe` is called after each message that was handled without failure. */
export function spy<M>(inner: Behavior<M>, observe: (seen: Observation<M>) => void): Behavior<M> {
  return { type: 'spy', inner, observe, onChildren: false }
}

/** Looks on, also at the children that it spawns, and at theirs, whatever their messages are. */
export function spyOnAll<M>(
  inner: Behavior<M>,
  observe: (seen: Observation<unknown>) => void,
): Behavior<M> {
  return { type: 'spy', inner, observe, onChildren: true }
}

/** Makes behaviors: what handles messages, and what is around that. */
export const Behaviors: {
  readonly receive: typeof receive
  readonly receiveMessage: typeof receiveMessage
  readonly setup: typeof setup
  readonly withTimers: typeof withTimers
  readonly withStash: typeof withStash
  readonly same: typeof same
  readonly stopped: typeof stopped
  readonly restart: typeof restart
  readonly unhandled: typeof unhandled
  readonly ignore: typeof ignore
  readonly withLifecycle: typeof withLifecycle
  readonly supervise: typeof supervise
  readonly superviseChildren: typeof superviseChildren
  readonly intercept: typeof intercept
  readonly spy: typeof spy
  readonly spyOnAll: typeof spyOnAll
} = Object.freeze({
  receive,
  receiveMessage,
  setup,
  withTimers,
  withStash,
  same,
  stopped,
  restart,
  unhandled,
  ignore,
  withLifecycle,
  supervise,
  superviseChildren,
  intercept,
  spy,
  spyOnAll,
})
