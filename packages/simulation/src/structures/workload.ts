// What users do while everything goes wrong, and whoever runs the cluster.
import type { Random } from '@casty/clock'
import { leaveInOrder } from '../hosting/hosting-run.ts'
import { defineAction } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import { putMany, useCounter, useMap, useSet, type CellAct } from './acts.ts'
import { elasticSemaphore, elasticSizes, force, forcedLock, hold, resize } from './hold.ts'
import { lend } from './lending.ts'
import { arrive } from './meeting.ts'
import { countOnce } from './once.ts'
import { outside } from '../hosting/outside-client.ts'
import { consume, produce, take } from './queue-acts.ts'
import { recordOf } from './record.ts'
import type { StructuresAction, StructuresRun } from './structures-run.ts'
import type { StructuresUser } from './user.ts'

/** A user by a draw from 0 to 1, of those who can do something. */
export function userBy(run: StructuresRun, draw: number): StructuresUser | undefined {
  const users = usersOf(run).filter(
    ({ host, hasEnded }) => !hasEnded && (host === outside || !run.world.isStopped(host)),
  )
  return users[Math.floor(draw * users.length)]
}

export function usersOf(run: StructuresRun): readonly StructuresUser[] {
  const outsider = recordOf(run).outsider?.user
  const members = run.world.processes.flatMap(({ program }) => program?.users ?? [])
  return outsider ? [...members, outsider] : members
}

export const counters = ['c1', 'c2', 'c3'] as const
export const entries = ['k1', 'k2', 'k3'] as const
export const members = ['e1', 'e2'] as const
export const locks: readonly ['l1', 'l2', string] = ['l1', 'l2', forcedLock]
export const semaphores: readonly ['s1', string] = ['s1', elasticSemaphore]
/** One whose items are worked on for longer than there is time for, while others wait for them. */
export const disputedQueue = 'q4'
/** Of the third one, items are taken out for good at once. */
export const queues: readonly ['q1', 'q2', 'q3', 'q4'] = ['q1', 'q2', 'q3', disputedQueue]
export const workQueues: readonly ['q1', 'q2'] = ['q1', 'q2']
export const takeQueue = 'q3'

const counterActs = ['add', 'add', 'read', 'swap'] as const
const mapActs = ['put', 'put', 'get', 'get-strictly', 'delete', 'replace'] as const

const setActs = ['include', 'contains', 'delete'] as const

interface Burst {
  readonly user: number
  readonly times: number
  readonly everyMs: number
  readonly timeoutMs: number
}

function drawBurst(random: Random, most: number): Burst {
  return {
    user: random(),
    times: drawLogarithmic(random, 1, most),
    everyMs: drawLogarithmic(random, 1, 600),
    timeoutMs: drawOne(random, [300, 1_500, 5_000]),
  }
}

/** Several times, each of them by whoever is there. */
function burst(
  run: StructuresRun,
  { user, times, everyMs }: Burst,
  step: (user: StructuresUser, turn: number) => void,
): void {
  for (let turn = 0; turn < times; turn++) {
    run.later(turn * everyMs, () => {
      const found = userBy(run, user)
      if (found) step(found, turn)
    })
  }
}

