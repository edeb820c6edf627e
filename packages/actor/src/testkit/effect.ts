import type { ActorRef } from '../actor-ref.ts'
import type { Behavior } from '../behavior.ts'

/** What a behavior that is tested alone did, besides what it told others. */
export type Effect =
  | { readonly type: 'spawned'; readonly name: string; readonly behavior: Behavior<never> }
  | { readonly type: 'stopped-child'; readonly name: string }
  | { readonly type: 'watched'; readonly path: string; readonly message?: unknown }
  | { readonly type: 'unwatched'; readonly path: string }
  | {
      readonly type: 'timer-started'
      readonly key: string
      readonly message: unknown
      readonly delayMs: number
      readonly everyMs?: number
    }
  | { readonly type: 'timer-cancelled'; readonly key: string }
  | { readonly type: 'stashed'; readonly message: unknown }
  | { readonly type: 'unstashed'; readonly messages: readonly unknown[] }
  /** The answer is told to the ref in the message. */
  | { readonly type: 'asked'; readonly ref: ActorRef<never>; readonly message: unknown }
  /** Its outcome is told to the actor itself, when it has settled. */
  | { readonly type: 'piped'; readonly promise: Promise<unknown> }
