// What clients do, and whoever runs the cluster.
import type { Random } from '@casty/clock'
import { leaveInOrder, withRunning } from '../hosting/hosting-run.ts'
import { defineAction } from '../run/action.ts'
import { drawLogarithmic, drawOne } from '../world/seeds.ts'
import type { SendOptions } from './sender.ts'
import { typeNames, type TypeName } from './record.ts'
import { entityIds } from './settings.ts'
import type { ShardingAction, ShardingRun } from './sharding-run.ts'

/** An entity by a draw from 0 to 1: how many there are is for the plan to say. */
export function entityOf(run: ShardingRun, draw: number): string {
  const ids = entityIds(run)
  return ids[Math.floor(draw * ids.length)] ?? 'e1'
}

/** The next draws of a plan, one after the other: a burst is told by its own seed. */
function drawOptions(random: Random): Omit<SendOptions, 'isRead'> {
  const isSlow = random() < 0.04
  return {
    isAsk: random() < 0.7,
    workMs: isSlow ? drawLogarithmic(random, 50, 4_000) : 0,
    timeoutMs: drawOne(random, [500, 3_000, 8_000]),
  }
}

export const shardingWorkload: readonly ShardingAction[] = [
  defineAction({
    type: 'talk',
    kind: 'workload',
    weight: 120,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      type: drawOne(random, typeNames),
      entity: random(),
      times: drawLogarithmic(random, 1, 40),
      everyMs: drawLogarithmic(random, 1, 400),
      isRead: random() < 0.2,
      ...drawOptions(random),
    }),
    perform: (run, { host, type, entity, times, everyMs, ...options }) => {
      // One that takes its time is enough to keep the others waiting.
      const send = (workMs: number): void =>
        withRunning(run, host, (program) => {
          void program.send(type satisfies TypeName, entityOf(run, entity), { ...options, workMs })
        })
      for (let turn = 0; turn < times; turn++) {
        run.later(turn * everyMs, () => send(turn === 0 ? options.workMs : 0))
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
    }),
    perform: (run, { host, backAfterMs }) => {
      if (run.world.processes.length > 2) leave(run, host, backAfterMs)
    },
  }),
]

/** Leaves in good order, and is started again when it is gone, as for a new version. */
export function leave(run: ShardingRun, host: string, backAfterMs: number): void {
  leaveInOrder(run, host, backAfterMs, ({ cluster }) => cluster.leave())
}
