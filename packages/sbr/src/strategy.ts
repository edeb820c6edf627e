import type { DowningDecision } from './decision.ts'
import type { Judgement } from './judgement.ts'
import type { Lease } from './lease.ts'
import type { SbrView } from './view.ts'

/** The lease of a strategy that asks for one, and when to give it back. */
export interface StrategyLease {
  readonly lease: Lease
  /**
   * How long it is kept after the last downed member was removed, or after the decision where it downed
   * nobody, in milliseconds: long enough for the losing side to have stopped.
   */
  readonly releaseAfterMs: number
}

/**
 * Says which side of a partition survives. Pure: no clock, no chance, and nothing that depends on the
 * order of members. It must answer every view.
 *
 * To ask one, call {@link rule}: it leaves out what cannot be trusted in a view, and takes every failure
 * of a strategy for a decision to down all.
 */
export interface DowningStrategy {
  /** As in 'keep-majority'. */
  readonly name: string
  /** Name and settings in one readable text: nodes that differ in it do not join each other. */
  readonly agreement: string
  decide(view: SbrView): DowningDecision
  /** The same decision, with what it rests on. Without it, a {@link Ruling} can say only what was decided. */
  judge?(view: SbrView): Judgement | undefined
  /** What an answer of `acquire-lease` asks for. */
  readonly lease?: StrategyLease
}

/** A strategy that judges. */
export function strategyOf(
  name: string,
  agreement: string,
  judge: (view: SbrView) => Judgement,
): DowningStrategy {
  return { name, agreement, decide: (view) => judge(view).decision, judge }
}

/** As in 'keep-oldest down-if-alone=true role=core'. */
export function agreementOf(
  name: string,
  settings: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined)
  return [name, ...given.map(([key, value]) => `${key}=${value}`)].join(' ')
}
