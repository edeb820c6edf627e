// Split-brain resolution of one node as a pure function: what is seen comes in with the time, actions
// and the next deadline come out. It knows no timer, no lease and no membership, only views.
import { nodesToDown } from '../nodes-to-down.ts'
import { afterLease, type Ruling } from '../ruling.ts'
import type { ResolverRuling, RulingCause, SbrAction } from './action.ts'
import { dueAt, nextDeadline, type Due } from './deadlines.ts'
import { settlesWithinMs, unheardSince } from './hearing.ts'
import { answerTimeoutMs, followLease, holdLease, leaseOutlastsMs } from './lease-phase.ts'
import type { ResolverInput, ResolverOutcome, ResolverState } from './resolver-state.ts'
import type { ResolverSettings } from './settings.ts'
import { silentRuling } from './silence.ts'
import { beginWindow, followPicture, putOff, wakeUp, type Stability } from './stability.ts'
import { againstOwnSide, cautiousRulingOn, isLost, rulingOn } from './verdict.ts'

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
  const [watching, hasRestarted] = watch(settings, before, input)
  const isVoid = hasRestarted || !input.isResponsible
  const lease = followLease(watching.lease, input, isVoid, leaseOutlastsMs(settings))
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

/**
 * Follows the picture. After standing still for as long as a window all that was seen is old, and is
 * watched anew; one that was a little late, or begins to distrust itself, waits for another window, but
 * knows how long it has seen or heard of nobody.
 */
function watch(
  { stableAfterMs }: ResolverSettings,
  state: ResolverState,
  input: ResolverInput,
): readonly [state: ResolverState, hasRestarted: boolean] {
  const { now, isDoubtful } = input
  const lateByMs = now - state.wakeAt
  const hasStoodStill = input.hasStalled || lateByMs > Math.max(lateMs, stableAfterMs)
  const beginsToDoubt = isDoubtful && !state.isDoubtful
  if (hasStoodStill) return [{ ...state, isDoubtful, stability: wakeUp(input) }, true]
  if (!state.stability) {
    // Its doubts stretch its patience, and it may have been given up before that is over.
    const stability = beginsToDoubt ? wakeUp(input) : beginWindow(input)
    return [{ ...state, isDoubtful, stability }, true]
  }
  const isLate = lateByMs > lateMs
  const before = isLate ? putOff(state.stability, lateByMs, now) : state.stability
  const { stability, hasRestarted: hasChanged } = followPicture(before, input)
  const hasRestarted = hasChanged || isLate
  if (!beginsToDoubt) return [{ ...state, isDoubtful, stability }, hasRestarted]
  return [{ ...state, isDoubtful, stability: stability && { ...stability, quietSince: now } }, true]
}

function heedLease(
  settings: ResolverSettings,
  state: ResolverState,
  input: ResolverInput,
  outcome: 'due' | 'granted' | 'denied',
): Resolution {
  // Decided once more: who joined or was accused meanwhile restarted nothing, but counts.
  if (!state.stability) return nothing(state)
  const ruling = rulingOn(settings, state.stability, input.view)
  if (outcome !== 'due') return carryOut(settings, state, input, underLease(ruling, outcome, input))
  const waitedMs = state.lease.type === 'waiting' ? state.lease.delayMs : 0
  return ask(settings, { ...state, lease: { type: 'free' } }, input, ruling, waitedMs)
}

function decide(
  settings: ResolverSettings,
  state: ResolverState,
  input: ResolverInput,
): Resolution {
  const { stability, lease } = state
  if (!stability || lease.type === 'waiting' || lease.type === 'asking') return nothing(state)
  const due = dueAt(settings, stability, input)
  if (due.isQuiet && input.isResponsible) {
    const resolution = decideInQuiet(settings, state, input, stability)
    if (resolution) return resolution
  }
  if (due.isUnsettled && !due.isQuiet && stability.isFlapping) {
    return downAllForUnrest(settings, state, input, stability)
  }
  return stopIfLost(settings, state, input, stability, due)
}

/**
 * The leader of a side decides. That this side goes on, it decides only if it would with those alone who
 * have seen the picture; else it waits for the others to, or to become unreachable.
 *
 * @see `hearing.ts` for why
 */
