// What the two ends of a stream tell each other. An element is sent only where it was asked for.
import type { ActorRef } from './actor-ref.ts'

/** Told to the source of a stream. Whoever sends it watches the producer that it is answered with. */
export interface StreamRequest<E> {
  readonly type: 'subscribe'
  /** Goes with all that is told of it: one who begins anew tells its stream from the one before. */
  readonly streamId: number
  readonly subscriber: ActorRef<StreamMessage<E>>
  readonly replyTo: ActorRef<ActorRef<StreamDemand>>
}

/** Told to a producer: how many more elements may be sent; or that it is not needed any more. */
export type StreamDemand =
  | { readonly type: 'demand'; readonly count: number }
  | { readonly type: 'cancel' }

/** Told to the subscriber of a stream. After the last two there is nothing more. */
export type StreamMessage<E> = { readonly streamId: number } &
  /** `index` counts from 0: where one is missing, it was lost on its way. */
  (
    | { readonly type: 'element'; readonly index: number; readonly element: E }
    /** So many were sent so far: said where no more were asked for, in case that some were lost. */
    | { readonly type: 'given'; readonly count: number }
    /** `count` is that of all elements. */
    | { readonly type: 'completed'; readonly count: number }
    | { readonly type: 'failed'; readonly error: unknown }
  )
