// Split-brain resolution of one node as a pure function: what is seen comes in with the time, actions
// and the next deadline come out. It knows no timer, no lease and no membership, only views.
import { nodesToDown } from '../nodes-to-down.ts'
import { afterLease, rule, type Ruling } from '../ruling.ts'
import type { ResolverRuling, RulingCause, SbrAction } from './action.ts'
import { dueCause, nextDeadline } from './deadlines.ts'
import { answerTimeoutMs, followLease, holdLease } from './lease-phase.ts'
import type { ResolverInput, ResolverOutcome, ResolverState } from './resolver-state.ts'
import type { ResolverSettings } from './settings.ts'
import { beginWindow, followPicture } from './stability.ts'

/** Asked this much later than it wanted, in milliseconds, the node stood still meanwhile. */
const lateMs = 500

type Resolution = readonly [
  state: ResolverState,
  outcome: Pick<ResolverOutcome, 'actions' | 'ruling'>,
]

/**
 * To be asked after every change of the view, and at `wakeAt`. Acts at most once on what it sees:
 * members that are down already are left alone. Never throws.
 *
 * @see Pekko `SplitBrainResolverBase`
 */
export function resolve(
  settings: ResolverSettings,
  before: ResolverState,
  input: ResolverInput,
): readonly [state: ResolverState, outcome: ResolverOutcome] {
  const [watching, hasRestarted] = watch(before, input)
  const isVoid = hasRestarted || !input.isResponsible
  const { releaseAfterMs = 0 } = settings.strategy.lease ?? {}
  const lease = followLease(watching.lease, input, isVoid, releaseAfterMs)
  const following: ResolverState = { ...watching, lease: lease.phase }
  const [state, { actions, ruling }] = lease.outcome
    ? heedLease(settings, following, input, lease.outcome)
    : decide(settings, following, input)
  const wakeAt = nextDeadline(settings, state, input)
  const released: readonly SbrAction[] = lease.isGivenUp ? [{ type: 'release-lease' }] : []
  return [
    { ...state, wakeAt },
    { actions: [...released, ...actions], ruling, wakeAt },
  ]
}

/** Follows the picture. After standing still all that was seen is old: the window begins anew. */
function watch(
  state: ResolverState,
  input: ResolverInput,
): readonly [state: ResolverState, hasRestarted: boolean] {
  const { now, view, isDoubtful } = input
  const hasBegunToDoubt = isDoubtful && !state.isDoubtful
  const isStale = input.hasStalled || now - state.wakeAt > lateMs || hasBegunToDoubt
  if (isStale || !state.stability) {
    return [{ ...state, isDoubtful, stability: beginWindow(view, now) }, true]
  }
  const { stability, hasRestarted } = followPicture(state.stability, view, now)
  return [{ ...state, isDoubtful, stability }, hasRestarted]
}

function heedLease(
  settings: ResolverSettings,
  state: ResolverState,
  input: ResolverInput,
  outcome: 'due' | 'granted' | 'denied',
): Resolution {
  // Decided once more: who joined or was accused meanwhile restarted nothing, but counts.
  const ruling = rule(settings.strategy, input.view)
  if (outcome !== 'due') return carryOut(settings, state, input, underLease(ruling, outcome, input))
  return ask(settings, { ...state, lease: { type: 'free' } }, input, ruling)
}

function decide(
  settings: ResolverSettings,
  state: ResolverState,
  input: ResolverInput,
): Resolution {
  const isAtLease = state.lease.type === 'waiting' || state.lease.type === 'asking'
  const cause = isAtLease ? undefined : dueCause(settings, state, input)
  if (!cause) return [state, { actions: [], ruling: undefined }]
  const ruling = rule(settings.strategy, input.view)
  if (cause !== 'stable') return decideAgainstOneself(settings, state, input, ruling, cause)
  const { decision } = ruling
  const isEarly = decision.type === 'acquire-lease' && decision.delayMs > 0 && !input.isLeaseHeld
  if (!isEarly) return ask(settings, state, input, ruling)
  const until = input.now + decision.delayMs
  return [
    { ...state, lease: { type: 'waiting', until } },
    { actions: [], ruling: told(ruling, cause, input) },
  ]
}

