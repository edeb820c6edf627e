import type { DropReason, RefusalReason } from './endpoint-types.ts'

/** Frames for a life that is over, or that does not want us, are lost for good: say so. */
export function dropReasonOf(reason: RefusalReason): DropReason {
  switch (reason) {
    case 'busy':
    case 'closing':
    case 'malformed':
    case 'duplicate':
      return 'lane-closed'
    case 'wire-version':
    case 'cluster-name':
    case 'config':
    case 'wrong-incarnation':
    case 'stale-incarnation':
    case 'removed':
    case 'self':
    case 'identity':
    case 'authentication':
    case 'forbidden':
      return 'peer-gone'
  }
}

/** True for reasons that no later dial to the same incarnation overcomes. */
export function isForGood(reason: RefusalReason): boolean {
  return reason === 'removed' || reason === 'stale-incarnation' || reason === 'forbidden'
}
