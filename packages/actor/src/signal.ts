import type { ActorRef } from './actor-ref.ts'

/** Why an actor is no more. */
export type Ending =
  | 'stopped' // By itself, by its parent, or with its system.
  | 'failed' // Nothing that supervises it would go on with it.
  | 'node-gone' // Its node is no longer a member: what became of it there is not known.

/** What an actor is told besides messages. */
export interface Signal {
  /** Somebody whom the actor watches has stopped, and will never handle a message again. */
  readonly type: 'terminated'
  readonly ref: ActorRef<never>
  readonly ending: Ending
}
