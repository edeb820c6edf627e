import { HistoryError } from './errors.ts'
import type { Scalar } from './model.ts'
import { assertMoments, byKey, completionOf, type History, type Operation } from './operation.ts'
import type { RuleViolation } from './rule-violation.ts'

export type VersionedInput =
  /** Answers the value and its version. */
  | { readonly type: 'read' }
  /** Answers the version that it was given, above 0. */
  | { readonly type: 'write'; readonly value: Scalar }

/** Before any write the value is `null`, and its version 0. */
export type VersionedOutput = number | { readonly value: Scalar | null; readonly version: number }

export type VersionRule =
  /** Two writes were given one version. */
  | 'version-reused'
  /** A version was read with a value other than was written, or than was read before. */
  | 'version-ambiguous'
  /** A version was read that no write can have been given. */
  | 'version-invented'
  /** A version is not above, or is below, what was over before the operation was invoked. */
  | 'version-went-back'

type VersionedOperation = Operation<VersionedInput, VersionedOutput>
type Violation = RuleViolation<VersionRule, VersionedInput, VersionedOutput>

/** An operation with its place in the order that the versions give. */
interface Versioned {
  readonly operation: VersionedOperation
  readonly version: number
  readonly value: Scalar | null
}

/**
 * Whether a register that numbers its writes is linearizable, in O(n log n): the versions are the
 * order, so that only has to agree with the values and with real time.
 *
 * A version that no answer of a write accounts for belongs to a write of that value whose outcome is
 * unknown; of several the first, since the versions grow.
 *
 * @throws HistoryError `CASTY_SIMULATION_HISTORY_INVALID` for moments no operation can have, or an
 * answer of the wrong kind
 * @returns what contradicts; empty if nothing does
 * @see Gibbons & Korach, "Testing shared memories", SIAM J. Comput. 1997 (where the order of writes
 * is known, no search is needed)
 */
export function checkVersionedRegister(
  history: History<VersionedInput, VersionedOutput>,
): readonly Violation[] {
  assertMoments(history)
  return [...byKey(history)].flatMap(([key, operations]) => {
    const answered = operations.flatMap(versionedOf).toSorted((a, b) => a.version - b.version)
    const reads = answered.filter(({ operation }) => operation.input.type === 'read')
    const writes = answered.filter(({ operation }) => operation.input.type === 'write')
    const values = matchValues(key, writes, reads, unknownWrites(operations))
    const order = orderViolations(key, [...answered, ...values.matched])
    return [...values.violations, ...order]
  })
}

function versionedOf(operation: VersionedOperation): readonly Versioned[] {
  const { input, outcome, client } = operation
  if (outcome.type !== 'ok') return []
  const { output } = outcome
  if (input.type === 'read' && typeof output === 'object') return [{ operation, ...output }]
  if (input.type === 'write' && typeof output === 'number') {
    return [{ operation, version: output, value: input.value }]
  }
  throw HistoryError.invalid(
    `A ${input.type} of client ${client} answered of type ${typeof output}`,
    'a version for a write, a value with its version for a read',
  )
}

/** The writes of each value whose outcome nobody knows, by invocation. */
function unknownWrites(
  operations: readonly VersionedOperation[],
): Map<Scalar | null, VersionedOperation[]> {
  const writes = new Map<Scalar | null, VersionedOperation[]>()
  for (const operation of operations.toSorted((a, b) => a.invokedAt - b.invokedAt)) {
    const { input, outcome } = operation
    if (input.type !== 'write' || outcome.type !== 'unknown') continue
    const others = writes.get(input.value)
    if (others === undefined) writes.set(input.value, [operation])
    else others.push(operation)
  }
  return writes
}

/** Finds for each version the one write of its value. `writes` and `reads` come by version. */
function matchValues(
  key: string,
  writes: readonly Versioned[],
  reads: readonly Versioned[],
  unknown: Map<Scalar | null, VersionedOperation[]>,
): { readonly violations: readonly Violation[]; readonly matched: readonly Versioned[] } {
  const violations: Violation[] = []
  const matched: Versioned[] = []
  const sources = new Map<number, Versioned>()
  for (const write of writes) {
    const other = sources.get(write.version)
    if (other === undefined) sources.set(write.version, write)
    else violations.push(violation('version-reused', key, other, write))
  }
  for (const read of reads) {
    const { value, version } = read
    const source = sources.get(version)
    if (source !== undefined) {
      if (source.value !== value) violations.push(violation('version-ambiguous', key, source, read))
      continue
    }
    if (version === 0 && value === null) continue
    const operation = version > 0 ? unknown.get(value)?.shift() : undefined
    if (operation === undefined) {
      violations.push(violation('version-invented', key, read))
      continue
    }
    matched.push({ operation, value, version })
    sources.set(version, { operation, value, version })
  }
  return { violations, matched }
}

/** Real time: nothing is older than what was over before, and a write is newer. */
function orderViolations(key: string, operations: readonly Versioned[]): readonly Violation[] {
  const violations: Violation[] = []
  const byCompletion = operations.toSorted(
    (a, b) => completionOf(a.operation) - completionOf(b.operation),
  )
  let over = 0
  let newest: Versioned | undefined
  for (const next of operations.toSorted((a, b) => a.operation.invokedAt - b.operation.invokedAt)) {
    for (let done = byCompletion[over]; done !== undefined; done = byCompletion[++over]) {
      if (completionOf(done.operation) >= next.operation.invokedAt) break
      if (newest === undefined || done.version > newest.version) newest = done
    }
    const floor = newest?.version ?? 0
    const isWrite = next.operation.input.type === 'write'
    if (isWrite ? next.version > floor : next.version >= floor) continue
    violations.push(violation('version-went-back', key, ...(newest ? [newest] : []), next))
  }
  return violations
}

const sentences: Readonly<Record<VersionRule, string>> = {
  'version-reused': 'was given to two writes',
  'version-ambiguous': 'has two values',
  'version-invented': 'was read, but no write can have been given it',
  'version-went-back': 'came although what was over before stands at or above it',
}

function violation(rule: VersionRule, key: string, ...involved: readonly Versioned[]): Violation {
  const operations = involved.map(({ operation }) => operation)
  const calls = operations.map(({ client, input, invokedAt }) => {
    return `${input.type} of ${client} at ${invokedAt}`
  })
  const subject = `${key}: version ${involved.at(-1)?.version}`
  return { rule, key, message: `${subject} ${sentences[rule]} (${calls.join(', ')}).`, operations }
}
