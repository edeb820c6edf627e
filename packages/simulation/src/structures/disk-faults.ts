// Everybody is gone at once while counters whose copies are on disks are used, and some disks do not come back.
import { nodeDiskFaults, oneDiskAhead, type NodeDiskParts } from '../hosting/node-disk-faults.ts'
import { useCounter } from './acts.ts'
import { diskCopies, type StructuresHost } from './host.ts'
import { recordOf } from './record.ts'
import type { StructuresAction } from './structures-run.ts'
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
export const structuresDiskAdditions: readonly StructuresAction[] = [oneDiskAhead(parts)]
