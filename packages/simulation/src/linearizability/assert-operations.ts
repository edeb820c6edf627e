import { HistoryError } from './errors.ts'
import type { Model } from './model.ts'
import type { History, Operation } from './operation.ts'
import { isRecord } from './shape.ts'

/**
 * Refuses what cannot have happened to an object of this kind, whatever its state: to check it would
 * blame the system under test for a mistake of the recording, or find nothing at all.
 *
 * @throws HistoryError `CASTY_SIMULATION_HISTORY_INVALID`
 */
export function assertOperations<State, Input, Output>(
  history: History<Input, Output>,
  model: Model<State, Input, Output>,
): void {
  for (const operation of history) {
    const { input, outcome } = operation
    if (model.isInput?.(input) === false) {
      throw HistoryError.invalid(
        `${nameOf(operation)} is no operation of a ${model.name}`,
        `the types of input that a ${model.name} has, each with all of its fields`,
      )
    }
    if (outcome.type !== 'ok') continue
    const { output } = outcome
    if (model.isOutput?.(output) === false) {
      throw HistoryError.invalid(
        `${nameOf(operation)} answered of type ${typeOf(output)}`,
        `what a ${model.name} answers, with null for an absent value`,
      )
    }
    const allowed = model.demands?.(input, output)
    if (allowed !== undefined) {
      throw HistoryError.invalid(
        `${nameOf(operation)} is recorded with another answer, of type ${typeOf(output)}`,
        allowed,
      )
    }
  }
}

/** `The operation 'write' of client alice on greeting, invoked at 1,`: no contents, which may be secret. */
function nameOf({ client, key, input, invokedAt }: Operation<unknown, unknown>): string {
  const type = isRecord(input) ? input['type'] : undefined
  const name = typeof type === 'string' ? `'${type}'` : `of type ${typeOf(input)}`
  return `The operation ${name} of client ${client} on ${key}, invoked at ${invokedAt},`
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : typeof value
}
