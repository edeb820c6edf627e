// What is decided where nothing is heard of members whom nobody need accuse.
import type { NodeKey } from '@casty/membership'
import { ownMembers } from '../counting.ts'
import { afterLease, type Ruling } from '../ruling.ts'
import type { SbrView } from '../view.ts'
import { leaseSilenceMs, silenceMs } from './deadlines.ts'
import { silentMembers } from './hearing.ts'
import type { ResolverInput } from './resolver-state.ts'
import type { ResolverSettings } from './settings.ts'
import type { Stability } from './stability.ts'
import { cautiousRulingOn, isLost } from './verdict.ts'

/** What is lost if those are lost of whom nothing was heard for too long. */
export function silentRuling(
  settings: ResolverSettings,
  stability: Stability,
  { now, view, isLeaseHeld }: ResolverInput,
): Ruling | undefined {
  const { hearing } = stability
  const without = (silent: ReadonlySet<NodeKey>): Ruling | undefined =>
    silent.size === 0 ? undefined : cautiousRulingOn(settings, stability, view, silent)
  const silent = silentMembers(hearing, silenceMs(settings), now)
  const ruling = without(silent)
  if (!ruling || isLost(ruling)) return ruling
  const late = isForsaken(stability, view, silent)
    ? ruling
    : without(silentMembers(hearing, leaseSilenceMs(settings), now))
  const outcome = late && afterLease(late, isLeaseHeld)
  return outcome && isLost(outcome) ? outcome : undefined
}

/**
 * The node stood still, and has heard of nobody since. While it was away others had the time to ask for
 * the lease, and to remove it; and should all have been away with it, only its own life is at stake.
 */
function isForsaken({ wokeAt }: Stability, view: SbrView, silent: ReadonlySet<NodeKey>): boolean {
  if (wokeAt === undefined) return false
  return ownMembers(view).every(({ key }) => key === view.self || silent.has(key))
}
