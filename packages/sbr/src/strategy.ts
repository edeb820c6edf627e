import type { DowningDecision } from './decision.ts'
import type { SbrView } from './view.ts'

/**
 * Says which side of a partition survives. Pure: no clock, no chance, and nothing that depends on the
 * order of members. It must answer every view.
 */
export interface DowningStrategy {
  /** As in 'keep-majority'. */
  readonly name: string
  /** Name and settings in one readable text: nodes that differ in it do not join each other. */
  readonly agreement: string
  decide(view: SbrView): DowningDecision
}
