import type { Trust } from './authentication.ts'
import type { DropReason, Refusal, RefusalReason } from './endpoint-types.ts'
import type { NodeIdentity } from './node-identity.ts'

/** Frames for a life that is over, or that does not want us, are lost for good: say so. */
export function dropReasonOf(reason: RefusalReason): DropReason {
  switch (reason) {
    case 'busy':
    case 'closing':
    case 'malformed':
    case 'duplicate':
    case 'unreachable-address':
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

/** What may be refused before anything was proved: of everything else an unproven word is not heeded. */
const openReasons: readonly RefusalReason[] = [
  'wire-version',
  'busy',
  'malformed',
  'identity',
  'authentication',
]

/** What is left of a refusal by one that nothing vouches for: nothing that tells of lives and members. */
export function unvouched({ reason, detail }: Refusal, instead: Refusal): Refusal {
  return openReasons.includes(reason) ? { reason, detail } : instead
}

/**
 * What is heeded of a refusal by one that proved who it is: nobody speaks in the name of another, or a client of lives
 * and members.
 *
 * @param self - who reads it: named in a refusal by one that looked for another life of this node
 */
export function heeded(
  refusal: Refusal,
  { identity, trust }: { readonly identity: NodeIdentity; readonly trust: Trust | undefined },
  self: NodeIdentity,
): Refusal {
  const { reason, actual, detail } = refusal
  if (trust !== 'client') {
    const isItsOwn = actual === undefined || actual.equals(identity) || actual.equals(self)
    return isItsOwn ? refusal : foreign(`${identity} refused for ${reason} as ${actual}`)
  }
  if (isForGood(reason)) return foreign(`the client ${identity} refused for ${reason}`)
  return { reason, detail }
}

function foreign(detail: string): Refusal {
  return { reason: 'authentication', detail: `${detail}, which is not for it to say` }
}
