// The way by which every decision is made: a strategy is asked about what can be trusted in a view, its
// answer is checked, and whatever goes wrong on the way is a decision to down all. Nothing that fails
// ends in two sides at work.
import type { NodeIdentity } from '@casty/membership'
import { countText, downableMembers, ownMembers } from './counting.ts'
import type { DowningDecision } from './decision.ts'
import type { Judgement, Pass } from './judgement.ts'
import { nodesToDown } from './nodes-to-down.ts'
import type { DowningStrategy } from './strategy.ts'
import { trustedView } from './trusted-view.ts'
import type { SbrView } from './view.ts'

/** A decision, and all that is needed to understand it afterwards. */
export interface Ruling {
  /** The name of the strategy. */
  readonly strategy: string
  readonly decision: DowningDecision
  /** Whom to down now, `self` last. Nobody while a lease has to be asked for. */
  readonly down: readonly NodeIdentity[]
  /** One sentence for people: what was decided, who was counted where, and what decided a tie. */
  readonly reason: string
  /** The counts that it rests on, in order; none where nothing was counted. */
  readonly passes: readonly Pass[]
  /** What it was decided on: the view that was given, without what could not be trusted in it. */
  readonly view: SbrView
}

/** Settings of {@link rule}; alike on all nodes of a cluster. */
export interface RuleOptions {
  /**
   * The share of the members from which on a decision about indirectly connected ones downs all, for
   * other nodes may have decided otherwise on news that reached only them. Lower it, and all go down
   * more often; raise it or turn it `'off'`, and two sides may survive links that fail in one direction
   * only. A decision that asks for a lease is safe by the lease, and is left as it is.
   * @defaultValue 0.5
   */
  readonly downAllWhenIndirectlyConnected?: number | 'off'
}

/** The defaults of {@link rule}. */
export const ruleDefaults: Required<RuleOptions> = Object.freeze({
  downAllWhenIndirectlyConnected: 0.5,
})

/** Asks a strategy who is to be downed. Pure and total: equal views give equal rulings, and it never throws. */
export function rule(strategy: DowningStrategy, view: SbrView, options: RuleOptions = {}): Ruling {
  try {
    const flaw = flawOf(view)
    if (flaw !== undefined) return rulingOf(strategy, view, failed(flaw))
    const trusted = trustedView(view)
    const judgement = checked(judge(strategy, trusted), strategy)
    return rulingOf(strategy, trusted, guarded(judgement, trusted, options))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return rulingOf(strategy, view, failed(`the strategy failed (${message})`))
  }
}

/** What a ruling that asks for a lease comes to when the lease has answered; others stay as they are. */
export function afterLease(ruling: Ruling, isGranted: boolean): Ruling {
  const { decision, view } = ruling
  if (decision.type !== 'acquire-lease') return ruling
  const next = isGranted ? decision.granted : decision.denied
  const what = `${phraseOf(next)}, because the lease was ${isGranted ? 'granted' : 'denied'}`
  return {
    ...ruling,
    decision: next,
    down: nodesToDown(view, next),
    reason: `${ruling.strategy}: ${what}.`,
  }
}

function judge(strategy: DowningStrategy, view: SbrView): Judgement {
  return (
    strategy.judge?.(view) ?? {
      decision: strategy.decide(view),
      because: 'the strategy says so',
      passes: [],
    }
  )
}

function failed(because: string): Judgement {
  return { decision: { type: 'down-all' }, because, passes: [] }
}

function rulingOf(strategy: DowningStrategy, view: SbrView, judgement: Judgement): Ruling {
  const { decision, because, passes } = judgement
  const { name } = strategy
  const down = nodesToDown(view, decision)
  const isIdle = decision.type !== 'stay' && down.length === 0 && !isAnybodyLost(view)
  const what = isIdle
    ? 'nobody is downed, because nobody is unreachable'
    : `${phraseOf(decision)}, because ${because}`
  return { strategy: name, decision, down, reason: `${name}: ${what}.`, passes, view }
}

