// What becomes of the lease: asked for on a decision, kept until whoever it cost has gone, given back.
import type { NodeKey } from '@casty/membership'
import type { SbrView } from '../view.ts'
import type { ResolverSettings } from './settings.ts'

export type LeasePhase =
  | { readonly type: 'free' }
  /** The other side, if it is the better one, may ask first. */
  | { readonly type: 'waiting'; readonly until: number; readonly delayMs: number }
  | { readonly type: 'asking'; readonly request: number; readonly giveUpAt: number }
  /** `releaseAt` is infinite while one of `downed` is still a member. */
  | {
      readonly type: 'held'
      readonly downed: ReadonlySet<NodeKey>
      readonly releaseAt: number
    }

/** How the store answered a request; an error counts as not granted. */
export interface LeaseAnswer {
  readonly request: number
  readonly isGranted: boolean
}

/** What the lease knows of the moment. */
interface LeaseMoment {
  readonly now: number
  readonly view: SbrView
  readonly isLeaseHeld: boolean
  readonly leaseAnswer?: LeaseAnswer
}

interface LeaseStep {
  readonly phase: LeasePhase
  /** What is to follow: it is time to ask, or there is an answer. */
  readonly outcome?: 'due' | 'granted' | 'denied'
  /** What is held or asked for is given up. */
  readonly isGivenUp?: true
}

const free: LeasePhase = { type: 'free' }

/** @param isVoid - what the lease was wanted for does not hold any more */
export function followLease(
  phase: LeasePhase,
  moment: LeaseMoment,
  isVoid: boolean,
  releaseAfterMs: number,
): LeaseStep {
  switch (phase.type) {
    case 'free':
      // What an earlier life of the node left is kept for as long as it might have.
      return { phase: moment.isLeaseHeld ? heldSince(moment.now, releaseAfterMs) : phase }
    case 'waiting':
      if (isVoid) return { phase: free }
      return moment.now >= phase.until ? { phase, outcome: 'due' } : { phase }
    case 'asking':
      return isVoid ? { phase: free, isGivenUp: true } : awaitAnswer(phase, moment)
    case 'held':
      return keep(phase, moment, releaseAfterMs)
  }
}

function awaitAnswer(phase: LeasePhase & { type: 'asking' }, moment: LeaseMoment): LeaseStep {
  const { now, leaseAnswer, isLeaseHeld } = moment
  const isOver = now >= phase.giveUpAt
  if (leaseAnswer?.request !== phase.request) {
    return isOver ? { phase: free, outcome: 'denied', isGivenUp: true } : { phase }
  }
  if (!leaseAnswer.isGranted) return { phase: free, outcome: 'denied' }
  // Granted too late, or lost again before it came here, it is not acted on.
  if (isOver || !isLeaseHeld) return { phase: free, outcome: 'denied', isGivenUp: true }
  return { phase: free, outcome: 'granted' }
}

function keep(
  phase: LeasePhase & { type: 'held' },
  { now, view, isLeaseHeld }: LeaseMoment,
  releaseAfterMs: number,
): LeaseStep {
  if (!isLeaseHeld) return { phase: free } // Lost: what comes next has to ask anew.
  if (now >= phase.releaseAt) return { phase: free, isGivenUp: true }
  if (phase.releaseAt !== Number.POSITIVE_INFINITY) return { phase }
  const isThere = view.members.some(({ key }) => phase.downed.has(key))
  return { phase: isThere ? phase : heldSince(now, releaseAfterMs) }
}

/** The lease after it let this side survive, and `downed` had to go. */
export function holdLease(
  before: LeasePhase,
  downed: readonly NodeKey[],
  now: number,
  releaseAfterMs: number,
): LeasePhase {
  const all = new Set([...(before.type === 'held' ? before.downed : []), ...downed])
  if (downed.length === 0) return heldSince(now, releaseAfterMs)
  return { type: 'held', downed: all, releaseAt: Number.POSITIVE_INFINITY }
}

function heldSince(now: number, releaseAfterMs: number): LeasePhase {
  return { type: 'held', downed: new Set(), releaseAt: now + releaseAfterMs }
}

/** When the lease needs attention though nothing happens. */
export function leaseDeadline(phase: LeasePhase): number {
  switch (phase.type) {
    case 'free':
      return Number.POSITIVE_INFINITY
    case 'waiting':
      return phase.until
    case 'asking':
      return phase.giveUpAt
    case 'held':
      return phase.releaseAt
  }
}

/**
 * How long an answer is waited for, in milliseconds: with the delay before asking no longer than a
 * picture may stay unsettled, so that a loser has stopped when the winner takes over; but never less
 * than a store needs, nor longer than it should.
 */
export function answerTimeoutMs({ unstableAfterMs }: ResolverSettings, delayMs: number): number {
  const most = 5_000
  return Math.min(most, Math.max(1_000, (unstableAfterMs ?? most) - delayMs))
}

/**
 * For how long the lease is kept once whoever it cost has gone, in milliseconds; 0 for a strategy that asks for
 * none.
 *
 * @see StrategyLease.releaseAfterMs
 */
export function leaseOutlastsMs({ strategy }: ResolverSettings): number {
  return strategy.lease?.releaseAfterMs ?? 0
}
