// Everybody is gone at once while counters whose copies are on disks are used, and some disks do not come back.
import { nodeDiskFaults, oneDiskAhead, type NodeDiskParts } from '../hosting/node-disk-faults.ts'
import { defineAction } from '../run/action.ts'
import { drawLogarithmic } from '../world/seeds.ts'
import { useCounter } from './acts.ts'
import { diskCopies, type StructuresHost } from './host.ts'
import { produce, smallQueue } from './queue-acts.ts'
import { lookAtQueue } from './queue-looks.ts'
import { recordOf } from './record.ts'
import type { StructuresAction } from './structures-run.ts'
import { drawTurns, eachTurn, userOfTurn } from './turns.ts'
import { counters, userBy } from './workload.ts'

const writeEveryMs = 40

const parts: NodeDiskParts<StructuresHost> = {
  disksOf: (run) => recordOf(run).disks,
  copies: () => diskCopies,
  write: (run, draw, forMs) => {
    const name = counters[Math.floor(draw * counters.length)] ?? counters[0]
    for (let [at, turn] = [0, 0]; at < forMs; at += writeEveryMs, turn++) {
      run.later(at, () => {
        const user = userBy(run, (draw + turn * 0.377) % 1)
        if (user) void useCounter(run, user, name, { act: 'add', timeoutMs: 1_500 })
      })
    }
  },
  reach: (run, state) => recordOf(run).reach(state),
}

export const structuresDiskFaults: readonly StructuresAction[] = nodeDiskFaults(parts)

/** Drawn from a stream of their own. */
export const structuresDiskAdditions: readonly StructuresAction[] = [
  oneDiskAhead(parts),
  defineAction({
    // The one that may have room for a few items only.
    type: 'fill-up',
    kind: 'workload',
    weight: 10,
    draw: (random) => ({ ...drawTurns(random, 12), looksAfterMs: drawLogarithmic(random, 1, 300) }),
    perform: (run, { looksAfterMs, ...turns }) =>
      eachTurn(run, turns, (user, turn) => {
        void produce(run, user, smallQueue, turns)
        run.later(looksAfterMs, () => {
          const other = userOfTurn(run, turns.user, turn + 1)
          if (other) void lookAtQueue(run, other, smallQueue, 'stats', turns.timeoutMs)
        })
      }),
  }),
]
