import type { RecoveredMessage } from '../protocol.ts'

/** How a decision of people went. */
export type Decided = Omit<RecoveredMessage, 'type' | 'id'>

/** Nothing is given up. @param lineages - between which it has to be decided */
export function refusal(
  outcome: Exclude<RecoveredMessage['outcome'], 'recovered'>,
  lineages: RecoveredMessage['lineages'] = [],
  missing = 0,
): Decided {
  return { outcome, missing, lineages }
}
