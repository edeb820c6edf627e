import type { NodeKey } from '@casty/membership'
import type { Lease } from '../lease.ts'
import { countSides, countText, settled } from '../counting.ts'
import { SbrError } from '../errors.ts'
import {
  indirectlyConnected,
  judgeIndirectlyConnected,
  withoutIndirectlyConnected,
} from '../indirectly-connected.ts'
import { judgedOnce, type Judgement } from '../judgement.ts'
import { durationMs, knownNames, role } from '../option-values.ts'
import { agreementOf, strategyOf, type DowningStrategy } from '../strategy.ts'
import type { SbrView } from '../view.ts'
import { lowestAddress } from './keep-majority.ts'

const of = 'leaseMajority()'

/** Options of {@link leaseMajority}. */
export interface LeaseMajorityOptions {
  /** What all sides ask for; only one gets it. */
  readonly lease: Lease
  /**
   * How much later a minority asks than a majority, in milliseconds, so that the larger side wins where
   * both reach the lease. Raise it where the lease answers slowly; each raise delays the decision of a
   * minority that is all there is left.
   * @defaultValue 2_000
   */
  readonly acquireLeaseDelayForMinorityMs?: number
  /**
   * How long the lease is kept after the decision was carried out, in milliseconds: longer than the other
   * sides take to detect, decide and stop.
   * @defaultValue 40_000
   */
  readonly releaseAfterMs?: number
  /**
   * Counts only members with this role to tell who is a minority.
   * @defaultValue every member counts
   */
  readonly role?: string
}

/** The defaults of {@link leaseMajority}. */
export const leaseMajorityDefaults: Required<
  Pick<LeaseMajorityOptions, 'acquireLeaseDelayForMinorityMs' | 'releaseAfterMs'>
> = Object.freeze({ acquireLeaseDelayForMinorityMs: 2_000, releaseAfterMs: 40_000 })

/**
 * The side that gets a lease survives, a majority before a minority. For clusters whose size changes a
 * lot, and splits into more than two parts, where counting may leave nobody.
 *
 * A side on which nobody is up asks for nothing and goes down: those are left of a side that went down, whom it
 * had let in meanwhile, and would go on once the lease of those who won is free.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 * @see Pekko `LeaseMajority`
 */
export function leaseMajority(options: LeaseMajorityOptions): DowningStrategy {
  knownNames(of, options, ['lease', 'acquireLeaseDelayForMinorityMs', 'releaseAfterMs', 'role'])
  const lease = checkLease(options.lease)
  const {
    acquireLeaseDelayForMinorityMs = leaseMajorityDefaults.acquireLeaseDelayForMinorityMs,
    releaseAfterMs = leaseMajorityDefaults.releaseAfterMs,
  } = options
  const delayMs = durationMs(of, 'acquireLeaseDelayForMinorityMs', acquireLeaseDelayForMinorityMs)
  durationMs(of, 'releaseAfterMs', releaseAfterMs)
  const counted = role(of, options.role)
  const settings = { lease: lease.name, delay: delayMs, release: releaseAfterMs, role: counted }
  const strategy = strategyOf('lease-majority', agreementOf('lease-majority', settings), (view) =>
    judgeLease(view, delayMs, counted),
  )
  return { ...strategy, lease: { lease, releaseAfterMs } }
}

function checkLease(lease: Lease): Lease {
  const given: unknown = lease
  const isLease =
    typeof given === 'object' &&
    given !== null &&
    'name' in given &&
    typeof given.name === 'string' &&
    ['acquire', 'release', 'checkLease'].every(
      // Every object may be read by name.
      (name) => typeof (given as Readonly<Record<string, unknown>>)[name] === 'function',
    )
  if (isLease) return lease
  throw SbrError.invalidOption(
    of,
    'lease',
    lease,
    'a Lease with name, acquire, release, checkLease',
  )
}

function judgeLease(
  view: SbrView,
  minorityDelayMs: number,
  counted: string | undefined,
): Judgement {
  const indirect = indirectlyConnected(view)
  const lost = judgeLost(view, indirect)
  if (lost) return lost
  if (indirect.size > 0) {
    const judged = judgeIndirectlyConnected(view, (rest) => countMajority(rest, counted).judgement)
    if (judged.decision.type === 'down-all') return judged
    const denied = { type: 'reverse-down-indirectly-connected' } as const
    return {
      ...judged,
      decision: { type: 'acquire-lease', delayMs: 0, granted: judged.decision, denied },
    }
  }
  const { judgement, isMinority } = countMajority(view, counted)
  return {
    ...judgement,
    decision: {
      type: 'acquire-lease',
      delayMs: isMinority ? minorityDelayMs : 0,
      granted: { type: 'down-unreachable' },
      denied: { type: 'down-reachable' },
    },
  }
}

/** A side that goes down unasked: nobody on it is up, not even among the indirectly connected, who count as here. */
function judgeLost(view: SbrView, indirect: ReadonlySet<NodeKey>): Judgement | undefined {
  const sides = countSides(withoutIndirectlyConnected(view), settled, undefined)
  const there = sides.there.length
  if (there === 0 || sides.here.length > 0) return undefined
  const because = `nobody on this side is up, and ${countText(there)} on the other side`
  const judged = judgedOnce({ here: 0, there, decision: 'down-reachable', because })
  if (indirect.size === 0) return judged
  return { ...judged, decision: { type: 'reverse-down-indirectly-connected' } }
}

/** Who is a majority, which decides only who asks first. Without a member that counts all ask at once. */
function countMajority(
  view: SbrView,
  counted: string | undefined,
): { readonly judgement: Judgement; readonly isMinority: boolean } {
  const sides = countSides(view, settled, counted)
  const [here, there] = [sides.here.length, sides.there.length]
  const counts = `this side counts ${countText(here)} and the other side ${there}`
  const lowest = here === there ? lowestAddress([...sides.here, ...sides.there]) : undefined
  const isLowestThere = lowest !== undefined && !sides.here.includes(lowest)
  const because = lowest
    ? `${counts}, and the lowest address ${lowest.address} is on ${isLowestThere ? 'the other' : 'this'} side`
    : counts
  return {
    judgement: judgedOnce({ here, there, decision: 'down-unreachable', because }),
    isMinority: here < there || isLowestThere,
  }
}
