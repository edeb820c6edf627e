import type { LaneCloseReason } from './endpoint-types.ts'
import type { ProofLapse } from './transport.ts'

/** Why a connection ends without a loss: what waits for it goes by the next one. */
export type OrderlyReason = 'idle' | ProofLapse

const reasons: ReadonlySet<LaneCloseReason> = new Set<OrderlyReason>([
  'idle',
  'expired',
  'untrusted',
])

export function isOrderly(reason: LaneCloseReason): boolean {
  return reasons.has(reason)
}