export const structuresWorkload: readonly StructuresAction[] = [
  defineAction({
    type: 'count',
    kind: 'workload',
    weight: 40,
    draw: (random) => ({
      ...drawBurst(random, 12),
      name: drawOne(random, counters),
      first: drawInteger(random, 0, 3),
    }),
    perform: (run, { name, first, ...drawn }) =>
      burst(run, drawn, (user, turn) => {
        const act: CellAct = counterActs[(first + turn) % counterActs.length] ?? 'add'
        void useCounter(run, user, name, { act, timeoutMs: drawn.timeoutMs })
      }),
  }),
  defineAction({
    type: 'once',
    kind: 'workload',
    weight: 15,
    draw: (random) => ({
      name: drawOne(random, counters),
      first: random(),
      second: random(),
      third: random(),
      everyMs: drawLogarithmic(random, 1, 8_000),
      timeoutMs: drawOne(random, [300, 1_500, 5_000]),
    }),
    perform: (run, { name, first, second, third, ...options }) => {
      const users = [first, second, third].map((draw) => () => userBy(run, draw))
      void countOnce(run, users, name, options)
    },
  }),
  defineAction({
    type: 'lend',
    kind: 'workload',
    weight: 15,
    draw: (random) => ({
      user: random(),
      ttlMs: drawLogarithmic(random, 200, 15_000),
      timeoutMs: drawOne(random, [300, 1_500, 5_000]),
    }),
    perform: (run, { user, ttlMs, timeoutMs }) =>
      void lend(run, (turn) => userBy(run, (user + turn * 0.377) % 1), { ttlMs, timeoutMs }),
  }),
  defineAction({
    type: 'put-many',
    kind: 'workload',
    weight: 10,
    draw: (random) => ({ ...drawBurst(random, 4) }),
    perform: (run, drawn) =>
      burst(run, drawn, (user) => void putMany(run, user, entries, drawn.timeoutMs)),
  }),
  defineAction({
    type: 'map',
    kind: 'workload',
    weight: 40,
    draw: (random) => ({
      ...drawBurst(random, 12),
      name: drawOne(random, entries),
      first: drawInteger(random, 0, 5),
    }),
    perform: (run, { name, first, ...drawn }) =>
      burst(run, drawn, (user, turn) => {
        const act: CellAct = mapActs[(first + turn) % mapActs.length] ?? 'get'
        void useMap(run, user, name, { act, timeoutMs: drawn.timeoutMs })
      }),
  }),
  defineAction({
    type: 'set',
    kind: 'workload',
    weight: 15,
    draw: (random) => ({ ...drawBurst(random, 12), name: drawOne(random, members) }),
    perform: (run, { name, timeoutMs, ...drawn }) =>
      burst(run, { ...drawn, timeoutMs }, (user, turn) => {
        const act = setActs[turn % setActs.length] ?? 'contains'
        void useSet(run, user, name, { act, timeoutMs })
      }),
  }),
  defineAction({
    type: 'hold',
    kind: 'workload',
    weight: 60,
    draw: (random) => ({
      ...drawBurst(random, 6),
      kind: drawOne(random, ['lock', 'lock', 'semaphore'] as const),
      which: random(),
      permits: drawInteger(random, 1, 2),
      wait: drawOne(random, ['not', 'some', 'some', 'ever'] as const),
      waitMs: drawLogarithmic(random, 100, 10_000),
      holdMs: drawLogarithmic(random, 1, 4_000),
      renew: random() < 0.8,
      forgets: random() < 0.5,
      hopMs: drawLogarithmic(random, 1, 50),
    }),
    perform: (run, { kind, which, wait, waitMs, ...drawn }) => {
      const names = kind === 'lock' ? locks : semaphores
      const name = names[Math.floor(which * names.length)] ?? names[0]
      const ms = wait === 'not' ? 0 : wait === 'ever' ? Infinity : waitMs
      burst(run, drawn, (user) => {
        void hold(run, user, { ...drawn, kind, name, waitMs: ms })
      })
    },
  }),
  defineAction({
    type: 'produce',
    kind: 'workload',
    weight: 25,
    draw: (random) => ({
      ...drawBurst(random, 10),
      name: drawOne(random, queues),
      priority: drawOne(random, [0, 0, 0, 1, 255]),
      delayMs: random() < 0.7 ? 0 : drawLogarithmic(random, 10, 6_000),
      alike: drawOne(random, [1, 1, 3]),
    }),
    perform: (run, { name, ...drawn }) =>
      burst(run, drawn, (user) => void produce(run, user, name, drawn)),
  }),
  defineAction({
    type: 'consume',
    kind: 'workload',
    weight: 30,
    draw: (random) => ({
      ...drawBurst(random, 10),
      name: drawOne(random, workQueues),
      waitMs: random() < 0.5 ? 0 : drawLogarithmic(random, 100, 5_000),
      workMs: random() < 0.6 ? 0 : drawLogarithmic(random, 10, 8_000),
      extendMs: random() < 0.6 ? 0 : drawLogarithmic(random, 50, 8_000),
      end: drawOne(random, [
        'ack',
        'ack',
        'ack',
        'ack',
        'nack',
        'nack-late',
        'bury',
        'nothing',
      ] as const),
    }),
    perform: (run, { name, ...drawn }) =>
      burst(run, drawn, (user) => void consume(run, user, name, drawn)),
  }),
  defineAction({
    type: 'take',
    kind: 'workload',
    weight: 10,
    draw: (random) => ({
      ...drawBurst(random, 10),
      waitMs: random() < 0.5 ? 0 : drawLogarithmic(random, 100, 5_000),
    }),
    perform: (run, drawn) => burst(run, drawn, (user) => void take(run, user, takeQueue, drawn)),
  }),
  defineAction({
    type: 'force',
    kind: 'workload',
    weight: 6,
    draw: (random) => ({
      user: random(),
      what: drawOne(random, ['forceRelease', 'forceRelease', 'destroy'] as const),
      timeoutMs: drawOne(random, [300, 1_500, 5_000]),
    }),
    perform: (run, { user, what, timeoutMs }) => {
      const found = userBy(run, user)
      if (found) void force(run, found, what, timeoutMs)
    },
  }),
  defineAction({
    type: 'resize',
    kind: 'workload',
    weight: 4,
    draw: (random) => ({ user: random(), permits: drawInteger(random, 1, elasticSizes.most) }),
    perform: (run, { user, permits }) => {
      const found = userBy(run, user)
      if (found) void resize(found, permits)
    },
  }),
  defineAction({
    type: 'meet',
    kind: 'workload',
    weight: 15,
    draw: (random) => ({
      expected: drawInteger(random, 2, 3),
      first: random(),
      second: random(),
      third: random(),
      withinMs: drawLogarithmic(random, 1, 3_000),
      timeoutMs: drawLogarithmic(random, 200, 12_000),
    }),
    perform: (run, { expected, first, second, third, withinMs, timeoutMs }) => {
      for (const [index, draw] of [first, second, third].entries()) {
        if (index >= expected) return
        run.later((index * withinMs) / expected, () => {
          const user = userBy(run, draw)
          if (user) void arrive(run, user, expected, timeoutMs)
        })
      }
    },
  }),
  defineAction({
    type: 'leave',
    kind: 'workload',
    weight: 2,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      backAfterMs: drawLogarithmic(random, 10, 5_000),
      closesFirst: random() < 0.5,
    }),
    perform: (run, { host, backAfterMs, closesFirst }) => {
      if (run.world.processes.length > 2) leave(run, host, backAfterMs, closesFirst)
    },
  }),
]

/** Leaves in good order, and is started again when it is gone, as for a new version. */
export function leave(
  run: StructuresRun,
  host: string,
  backAfterMs: number,
  closesFirst: boolean,
): void {
  leaveInOrder(run, host, backAfterMs, async ({ cluster, users }) => {
    for (const { name } of users) recordOf(run).items.closes(name)
    // They go on calling, and are refused.
    if (closesFirst)
      await Promise.all(users.map(async ({ distributed }) => await distributed.close()))
    await cluster.leave()
  })
}
