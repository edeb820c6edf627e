// What users do several times, each time another one of them.
import type { Random } from '@casty/clock'
import { drawLogarithmic, drawOne } from '../world/seeds.ts'
import type { StructuresRun } from './structures-run.ts'
import type { StructuresUser } from './user.ts'
import { userBy } from './workload.ts'

export type Turns = {
  readonly user: number
  readonly times: number
  readonly everyMs: number
  readonly timeoutMs: number
}

/** Of calls, in milliseconds. */
export const timeouts = [300, 1_500, 5_000] as const

export function drawTurns(random: Random, most: number): Turns {
  return {
    user: random(),
    times: drawLogarithmic(random, 1, most),
    everyMs: drawLogarithmic(random, 10, 600),
    timeoutMs: drawOne(random, timeouts),
  }
}

/** Far from the one before, whoever there is. */
export function userOfTurn(
  run: StructuresRun,
  user: number,
  turn: number,
): StructuresUser | undefined {
  return userBy(run, (user + turn * 0.377) % 1)
}

export function eachTurn(
  run: StructuresRun,
  { user, times, everyMs }: Turns,
  step: (user: StructuresUser, turn: number) => void,
): void {
  for (let turn = 0; turn < times; turn++) {
    run.later(turn * everyMs, () => {
      const found = userOfTurn(run, user, turn)
      if (found) step(found, turn)
    })
  }
}
