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
 * How long a member may stay silent, in milliseconds, before it counts as lost against the own side: so
 * long that with the time for news to spread the losing side stops no later than where it sees votes.
 */
export function silenceMs(settings: ResolverSettings): number {
  return Math.max(0, settings.stableAfterMs + patienceMs(settings) - settlesWithinMs)
}

/** The same where the lease might yet save the own side. */
export function leaseSilenceMs(settings: ResolverSettings): number {
  return silenceMs(settings) + patienceMs(settings)
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
    const silences = [
      silenceMs(settings),
      ...(settings.strategy.lease ? [leaseSilenceMs(settings)] : []),
    ]
    for (const ms of silences) {
      deadlines.push(nextSilence(stability.hearing, ms, now))
      deadlines.push(nextSilence(stability.hearing, ms + settlesWithinMs, now))
    }
    if (stability.firstChangeAt !== undefined) {
      const unsettled = unsettledAt(settings, stability)
      deadlines.push(quietUntil(settings, stability, input), unsettled)
      deadlines.push(unsettled + patienceMs(settings))
    }
  }
  return Math.min(...deadlines.filter((at) => at > now))
}
