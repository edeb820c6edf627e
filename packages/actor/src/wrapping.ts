// What is around the behavior of an actor: hooks, strategies, spies.
import type {
  Behavior,
  Interceptor,
  LifecycleHooks,
  MessageHandler,
  Observation,
} from './behavior.ts'
import { isPromise } from './is-promise.ts'
import type { SupervisionStrategy } from './supervision.ts'

/** All that is around a behavior. */
export interface Wrapping {
  readonly hooks: LifecycleHooks<unknown>
  /** How the actor's own failures are dealt with, the innermost first. */
  readonly strategies: readonly SupervisionStrategy[]
  /** And those of its children. */
  readonly childStrategy: SupervisionStrategy | undefined
  /** The innermost first. */
  readonly interceptors: readonly Interceptor<unknown>[]
  /** The innermost first. */
  readonly observers: readonly ((seen: Observation<unknown>) => void)[]
  /** Those that look at its children as well. */
  readonly spies: readonly ((seen: Observation<unknown>) => void)[]
}

export const unwrapped: Wrapping = {
  hooks: {},
  strategies: [],
  childStrategy: undefined,
  interceptors: [],
  observers: [],
  spies: [],
}

/** A handler with all interceptors around it. @param interceptors - the innermost first */
export function intercepted<M>(
  onMessage: MessageHandler<M>,
  interceptors: readonly Interceptor<M>[],
): MessageHandler<M> {
  return interceptors.reduce<MessageHandler<M>>(
    (inner, around) => (message, context) =>
      around(message, context, (handed) => inner(handed, context)),
    onMessage,
  )
}

export type Wrapper = Extract<
  Behavior<unknown>,
  { readonly type: 'lifecycle' | 'supervise' | 'supervise-children' | 'intercept' | 'spy' }
>

/** With one thing more around the behavior. */
export function wrapped(inside: Wrapping, wrapper: Wrapper): Wrapping {
  switch (wrapper.type) {
    case 'lifecycle':
      return { ...inside, hooks: bothHooks(wrapper.hooks, inside.hooks) }
    case 'supervise':
      return { ...inside, strategies: [wrapper.strategy, ...inside.strategies] }
    case 'supervise-children':
      return { ...inside, childStrategy: wrapper.strategy }
    case 'intercept':
      return { ...inside, interceptors: [wrapper.around, ...inside.interceptors] }
    case 'spy':
      return {
        ...inside,
        observers: [wrapper.observe, ...inside.observers],
        spies: wrapper.onChildren ? [wrapper.observe, ...inside.spies] : inside.spies,
      }
  }
}

/** Hooks at the end are called from the inside out; at the start each is called when its turn comes. */
function bothHooks(
  inner: LifecycleHooks<unknown>,
  outer: LifecycleHooks<unknown>,
): LifecycleHooks<unknown> {
  return {
    postStop: both(inner.postStop, outer.postStop),
    preRestart: both(inner.preRestart, outer.preRestart),
    postRestart: both(inner.postRestart, outer.postRestart),
  }
}

type Hook<A extends unknown[]> = (...given: A) => void | Promise<void>

/** One after the other, the second also where the first fails. */
function both<A extends unknown[]>(first: Hook<A> = () => {}, second: Hook<A> = () => {}): Hook<A> {
  return (...given) => {
    let done: void | Promise<void>
    try {
      done = first(...given)
    } catch (error) {
      done = Promise.reject(error)
    }
    return isPromise(done) ? oneByOne(done, () => second(...given)) : second(...given)
  }
}

async function oneByOne(first: PromiseLike<void>, second: Hook<[]>): Promise<void> {
  try {
    await first
  } finally {
    await second()
  }
}
