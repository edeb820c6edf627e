// Clusters of `@casty/membership` alone, without downing: whoever is gone for good is downed by hand.
import { networkFaults } from '../faults/network-faults.ts'
import { processFaults } from '../faults/process-faults.ts'
import { addressOf } from '../world/addresses.ts'
import { boundedState } from './bounded-state.ts'
import { clusterProgram } from './cluster-program.ts'
import {
  clusterShape,
  clusterState,
  longMemoryMs,
  memberCheckers,
  type ClusterScenario,
} from './cluster-scenario.ts'
import { everybodyStarts } from './everybody-starts.ts'
import { healStages } from './healing.ts'
import { peaceStages } from './in-peace.ts'
import { leavingHandsOver } from './leaving-hands-over.ts'
import { rareStates, watchRareStates } from './rare-states.ts'
import { removedStaysAway } from './removed-stays-away.ts'
import { membershipWorkload } from './workload.ts'

/** Members that join, leave, fail and come back, under every fault there is. */
export const membershipScenario: ClusterScenario = membershipAmong('membership', {
  hosts: [2, 9],
  chaosMs: [20_000, 60_000],
  paceMs: [500, 5_000],
})

/** The same where nobody watches everybody: more hosts than each has monitors, and more happens. */
export const largeMembershipScenario: ClusterScenario = membershipAmong('membership-large', {
  hosts: [12, 30],
  chaosMs: [20_000, 40_000],
  paceMs: [100, 1_500],
})

function membershipAmong(
  name: string,
  shape: Pick<ClusterScenario['shape'], 'hosts' | 'chaosMs' | 'paceMs'>,
): ClusterScenario {
  return {
    name,
    shape: {
      ...shape,
      ...clusterShape,
      settings: {
        leaderOrder: ['age', 'age', 'address'],
        gossipIntervalMs: [200, 1_000, 1_000],
        gossipFanout: [1, 3, 3],
        monitoredBy: [3, 5, 5],
        minMembers: [1, 1, 2],
        weaklyUpAfterMs: [2_000, 7_000],
        tombstoneTtlMs: [longMemoryMs, longMemoryMs, 10_000],
      },
    },
    actions: [...networkFaults(), ...processFaults(), ...membershipWorkload],
    program: (run) =>
      clusterProgram(
        () => run.world.hosts.map((host) => addressOf(host).toString()),
        run.plan.settings,
      ),
    ...clusterState,
    watch: (run) => [
      everybodyStarts(run),
      ...memberCheckers(run),
      removedStaysAway(run),
      boundedState(run),
      leavingHandsOver(run),
      watchRareStates(run),
    ],
    rareStates,
    heal: (run) => [...healStages(run), ...peaceStages(run)],
  }
}
