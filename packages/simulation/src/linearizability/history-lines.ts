import { HistoryError } from './errors.ts'
import type { OperationShape } from './model.ts'
import { assertMoments, type History, type Operation, type OperationOutcome } from './operation.ts'
import { isRecord, isString } from './shape.ts'

/**
 * A history as text: one JSON object per line, so that files of several recorders can be joined.
 * Inputs and outputs must survive JSON, as those of this package's models do.
 *
 * @example
 * encodeHistory(recorder.history())
 * // {"client":"a","key":"k","input":{"type":"read"},"invokedAt":1,"outcome":{"type":"unknown"}}
 */
export function encodeHistory(history: History<unknown, unknown>): string {
  return history.map((operation) => `${JSON.stringify(operation)}\n`).join('')
}

/**
 * Reads what `encodeHistory` wrote. Empty lines are skipped, so a file may end with one.
 *
 * @param shape - tells valid inputs and outputs; each model of this package does
 * @throws HistoryError `CASTY_SIMULATION_HISTORY_LINE` with the number of the first line that is no
 * operation of this shape; `CASTY_SIMULATION_HISTORY_INVALID` for moments no operation can have
 */
export function decodeHistory<Input, Output>(
  text: string,
  shape: OperationShape<Input, Output>,
): History<Input, Output> {
  const history = text
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [decodeLine(line, index + 1, shape)]))
  assertMoments(history)
  return history
}

function decodeLine<Input, Output>(
  line: string,
  lineNumber: number,
  shape: OperationShape<Input, Output>,
): Operation<Input, Output> {
  const value = parse(line, lineNumber)
  if (!isRecord(value)) throw HistoryError.line(lineNumber, 'it is not an object')
  const { client, key, input, invokedAt, outcome } = value
  if (!isString(client)) throw HistoryError.line(lineNumber, 'client is not a string')
  if (!isString(key)) throw HistoryError.line(lineNumber, 'key is not a string')
  if (!shape.isInput(input)) throw HistoryError.line(lineNumber, 'input is not of the model')
  if (typeof invokedAt !== 'number') {
    throw HistoryError.line(lineNumber, 'invokedAt is not a number')
  }
  return { client, key, input, invokedAt, outcome: decodeOutcome(outcome, lineNumber, shape) }
}

function decodeOutcome<Output>(
  value: unknown,
  lineNumber: number,
  shape: OperationShape<unknown, Output>,
): OperationOutcome<Output> {
  if (!isRecord(value)) throw HistoryError.line(lineNumber, 'outcome is not an object')
  const { type, output, completedAt } = value
  if (type === 'unknown') return { type }
  if (typeof completedAt !== 'number') {
    throw HistoryError.line(lineNumber, 'completedAt is not a number')
  }
  if (type === 'failed') return { type, completedAt }
  if (type !== 'ok') throw HistoryError.line(lineNumber, 'outcome has an unknown type')
  if (!shape.isOutput(output)) throw HistoryError.line(lineNumber, 'output is not of the model')
  return { type, output, completedAt }
}

function parse(line: string, lineNumber: number): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw HistoryError.line(lineNumber, 'it is not JSON', error)
  }
}
