// Clusters of `@casty/membership` alone, without downing: whoever is gone for good is downed by hand.
import type { Cluster, ClusterState } from '@casty/membership'
import { networkFaults } from '../faults/network-faults.ts'
import { processFaults } from '../faults/process-faults.ts'
import type { Scenario } from '../run/scenario.ts'
import { addressOf } from '../world/addresses.ts'
import { accusationsHaveReasons } from './accusations-have-reasons.ts'
import { boundedState } from './bounded-state.ts'
import { clusterProgram } from './cluster-program.ts'
import { decisionsAreShared } from './decisions-are-shared.ts'
import { describeState } from './describe.ts'
import { everybodyStarts } from './everybody-starts.ts'
import { forwardOnly } from './forward-only.ts'
import { healStages } from './healing.ts'
import { peaceStages } from './in-peace.ts'
import { leavingHandsOver } from './leaving-hands-over.ts'
import { oneCluster } from './one-cluster.ts'
import { rareStates, watchRareStates } from './rare-states.ts'
import { reachabilityIsFair } from './reachability-is-fair.ts'
import { removedStaysAway } from './removed-stays-away.ts'
import { seenIsTrue } from './seen-is-true.ts'
import { votesCount } from './votes-count.ts'
import { membershipWorkload } from './workload.ts'

const longMemoryMs = 86_400_000

/** Members that join, leave, fail and come back, under every fault there is. */
export const membershipScenario: Scenario<Cluster, ClusterState> = membershipAmong('membership', {
  hosts: [2, 9],
  chaosMs: [20_000, 60_000],
  paceMs: [500, 5_000],
})

/** The same where nobody watches everybody: more hosts than each has monitors, and more happens. */
export const largeMembershipScenario: Scenario<Cluster, ClusterState> = membershipAmong(
  'membership-large',
  { hosts: [12, 30], chaosMs: [20_000, 40_000], paceMs: [100, 1_500] },
)

function membershipAmong(
  name: string,
  shape: Pick<Scenario<Cluster, ClusterState>['shape'], 'hosts' | 'chaosMs' | 'paceMs'>,
): Scenario<Cluster, ClusterState> {
  return {
    name,
    shape: {
      ...shape,
      startWithinMs: 2_000,
      clockDrift: 500e-6,
      wallOffsetMs: 3_600_000,
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
    stateOf: (cluster) => cluster.getState(),
    describe: describeState,
    watch: (run) => [
      everybodyStarts(run),
      forwardOnly(run),
      removedStaysAway(run),
      oneCluster(run),
      boundedState(run),
      reachabilityIsFair(run),
      seenIsTrue(run),
      leavingHandsOver(run),
      accusationsHaveReasons(run),
      votesCount(run),
      decisionsAreShared(run),
      watchRareStates(run),
    ],
    rareStates,
    heal: (run) => [...healStages(run), ...peaceStages(run)],
  }
}
