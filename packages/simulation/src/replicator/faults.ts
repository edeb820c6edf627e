// What goes wrong with all nodes at once, and with disks for good.
import { defineAction } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import { recordOf } from './record.ts'
import type { ReplicatorAction } from './replicator-run.ts'

export const replicatorFaults: readonly ReplicatorAction[] = [
  defineAction({
    type: 'restart-all',
    kind: 'fault',
    weight: 0.5,
    draw: (random) => ({ withinMs: drawInteger(random, 1, 2_000) }),
    perform: (run, { withinMs }) => {
      recordOf(run).reach('everybody dies at once')
      for (const [index, host] of run.world.hosts.entries()) {
        run.note(host, 'fault', 'all crash')
        run.world.crash(host)
        run.later((index * withinMs) / run.world.hosts.length, () => run.world.start(host))
      }
    },
  }),
  defineAction({
    type: 'lose-disk',
    kind: 'fault',
    weight: 1,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      backAfterMs: drawLogarithmic(random, 10, 5_000),
    }),
    perform: (run, { host, backAfterMs }) => {
      if (run.world.running(host) === undefined || run.world.processes.length < 2) return
      run.note(host, 'fault', 'the machine is lost with its disk')
      run.world.vanish(host)
      recordOf(run).disks.lose(host)
      recordOf(run).knowledge.diskLost(host)
      recordOf(run).reach('a disk is lost for good')
      run.later(backAfterMs, () => run.world.start(host))
    },
  }),
]
