// When something is to be decided, and by whom.
import { leaseDeadline } from './lease-phase.ts'
import type { ResolverInput, ResolverState } from './resolver-state.ts'
import type { ResolverSettings } from './settings.ts'
import type { Stability } from './stability.ts'

/** Why something may be decided now, if it may. */
export function dueCause(
  settings: ResolverSettings,
  { stability }: ResolverState,
  input: ResolverInput,
): 'stable' | 'unstable' | 'overdue' | undefined {
  if (stability?.firstChangeAt === undefined) return undefined
  if (input.now >= quietUntil(settings, stability, input)) {
    if (input.isResponsible) return 'stable'
    return input.now >= overdueAt(settings, stability, input) ? 'overdue' : undefined
  }
  return input.now >= unstableAt(settings, stability) ? 'unstable' : undefined
}

/** A node that distrusts itself waits for longer, but not for ever: nobody else might decide. */
function quietUntil(
  { stableAfterMs, unstableAfterMs = stableAfterMs }: ResolverSettings,
  { quietSince }: Stability,
  { isDoubtful }: ResolverInput,
): number {
  return quietSince + stableAfterMs + (isDoubtful ? unstableAfterMs : 0)
}

/** By then whoever is to decide has decided, or asked for the lease and got its answer. */
function overdueAt(settings: ResolverSettings, stability: Stability, input: ResolverInput): number {
  const { strategy, unstableAfterMs = Number.POSITIVE_INFINITY } = settings
  return quietUntil(settings, stability, input) + (strategy.lease ? 2 : 1) * unstableAfterMs
}

function unstableAt(settings: ResolverSettings, stability: Stability): number {
  const { stableAfterMs, unstableAfterMs = Number.POSITIVE_INFINITY } = settings
  const { firstChangeAt = Number.POSITIVE_INFINITY } = stability
  return firstChangeAt + stableAfterMs + unstableAfterMs
}

/** When to be asked again though nothing changed. What is over already was heeded. */
export function nextDeadline(
  settings: ResolverSettings,
  { stability, lease }: ResolverState,
  input: ResolverInput,
): number {
  const deadlines = [leaseDeadline(lease)]
  const isAtLease = lease.type === 'waiting' || lease.type === 'asking'
  if (stability?.firstChangeAt !== undefined && !isAtLease) {
    deadlines.push(
      unstableAt(settings, stability),
      quietUntil(settings, stability, input),
      overdueAt(settings, stability, input),
    )
  }
  return Math.min(...deadlines.filter((at) => at > input.now))
}
