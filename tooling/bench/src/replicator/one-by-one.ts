import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Figures, Times } from '../ddata/messages.ts'
import type { Operation } from '../ddata/load.ts'
import { median } from '../statistics.ts'

/** So many in one turn: between turns, what was changed is told to others. */
const perTurn = 50

/** What is done at once, one after the other. Nothing else would ever get its turn, so some are counted together. */
export async function oneByOne(
  operation: Operation,
  { warmUpMs, measuredMs }: Times,
): Promise<Figures> {
  await turns(operation, warmUpMs)
  const beganAt = performance.now()
  const took = await turns(operation, measuredMs)
  const perSecond = (took.length * perTurn * 1_000) / (performance.now() - beganAt)
  return { perSecond, medianMs: median(took) / perTurn }
}

/** @returns how long each turn took, in milliseconds */
async function turns(operation: Operation, ms: number): Promise<readonly number[]> {
  const took: number[] = []
  const overAt = performance.now() + ms
  do {
    const beganAt = performance.now()
    for (let count = 0; count < perTurn; count++) await operation(0)
    took.push(performance.now() - beganAt)
    await nextTurn()
  } while (performance.now() < overAt)
  return took
}
