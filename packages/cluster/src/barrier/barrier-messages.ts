import type { ActorRef } from '@casty/actor'

/** What those who come to a barrier tell it. All of it is sent again until it is answered. */
export type BarrierMessage =
  | {
      readonly type: 'arrive'
      /** Of this arrival: the same when it is sent again. */
      readonly id: string
      /** It was sent before, so that its round may be complete already. */
      readonly isAgain: boolean
      readonly parties: number
      readonly replyTo: ActorRef<BarrierAnswer>
    }
  /** It wants to wait no longer. */
  | {
      readonly type: 'withdraw'
      readonly id: string
      readonly replyTo: ActorRef<BarrierAnswer>
    }
  /** It knows that its round is complete, and tells the barrier: it may have forgotten by now. */
  | {
      readonly type: 'confirm'
      readonly id: string
      /** The ids of all arrivals of the round. */
      readonly round: readonly string[]
      readonly replyTo: ActorRef<BarrierAnswer>
    }

export type BarrierAnswer =
  /** All are there. */
  | { readonly type: 'passed'; readonly round: readonly string[] }
  /** Those who wait already expect another number. */
  | { readonly type: 'mismatch'; readonly parties: number }
  /** The barrier moves to another node: arrive again. */
  | { readonly type: 'again' }
  /** It is not waited for any more. */
  | { readonly type: 'withdrawn' }
  /** All of the round know that it is complete. */
  | { readonly type: 'confirmed' }
