// Unrest: one host after the other is cut off, and comes back when the next one is lost already. Somebody is
// out of reach all the time, nobody for long, and no picture lasts for long enough to decide on.
import type { Cluster, ClusterState } from '@casty/membership'
import { across, disturb } from '../faults/network-faults.ts'
import { defineAction, type ActionType } from '../run/action.ts'
import { drawInteger, drawSome } from '../world/seeds.ts'
import { drawMode } from './partition-faults.ts'

/** A host is found unreachable after somewhat more than four seconds, and is back at once. */
const detectedWithinMs = 4_500

export const comeAndGo: ActionType<Cluster, ClusterState> = defineAction({
  type: 'come-and-go',
  kind: 'fault',
  weight: 10,
  draw: (random, hosts) => ({
    // Of fewer one would be cut off again before it is back.
    inTurn: drawSome(random, hosts, drawInteger(random, 3, 4)).map((host) => ` ${host}`),
    everyMs: drawInteger(random, 2_500, 4_000),
    times: drawInteger(random, 6, 12),
    mode: drawMode(random),
  }),
  perform: (run, { inTurn, everyMs, times, mode }) => {
    const hosts = inTurn.map((host) => host.slice(1))
    for (let turn = 0; turn < times; turn++) {
      const gone = hosts[turn % hosts.length]
      const sides = run.world.hosts.map((host) => `${host === gone ? 1 : 2}${host}`)
      // As long as until the next one is lost, and a little more.
      run.later(turn * everyMs, () =>
        disturb(run, across(sides, false), { type: 'cut', mode }, detectedWithinMs + everyMs),
      )
    }
  },
})
