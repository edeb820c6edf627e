// What goes wrong between nodes and the store of their lease. Where no lease is asked for, nothing.
import type { Cluster, ClusterState } from '@casty/membership'
import { defineAction, type ActionType } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import { leaseOfAll, leaseOwner } from './program.ts'
import { recordOf } from './record.ts'
import { splitBrainSettings } from './settings.ts'

export const leaseFaults: readonly ActionType<Cluster, ClusterState>[] = [
  defineAction({
    type: 'lease-cut',
    kind: 'fault',
    weight: 1,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      direction: drawOne(random, ['requests', 'answers'] as const),
      forMs: drawLogarithmic(random, 1_000, 40_000),
    }),
    perform: (run, { host, direction, forMs }) => {
      const process = run.world.running(host)
      if (splitBrainSettings(run.plan).strategy !== 'lease-majority' || !process) return
      const owner = leaseOwner(process)
      const { leases } = recordOf(run)
      run.note(host, 'fault', `its ${direction} about the lease are lost for ${forMs} ms`)
      leases.cut(owner, direction)
      run.world.clock.schedule(forMs, () => leases.mend(owner))
    },
  }),
  defineAction({
    type: 'lease-late',
    kind: 'fault',
    weight: 2,
    draw: (random) => ({
      byMs: drawInteger(random, 500, 7_000),
      carriedOut: drawOne(random, ['late', 'delayed'] as const),
      times: drawInteger(random, 1, 3),
    }),
    perform: (run, { byMs, carriedOut, times }) => {
      if (splitBrainSettings(run.plan).strategy !== 'lease-majority') return
      run.note(run.world.hosts[0] ?? '', 'fault', `${times} answers on ${leaseOfAll} come late`)
      for (let turn = 0; turn < times; turn++) {
        recordOf(run).leases.answerNext({ type: carriedOut, byMs })
      }
    },
  }),
]
