// The rarer calls of queues.
import { defineAction } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import { consumeMany, loopOver, produceMany, takeMany } from './many-items.ts'
import { consume, produce } from './queue-acts.ts'
import { lookAtQueue, queueLooks } from './queue-looks.ts'
import type { StructuresAction } from './structures-run.ts'
import { drawTurns, eachTurn, userOfTurn } from './turns.ts'
import { queues, takeQueue, userBy, workQueues } from './workload.ts'

/** After an item is given up, others look for it on the list. */
const listedAfterMs = 1_500

export const queueAdditions: readonly StructuresAction[] = [
  defineAction({
    type: 'produce-many',
    kind: 'workload',
    weight: 8,
    draw: (random) => ({
      ...drawTurns(random, 3),
      name: drawOne(random, workQueues),
      count: drawInteger(random, 2, 4),
    }),
    perform: (run, { name, count, ...turns }) =>
      eachTurn(run, turns, (user) => void produceMany(run, user, name, count, turns.timeoutMs)),
  }),
  defineAction({
    type: 'consume-many',
    kind: 'workload',
    weight: 8,
    draw: (random) => ({
      ...drawTurns(random, 3),
      name: drawOne(random, workQueues),
      most: drawInteger(random, 2, 5),
      waitMs: random() < 0.5 ? 0 : drawLogarithmic(random, 100, 5_000),
      workMs: random() < 0.6 ? 0 : drawLogarithmic(random, 10, 4_000),
    }),
    perform: (run, { name, ...turns }) =>
      eachTurn(run, turns, (user) => void consumeMany(run, user, name, turns)),
  }),
  defineAction({
    type: 'loop-over-items',
    kind: 'workload',
    weight: 6,
    draw: (random) => ({
      ...drawTurns(random, 1),
      name: drawOne(random, workQueues),
      prefetch: drawInteger(random, 1, 3),
      many: drawInteger(random, 1, 8),
      workMs: drawLogarithmic(random, 1, 6_000),
      forMs: drawLogarithmic(random, 500, 15_000),
    }),
    perform: (run, { name, user, many, ...options }) => {
      const found = userBy(run, user)
      if (found) void loopOver(run, found, name, { ...options, times: many })
    },
  }),
  defineAction({
    type: 'take-many',
    kind: 'workload',
    weight: 3,
    draw: (random) => ({ ...drawTurns(random, 2), most: drawInteger(random, 2, 4) }),
    perform: (run, { most, ...turns }) =>
      eachTurn(run, turns, (user) => void takeMany(run, user, takeQueue, most, turns.timeoutMs)),
  }),
  defineAction({
    type: 'bury',
    kind: 'workload',
    weight: 6,
    draw: (random) => ({ ...drawTurns(random, 3), name: drawOne(random, workQueues) }),
    perform: (run, { name, ...turns }) =>
      eachTurn(run, turns, (user, turn) => {
        void produce(run, user, name, turns)
        void consume(run, user, name, { ...turns, waitMs: 500, workMs: 0, end: 'bury' })
        run.later(listedAfterMs, () => {
          const other = userOfTurn(run, turns.user, turn + 1)
          if (other) void lookAtQueue(run, other, name, 'deadList', turns.timeoutMs)
        })
      }),
  }),
  defineAction({
    type: 'look-at-queue',
    kind: 'workload',
    weight: 12,
    draw: (random) => ({
      ...drawTurns(random, 5),
      name: drawOne(random, queues),
      first: drawInteger(random, 0, queueLooks.length - 1),
    }),
    perform: (run, { name, first, ...turns }) =>
      eachTurn(run, turns, (user, turn) => {
        const look = queueLooks[(first + turn) % queueLooks.length] ?? 'stats'
        void lookAtQueue(run, user, name, look, turns.timeoutMs)
      }),
  }),
]
