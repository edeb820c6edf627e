import { SimulationError } from '../errors.ts'
import { answers, demandsDone, describeCall, illegal, type RecordedModel } from './model.ts'
import { isInteger, isString, isVariantOf } from './shape.ts'

/** What is asked of a semaphore. */
export type SemaphoreInput =
  /** Waits until there are enough permits. Answers `'done'`. */
  | { readonly type: 'acquire'; readonly owner: string; readonly permits: number }
  /** Answers whether there were enough permits, and so they were given. */
  | { readonly type: 'try-acquire'; readonly owner: string; readonly permits: number }
  /** Answers whether the owner had that many, and so they were given back. */
  | { readonly type: 'release'; readonly owner: string; readonly permits: number }
  /**
   * The owner's leases may run out from now on, and all its permits return: record it when that
   * becomes possible, and leave its outcome unknown. Answers `'done'`.
   */
  | { readonly type: 'expire'; readonly owner: string }
  /** Answers the number of permits that are free. */
  | { readonly type: 'available' }

/** Whether permits were given or taken back, or how many are free. */
export type SemaphoreOutput = boolean | number | 'done'

/** Permits that each owner has; owners with none are absent. */
export type SemaphoreState = ReadonlyMap<string, number>

/**
 * A number of permits that owners take and give back.
 *
 * @param permits - how many there are, 1 or more
 * @throws SimulationError `CASTY_SIMULATION_INVALID_OPTION` for fewer
 */
export function semaphoreModel(
  permits: number,
): RecordedModel<SemaphoreState, SemaphoreInput, SemaphoreOutput> {
  if (!Number.isSafeInteger(permits) || permits < 1) {
    throw SimulationError.invalidOption('permits', permits, 'a whole number from 1')
  }
  return {
    name: 'semaphore',
    initial: new Map(),
    step: (taken, input, output) => step(permits, taken, input, output),
    stateKey: (taken) => JSON.stringify([...taken].toSorted(byOwner)),
    describe: (input, output) => {
      if (input.type === 'available') return describeCall(input, output)
      if (input.type === 'expire') return describeCall(input, output, input.owner)
      return describeCall(input, output, input.owner, input.permits)
    },
    isInput: isVariantOf<SemaphoreInput>({
      acquire: { owner: isString, permits: isInteger },
      'try-acquire': { owner: isString, permits: isInteger },
      release: { owner: isString, permits: isInteger },
      expire: { owner: isString },
      available: {},
    }),
    isOutput: (value): value is SemaphoreOutput =>
      typeof value === 'boolean' || value === 'done' || isInteger(value),
    demands: demandsDone<SemaphoreInput>('acquire', 'expire'),
  }
}

function step(
  permits: number,
  taken: SemaphoreState,
  input: SemaphoreInput,
  output: SemaphoreOutput | undefined,
): SemaphoreState | typeof illegal {
  const free = [...taken.values()].reduce((rest, count) => rest - count, permits)
  if (input.type === 'available') return answers(output, free) ? taken : illegal
  const own = taken.get(input.owner) ?? 0
  switch (input.type) {
    case 'acquire':
      if (input.permits > free || !answers(output, 'done')) return illegal
      return withPermits(taken, input.owner, own + input.permits)
    case 'try-acquire':
      if (!answers(output, input.permits <= free)) return illegal
      return input.permits <= free ? withPermits(taken, input.owner, own + input.permits) : taken
    case 'release':
      if (!answers(output, input.permits <= own)) return illegal
      return input.permits <= own ? withPermits(taken, input.owner, own - input.permits) : taken
    case 'expire':
      return answers(output, 'done') ? withPermits(taken, input.owner, 0) : illegal
  }
}

function withPermits(taken: SemaphoreState, owner: string, count: number): SemaphoreState {
  const next = new Map(taken)
  if (count === 0) next.delete(owner)
  else next.set(owner, count)
  return next
}

function byOwner([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a < b ? -1 : 1 // Owners in one map differ.
}
