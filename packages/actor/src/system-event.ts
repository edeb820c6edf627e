import type { ActorRef } from './actor-ref.ts'
import type { DeadLetter } from './dead-letter.ts'
import type { Ending } from './signal.ts'
import type { ShutdownPhase } from './shutdown.ts'
import type { Directive } from './supervision.ts'

/** What a system tells about its actors. */
export type SystemEvent =
  | { readonly type: 'actor-started'; readonly ref: ActorRef<never> }
  | { readonly type: 'actor-stopped'; readonly ref: ActorRef<never>; readonly ending: Ending }
  | {
      readonly type: 'actor-failed'
      readonly ref: ActorRef<never>
      readonly error: unknown
      /** What becomes of it. */
      readonly directive: Directive
    }
  | { readonly type: 'actor-restarted'; readonly ref: ActorRef<never>; readonly error: unknown }
  /** A task failed, or was given up: then with `CASTY_ACTOR_SHUTDOWN_TIMEOUT`. */
  | {
      readonly type: 'shutdown-task-failed'
      readonly phase: ShutdownPhase
      readonly name: string
      readonly error: unknown
    }
  | { readonly type: 'dead-letter'; readonly deadLetter: DeadLetter }
