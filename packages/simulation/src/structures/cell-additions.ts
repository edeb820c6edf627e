// The rarer calls of counters, maps and sets.
import { defineAction } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import { changeCounter, changeEntry, counterChanges, entryChanges, useMany } from './cell-acts.ts'
import { countAll, crowd, gather, gatherings, goThrough } from './gather.ts'
import { lend } from './lending.ts'
import { onceKinds, putOnce } from './once.ts'
import type { StructuresAction } from './structures-run.ts'
import { drawTurns, eachTurn, timeouts, userOfTurn } from './turns.ts'
import { counters, entries } from './workload.ts'

export const cellAdditions: readonly StructuresAction[] = [
  defineAction({
    type: 'change-counter',
    kind: 'workload',
    weight: 15,
    draw: (random) => ({
      ...drawTurns(random, 8),
      name: drawOne(random, counters),
      first: drawInteger(random, 0, counterChanges.length - 1),
    }),
    perform: (run, { name, first, ...turns }) =>
      eachTurn(run, turns, (user, turn) => {
        const change = counterChanges[(first + turn) % counterChanges.length] ?? 'get'
        void changeCounter(run, user, name, change, turns.timeoutMs)
      }),
  }),
  defineAction({
    type: 'change-entry',
    kind: 'workload',
    weight: 20,
    draw: (random) => ({
      ...drawTurns(random, 12),
      name: drawOne(random, entries),
      first: drawInteger(random, 0, entryChanges.length - 1),
    }),
    perform: (run, { name, first, ...turns }) =>
      eachTurn(run, turns, (user, turn) => {
        const change = entryChanges[(first + turn) % entryChanges.length] ?? 'get'
        void changeEntry(run, user, name, change, turns.timeoutMs)
      }),
  }),
  defineAction({
    type: 'many-entries',
    kind: 'workload',
    weight: 6,
    draw: (random) => ({
      ...drawTurns(random, 3),
      what: drawOne(random, ['getMany', 'getMany', 'deleteMany'] as const),
    }),
    perform: (run, { what, ...turns }) =>
      eachTurn(run, turns, (user) => void useMany(run, user, entries, what, turns.timeoutMs)),
  }),
  defineAction({
    type: 'lend-more',
    kind: 'workload',
    weight: 8,
    draw: (random) => ({
      user: random(),
      timeoutMs: drawOne(random, timeouts),
      kind: drawOne(random, ['item', 'entry'] as const),
      ttlMs: drawLogarithmic(random, 200, 15_000),
      touchedAt: 0.1 + 0.8 * random(),
    }),
    perform: (run, { user, ...lent }) =>
      void lend(run, (turn) => userOfTurn(run, user, turn), lent),
  }),
  defineAction({
    type: 'put-once',
    kind: 'workload',
    weight: 8,
    draw: (random) => ({
      user: random(),
      everyMs: drawLogarithmic(random, 1, 8_000),
      timeoutMs: drawOne(random, timeouts),
      kind: drawOne(random, onceKinds),
    }),
    perform: (run, { user, kind, ...options }) => {
      const users = [0, 1, 2].map((turn) => () => userOfTurn(run, user, turn))
      void putOnce(run, users, kind, options)
    },
  }),
  defineAction({
    type: 'gather',
    kind: 'workload',
    weight: 8,
    draw: (random) => ({
      ...drawTurns(random, 4),
      what: drawOne(random, gatherings),
      count: drawInteger(random, 1, 4),
    }),
    perform: (run, { what, count, ...turns }) =>
      eachTurn(run, turns, (user) => void gather(run, user, what, count, turns.timeoutMs)),
  }),
  defineAction({
    type: 'go-through',
    kind: 'workload',
    weight: 6,
    draw: (random) => ({ ...drawTurns(random, 2), what: drawOne(random, gatherings) }),
    perform: (run, { what, ...turns }) =>
      eachTurn(run, turns, (user) => {
        void goThrough(run, user, what, turns.timeoutMs)
        void countAll(run, user, what, turns.timeoutMs)
      }),
  }),
  defineAction({
    type: 'crowd',
    kind: 'workload',
    weight: 4,
    draw: (random) => drawTurns(random, 12),
    perform: (run, turns) => eachTurn(run, turns, (user) => void crowd(run, user, turns.timeoutMs)),
  }),
]
