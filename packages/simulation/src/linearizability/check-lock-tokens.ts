import type { LockInput, LockOutput } from './lock-model.ts'
import { assertMoments, byKey, completionOf, type History, type Operation } from './operation.ts'
import type { RuleViolation } from './rule-violation.ts'

export type LockRule =
  /** Two grants carry one token. */
  | 'token-reused'
  /** A grant has a lower token than one that was over before it was asked for. */
  | 'token-went-back'
  /** Two grants were in force at once. */
  | 'holds-overlap'

type LockOperation = Operation<LockInput, LockOutput>

/** A grant, and the moment up to which it was certainly in force. */
interface Hold {
  readonly operation: LockOperation
  readonly token: number
  /** Its answer arrived: from here on it is certainly in force. */
  readonly from: number
  /** Its release was asked for, or its lease might have run out. */
  readonly until: number
}

/**
 * Whether tokens of a lock grow and no two grants were in force at once, in O(n log n).
 *
 * Sorted by token, each grant must be answered after the end of every earlier one began: that is all
 * there is to it where every grant was answered. What a lost answer hides is not looked for; nor
 * are refused attempts. `checkLinearizable` with `lockModel` does both, by a search.
 *
 * @throws HistoryError `CASTY_SIMULATION_HISTORY_INVALID` for moments no operation can have
 * @returns what contradicts, at most one violation per grant; empty if nothing does
 */
export function checkLockTokens(
  history: History<LockInput, LockOutput>,
): readonly RuleViolation<LockRule, LockInput, LockOutput>[] {
  assertMoments(history)
  return [...byKey(history)].flatMap(([key, operations]) => {
    const violations: RuleViolation<LockRule, LockInput, LockOutput>[] = []
    let longest: Hold | undefined
    let last: Hold | undefined
    for (const hold of holdsOf(operations)) {
      if (last?.token === hold.token) violations.push(reused(key, last, hold))
      else if (longest !== undefined && longest.until > hold.from) {
        violations.push(contradiction(key, longest, hold))
      }
      if (longest === undefined || hold.until > longest.until) longest = hold
      last = hold
    }
    return violations
  })
}

function holdsOf(operations: readonly LockOperation[]): readonly Hold[] {
  const ends = new Map<number, number>()
  for (const { input, invokedAt, outcome } of operations) {
    if (input.type !== 'release' && input.type !== 'expire') continue
    if (outcome.type === 'failed' || input.token === null) continue
    ends.set(input.token, Math.min(invokedAt, ends.get(input.token) ?? Infinity))
  }
  const holds = operations.flatMap((operation): readonly Hold[] => {
    const { input, outcome } = operation
    if (input.type !== 'acquire' && input.type !== 'try-acquire') return []
    if (outcome.type !== 'ok' || typeof outcome.output !== 'number') return []
    const token = outcome.output
    // Who ends it may know the token before the holder is answered, but not before it was asked for.
    const until = Math.max(ends.get(token) ?? Infinity, operation.invokedAt)
    return [{ operation, token, from: completionOf(operation), until }]
  })
  return holds.toSorted((a, b) => a.token - b.token || a.from - b.from)
}

function reused(
  key: string,
  first: Hold,
  second: Hold,
): RuleViolation<LockRule, LockInput, LockOutput> {
  const clients = `${first.operation.client} and ${second.operation.client}`
  return {
    rule: 'token-reused',
    key,
    message: `Lock ${key} gave token ${first.token} twice, to ${clients}.`,
    operations: [first.operation, second.operation],
  }
}

function contradiction(
  key: string,
  lower: Hold,
  higher: Hold,
): RuleViolation<LockRule, LockInput, LockOutput> {
  const operations = [lower.operation, higher.operation]
  if (lower.operation.invokedAt > higher.from) {
    const message =
      `Lock ${key} gave token ${higher.token} to ${higher.operation.client} by ${higher.from}, ` +
      `and token ${lower.token} to ${lower.operation.client}, who asked at ${lower.operation.invokedAt}.`
    return { rule: 'token-went-back', key, message, operations }
  }
  const end = lower.until === Infinity ? 'without end' : `until ${lower.until} at least`
  const message =
    `Lock ${key} was granted to ${higher.operation.client} with token ${higher.token} by ` +
    `${higher.from}, while token ${lower.token} of ${lower.operation.client} was in force ${end}.`
  return { rule: 'holds-overlap', key, message, operations }
}
