// What users do beside the rest, drawn from a stream of its own: every other call that there is on structures.
import { defineAction } from '../run/action.ts'
import { drawLogarithmic, drawOne } from '../world/seeds.ts'
import { cellAdditions } from './cell-additions.ts'
import { lateRelease } from './late-release.ts'
import { missedChanges } from './missed-changes.ts'
import { queueAdditions } from './queue-additions.ts'
import type { StructuresAction } from './structures-run.ts'
import { drawTurns, eachTurn } from './turns.ts'
import { changeWatched, growWatched, watch, watchedChanges, watchedKeys } from './watch.ts'
import { userBy } from './workload.ts'

const watchAdditions: readonly StructuresAction[] = [
  defineAction({
    type: 'watch',
    kind: 'workload',
    weight: 10,
    draw: (random) => ({
      user: random(),
      what: drawOne(random, ['counter', 'counter', 'map', 'map with all', 'one key'] as const),
      isEndless: random() < 0.5,
      forMs: drawLogarithmic(random, 500, 20_000),
    }),
    perform: (run, { user, what, isEndless, forMs }) => {
      const found = userBy(run, user)
      if (found) void watch(run, found, { what, forMs: isEndless ? Infinity : forMs })
    },
  }),
  defineAction({
    type: 'change-watched',
    kind: 'workload',
    weight: 12,
    draw: (random) => ({ ...drawTurns(random, 8), key: drawOne(random, watchedKeys) }),
    perform: (run, { key, ...turns }) =>
      eachTurn(run, turns, (user, turn) => {
        const change = watchedChanges[turn % watchedChanges.length] ?? 'put'
        void changeWatched(run, user, key, change, turns.timeoutMs)
        void growWatched(run, user, turns.timeoutMs)
      }),
  }),
]

export const structuresAdditions: readonly StructuresAction[] = [
  ...cellAdditions,
  ...queueAdditions,
  ...watchAdditions,
  lateRelease,
  missedChanges,
]