/** Acts on a ruling, or asks for the lease where that needs one which is not held yet. */
function ask(
  settings: ResolverSettings,
  state: ResolverState,
  input: ResolverInput,
  ruling: Ruling,
): Resolution {
  const { decision } = ruling
  if (decision.type !== 'acquire-lease') {
    return carryOut(settings, state, input, told(ruling, 'stable', input))
  }
  if (input.isLeaseHeld) {
    return carryOut(settings, state, input, underLease(ruling, 'granted', input))
  }
  const request = state.requests + 1
  const timeoutMs = answerTimeoutMs(settings, decision.delayMs)
  const wanted = told(ruling, 'stable', input)
  return [
    {
      ...state,
      requests: request,
      lease: { type: 'asking', request, giveUpAt: input.now + timeoutMs },
    },
    { actions: [{ type: 'acquire-lease', request, timeoutMs, ruling: wanted }], ruling: wanted },
  ]
}

/**
 * Decides though this node is not the one to, or the picture is not quiet, so that the losing side has
 * stopped when the other takes over. That a side goes on is for its leader to decide, in quiet.
 *
 * A picture in which members come and go is no basis for a decision: all go down. One that only grows,
 * as when nodes crash one after another, costs nobody his life who would survive what is seen now.
 */
function decideAgainstOneself(
  settings: ResolverSettings,
  state: ResolverState,
  input: ResolverInput,
  ruling: Ruling,
  cause: 'unstable' | 'overdue',
): Resolution {
  const { now, view } = input
  const firstChangeAt = state.stability?.firstChangeAt ?? now
  if (cause === 'unstable' && state.stability?.isFlapping && ruling.decision.type !== 'stay') {
    const unsettled = downAllOf(ruling, view, now - firstChangeAt)
    return carryOut(settings, state, input, told(unsettled, cause, input))
  }
  const isLeaseOverdue = cause === 'overdue' && ruling.decision.type === 'acquire-lease'
  const outcome = isLeaseOverdue ? afterLease(ruling, false) : ruling
  const down = outcome.down.filter(({ key }) => !view.unreachable.has(key))
  const isLost = down.some(({ key }) => key === view.self)
  if (!isLost) return [state, { actions: [], ruling: undefined }]
  return carryOut(settings, state, input, told({ ...outcome, down }, cause, input))
}

function downAllOf(ruling: Ruling, view: ResolverInput['view'], sinceMs: number): Ruling {
  const because = `members have come and gone for ${Math.round(sinceMs)} ms, and no picture lasted long enough to decide on`
  const decision = { type: 'down-all' } as const
  const reason = `${ruling.strategy}: all members go down, because ${because}.`
  return { ...ruling, decision, down: nodesToDown(view, decision), reason, passes: [], view }
}

function carryOut(
  settings: ResolverSettings,
  state: ResolverState,
  { now }: ResolverInput,
  ruling: ResolverRuling,
): Resolution {
  const { down, cause } = ruling
  const { releaseAfterMs = 0 } = settings.strategy.lease ?? {}
  const keys = down.map(({ key }) => key)
  const acted: ResolverState = {
    ...state,
    stability: state.stability && { ...state.stability, quietSince: now },
    lease:
      cause === 'lease-granted' ? holdLease(state.lease, keys, now, releaseAfterMs) : state.lease,
  }
  return [
    acted,
    { actions: down.length > 0 ? [{ type: 'down', nodes: down, ruling }] : [], ruling },
  ]
}

function told(ruling: Ruling, cause: RulingCause, { now }: ResolverInput): ResolverRuling {
  return { ...ruling, cause, at: now }
}

function underLease(
  ruling: Ruling,
  outcome: 'granted' | 'denied',
  input: ResolverInput,
): ResolverRuling {
  const isGranted = outcome === 'granted'
  return told(afterLease(ruling, isGranted), isGranted ? 'lease-granted' : 'lease-denied', input)
}
