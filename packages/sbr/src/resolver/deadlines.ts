// When something is to be decided, and by whom.
import { nextSilence, settlesWithinMs } from './hearing.ts'
import { leaseDeadline } from './lease-phase.ts'
import type { ResolverInput, ResolverState } from './resolver-state.ts'
import type { ResolverSettings } from './settings.ts'
import type { Stability } from './stability.ts'

/** What time it is for the picture; several may hold. */
export interface Due {
  /** It has been quiet for long enough to decide that a side goes on. */
  readonly isQuiet: boolean
  /** It has been undecided for so long that the losing side must stop. */
  readonly isUnsettled: boolean
  /** So long that also an answer of the lease should have come. */
  readonly isLeaseOverdue: boolean
}

export function dueAt(settings: ResolverSettings, stability: Stability, input: ResolverInput): Due {
  const { now } = input
  const isUndecided = stability.firstChangeAt !== undefined
  return {
    isQuiet: isUndecided && now >= quietUntil(settings, stability, input),
    isUnsettled: now >= unsettledAt(settings, stability),
    isLeaseOverdue: now >= unsettledAt(settings, stability) + patienceMs(settings),
  }
}

/** Beyond the window; without end where instability downs nobody. */
function patienceMs({ unstableAfterMs = Number.POSITIVE_INFINITY }: ResolverSettings): number {
  return unstableAfterMs
}

/** A node that distrusts itself waits for longer, but not for ever: nobody else might decide. */
function quietUntil(
  { stableAfterMs, unstableAfterMs = stableAfterMs }: ResolverSettings,
  { quietSince }: Stability,
  { isDoubtful }: ResolverInput,
): number {
  return quietSince + stableAfterMs + (isDoubtful ? unstableAfterMs : 0)
}

function unsettledAt(settings: ResolverSettings, stability: Stability): number {
  const { firstChangeAt = Number.POSITIVE_INFINITY } = stability
  return firstChangeAt + settings.stableAfterMs + patienceMs(settings)
}

/**
 * How long a member may stay silent, in milliseconds, before it counts as lost against the own side: a
 * little longer than the window, so that a leader who sees the same decides first.
 */
export function silenceMs({ stableAfterMs }: ResolverSettings): number {
  return stableAfterMs + settlesWithinMs
}

/** The same where the lease might yet save the own side. */
export function leaseSilenceMs(settings: ResolverSettings): number {
  return silenceMs(settings) + 2 * patienceMs(settings)
}

/** When to be asked again though nothing changed. What is over already was heeded. */
export function nextDeadline(
  settings: ResolverSettings,
  { stability, lease }: ResolverState,
  input: ResolverInput,
): number {
  const { now } = input
  const deadlines = [leaseDeadline(lease)]
  const isAtLease = lease.type === 'waiting' || lease.type === 'asking'
  if (stability && !isAtLease) {
    deadlines.push(nextSilence(stability.hearing, silenceMs(settings), now))
    if (settings.strategy.lease) {
      deadlines.push(nextSilence(stability.hearing, leaseSilenceMs(settings), now))
    }
    if (stability.firstChangeAt !== undefined) {
      const unsettled = unsettledAt(settings, stability)
      deadlines.push(quietUntil(settings, stability, input), unsettled)
      deadlines.push(unsettled + patienceMs(settings))
    }
  }
  return Math.min(...deadlines.filter((at) => at > now))
}
