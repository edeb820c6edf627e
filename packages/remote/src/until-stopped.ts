import type { ActorRef, ActorSystem } from '@casty/actor'

/**
 * Has `end` called when the actor is no more, or the result is disposed of, whichever comes first; for a function when that
 * is disposed of.
 *
 * @throws ActorError `CASTY_ACTOR_FOREIGN_REF` for an actor of another system, having called `end`
 */
export function untilStopped(
  system: ActorSystem,
  subscriber: ActorRef<never> | ((message: never) => void),
  end: () => void,
): Disposable {
  if (typeof subscriber === 'function') return { [Symbol.dispose]: end }
  try {
    const whenStopped = system.whenStopped(subscriber, end)
    return {
      [Symbol.dispose]: () => {
        whenStopped[Symbol.dispose]()
        end()
      },
    }
  } catch (error) {
    end()
    throw error
  }
}