/** Why a view cannot be decided on. */
function flawOf(view: SbrView): string | undefined {
  const own = ownMembers(view)
  if (!own.some(({ key }) => key === view.self))
    return `this node is no member of data center ${view.dataCenter}`
  if (new Set(own.map(({ key }) => key)).size < own.length)
    return 'a member stands in the view more than once'
  return undefined
}

/** A strategy may come from a user: what it answers must be a decision that can be carried out. */
function checked(judgement: Judgement, strategy: DowningStrategy): Judgement {
  const oddity = oddityOf(judgement.decision)
  if (oddity !== undefined) return failed(`the strategy answered ${oddity}, which is no decision`)
  if (!isWhole(judgement.decision)) return failed('the strategy answered no decision')
  if (judgement.decision.type === 'acquire-lease' && !strategy.lease)
    return failed('the strategy asks for a lease and has none')
  return judgement
}

/** What was answered in place of an object with a type, as by a `decide` that forgets to return. */
function oddityOf(decision: unknown): string | undefined {
  if (typeof decision === 'function') return 'a function'
  if (typeof decision !== 'object' || decision === null)
    return JSON.stringify(decision) ?? String(decision)
  return decision instanceof Promise ? 'a promise' : undefined
}

function isWhole(decision: DowningDecision): boolean {
  switch (decision.type) {
    case 'acquire-lease':
      return (
        Number.isFinite(decision.delayMs) &&
        decision.delayMs >= 0 &&
        isOutcome(decision.granted) &&
        isOutcome(decision.denied)
      )
    default:
      return isOutcome(decision)
  }
}

/** Whether it says at once who goes. */
function isOutcome(decision: DowningDecision): boolean {
  switch (decision.type) {
    case 'stay':
    case 'down-unreachable':
    case 'down-reachable':
    case 'down-all':
    case 'reverse-down-indirectly-connected':
      return true
    case 'down-indirectly-connected':
      return decision.also === undefined || isOutcome(decision.also)
    default:
      return false // Asks for a lease again, or is of a type that nobody knows.
  }
}

function guarded(judgement: Judgement, view: SbrView, options: RuleOptions): Judgement {
  if (!isAnybodyLost(view) && isAct(judgement.decision, view))
    return { ...judgement, decision: { type: 'stay' }, because: 'nobody is unreachable' }
  return guardShare(judgement, view, options)
}

/** Whether somebody is unreachable who was not given up already. */
function isAnybodyLost(view: SbrView): boolean {
  return ownMembers(view).some(({ key, status }) => status !== 'down' && view.unreachable.has(key))
}

function isAct(decision: DowningDecision, view: SbrView): boolean {
  return decision.type === 'acquire-lease' || nodesToDown(view, decision).length > 0
}

/** @see akka-core pull request 32862 */
function guardShare(judgement: Judgement, view: SbrView, options: RuleOptions): Judgement {
  const { downAllWhenIndirectlyConnected: share = ruleDefaults.downAllWhenIndirectlyConnected } =
    options
  if (share === 'off' || judgement.decision.type !== 'down-indirectly-connected') return judgement
  const downed = nodesToDown(view, judgement.decision).length
  const all = downableMembers(view).length
  if (downed < share * all) return judgement
  const because = `${judgement.because}, and that would down ${downed} of ${countText(all)}`
  return { ...judgement, decision: { type: 'down-all' }, because }
}

function phraseOf(decision: DowningDecision): string {
  switch (decision.type) {
    case 'stay':
      return 'nobody is downed'
    case 'down-unreachable':
      return 'this side survives and downs the other'
    case 'down-reachable':
      return 'this side goes down'
    case 'down-all':
      return 'all members go down'
    case 'down-indirectly-connected':
      return decision.also === undefined || decision.also.type === 'stay'
        ? 'the indirectly connected members go down'
        : `the indirectly connected members go down, and of the rest ${phraseOf(decision.also)}`
    case 'reverse-down-indirectly-connected':
      return 'this side goes down with the indirectly connected members'
    case 'acquire-lease':
      return decision.delayMs === 0
        ? 'the lease decides'
        : `the lease decides, for which this side asks ${decision.delayMs} ms later than a majority`
  }
}