function decideInQuiet(
  settings: ResolverSettings,
  state: ResolverState,
  input: ResolverInput,
  stability: Stability,
): Resolution | undefined {
  const { view, now } = input
  const ruling = rulingOn(settings, stability, view)
  const unheard = unheardSince(stability.hearing, stability.quietSince)
  const cautious = cautiousRulingOn(settings, stability, view, unheard)
  if (!isLost(ruling) && isLost(cautious)) return undefined
  if (ruling.decision.type === 'down-reachable') {
    return ask(settings, state, input, againstOwnSide(ruling, unheard))
  }
  // Who asks first gets it: a side that may be the smaller one waits for as long as one that is.
  const delayMs = cautious.decision.type === 'acquire-lease' ? cautious.decision.delayMs : 0
  if (ruling.decision.type !== 'acquire-lease' || delayMs === 0 || input.isLeaseHeld) {
    return ask(settings, state, input, ruling)
  }
  return [
    { ...state, lease: { type: 'waiting', until: now + delayMs, delayMs } },
    { actions: [], ruling: told(ruling, 'stable', input) },
  ]
}

/** Members come and go, and have for long: no picture lasts long enough to decide on. */
function downAllForUnrest(
  settings: ResolverSettings,
  state: ResolverState,
  input: ResolverInput,
  stability: Stability,
): Resolution {
  const { now, view } = input
  const ruling = rulingOn(settings, stability, view)
  if (ruling.decision.type === 'stay') return nothing(state)
  const sinceMs = Math.round(now - (stability.firstChangeAt ?? now))
  const decision = { type: 'down-all' } as const
  const reason =
    `${ruling.strategy}: all members go down, because some have come and gone for ${sinceMs} ms ` +
    'and no picture lasted long enough to decide on.'
  const down = nodesToDown(view, decision)
  const unrest = { ...ruling, decision, down, reason, passes: [], view }
  return carryOut(settings, state, input, told(unrest, 'unstable', input))
}

/**
 * Whoever was to decide, and whatever there is to see: by now a losing side must have stopped, for the
 * other may take over. Every node sees to that for its own side. That a side goes on is for its leader to
 * decide, in quiet; a picture that only grows, as when nodes crash one after another, costs nobody his
 * life who would survive what is seen now.
 */
function stopIfLost(
  settings: ResolverSettings,
  state: ResolverState,
  input: ResolverInput,
  stability: Stability,
  due: Due,
): Resolution {
  const unheard = unheardSince(stability.hearing, input.now - settlesWithinMs)
  const stop = (ruling: Ruling, cause: RulingCause): Resolution =>
    carryOut(settings, state, input, told(againstOwnSide(ruling, unheard), cause, input))
  if (due.isUnsettled) {
    const ruling = rulingOn(settings, stability, input.view)
    const outcome = due.isLeaseOverdue ? afterLease(ruling, false) : ruling
    if (isLost(outcome)) return stop(outcome, due.isQuiet ? 'overdue' : 'unstable')
  }
  const silent = silentRuling(settings, stability, input)
  return silent ? stop(silent, 'unheard') : nothing(state)
}

/** Acts on a ruling, or asks for the lease where that needs one which is not held yet. */
function ask(
  settings: ResolverSettings,
  state: ResolverState,
  input: ResolverInput,
  ruling: Ruling,
  waitedMs = 0,
): Resolution {
  if (ruling.decision.type !== 'acquire-lease') {
    return carryOut(settings, state, input, told(ruling, 'stable', input))
  }
  if (input.isLeaseHeld) {
    return carryOut(settings, state, input, underLease(ruling, 'granted', input))
  }
  const request = state.requests + 1
  const timeoutMs = answerTimeoutMs(settings, waitedMs)
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

function nothing(state: ResolverState): Resolution {
  return [state, { actions: [], ruling: undefined }]
}

function carryOut(
  settings: ResolverSettings,
  state: ResolverState,
  { now }: ResolverInput,
  ruling: ResolverRuling,
): Resolution {
  const { down, cause } = ruling
  const keys = down.map(({ key }) => key)
  const acted: ResolverState = {
    ...state,
    stability: state.stability && { ...state.stability, quietSince: now },
    lease:
      cause === 'lease-granted'
        ? holdLease(state.lease, keys, now, leaseOutlastsMs(settings))
        : state.lease,
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
