// Calls that are made again and again, by several processes in turn.
import { isList, isObject, numberOf, objectOf, objectsOf, type JsonObject } from '../json.ts'
import type { CaseRun, Started } from './run-case.ts'

/** A call that takes longer waits for another one of its round, in milliseconds. */
const promptMs = 50

/**
 * Carries out a round of calls so many times. Each call is made once the one before has ended, or waits for one behind it; a
 * round ends when all of it has. What the calls return is kept under the name that `collect` gives.
 */
export async function repeat(run: CaseRun, step: JsonObject, part: string): Promise<void> {
  const calls = roundOf(step)
  const values: unknown[] = []
  for (let round = 1; round <= numberOf(step['times'], 'times'); round++) {
    // eslint-disable-next-line no-await-in-loop -- One round after the other.
    values.push(...(await carryOutRound(run, calls, `${part}, round ${round}`)))
  }
  if (typeof step['collect'] === 'string') run.bound.values.set(step['collect'], values)
}

async function carryOutRound(
  run: CaseRun,
  steps: readonly JsonObject[],
  part: string,
): Promise<readonly unknown[]> {
  const made: (readonly [JsonObject, Started])[] = []
  for (const step of steps) {
    if (typeof step['op'] !== 'string') {
      // eslint-disable-next-line no-await-in-loop -- In order.
      await run.step(step, part)
      continue
    }
    const started = run.start(step, step['op'])
    made.push([step, started])
    // eslint-disable-next-line no-await-in-loop -- As its process sees it, and the others after it.
    await run.world.settled(started.promise, promptMs).catch(() => {}) // Then it waits.
  }
  const values: unknown[] = []
  for (const [step, started] of made) {
    // eslint-disable-next-line no-await-in-loop -- In order.
    await run.settled(started)
    run.compare(objectOf(step['expect'] ?? { any: true }, 'expect'), started, part)
    if (started.outcome?.type === 'returned') values.push(started.outcome.value)
  }
  return values
}

/** Steps of a round, or of several processes, each with its own; or one call by several handles; or by one. */
function roundOf(step: JsonObject): readonly JsonObject[] {
  const round = step['interleave'] ?? step['steps'] ?? step['step']
  if (isObject(round)) return [round]
  if (!isList(round)) return isList(step['steps']) ? objectsOf(step['steps'], 'steps') : [step]
  if (round.every(isList)) return byTurns(round.map((own) => objectsOf(own, 'interleave')))
  return round.map((one) => (typeof one === 'string' ? { ...step, h: one } : objectOf(one, 'step')))
}

/** The first of each, then the second of each. */
function byTurns<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length))
  return Array.from({ length: longest }, (_, at) =>
    lists.flatMap((list) => list.slice(at, at + 1)),
  ).flat()
}

/** What tells two results apart. */
export function identityOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  for (const name of ['token', 'id']) if (name in value) return Reflect.get(value, name)
  return JSON.stringify(value)
}

/** What was collected under a name. @throws where nothing was */
export function collectedAs({ bound }: CaseRun, name: string): readonly unknown[] {
  const values = bound.values.get(name)
  if (!Array.isArray(values)) throw new Error(`nothing was collected as ${name}`)
  return values
}
