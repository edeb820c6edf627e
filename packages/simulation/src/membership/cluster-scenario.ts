// What every scenario of clusters has, whatever else is on top of them.
import type { Cluster, ClusterState } from '@casty/membership'
import type { Scenario } from '../run/scenario.ts'
import { accusationsHaveReasons } from './accusations-have-reasons.ts'
import { decisionsAreShared } from './decisions-are-shared.ts'
import { describeState } from './describe.ts'
import { forwardOnly } from './forward-only.ts'
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'
import { oneCluster } from './one-cluster.ts'
import { reachabilityIsFair } from './reachability-is-fair.ts'
import { seenIsTrue } from './seen-is-true.ts'
import { votesCount } from './votes-count.ts'

export type ClusterScenario = Scenario<Cluster, ClusterState>

/** How long a cluster remembers whom it removed, when it is for longer than any run. */
export const longMemoryMs = 86_400_000

/** What is drawn of the options of membership where split brains are resolved. */
export const memberChoices: ClusterScenario['shape']['settings'] = {
  leaderOrder: ['age', 'age', 'address'],
  monitoredBy: [3, 5, 5],
  weaklyUpAfterMs: [2_000, 7_000],
  tombstoneTtlMs: [longMemoryMs, longMemoryMs, 30_000],
}

/** When processes start, and how wrong their clocks are. */
export const clusterShape: Pick<
  ClusterScenario['shape'],
  'startWithinMs' | 'clockDrift' | 'wallOffsetMs'
> = { startWithinMs: 2_000, clockDrift: 500e-6, wallOffsetMs: 3_600_000 }

/** How the state of a cluster is read, and told to people. */
export const clusterState: Pick<ClusterScenario, 'stateOf' | 'describe'> = {
  stateOf: (cluster) => cluster.getState(),
  describe: describeState,
}

/** What holds of members in every cluster that was not cut by hand. */
export function memberCheckers(run: MembershipRun): readonly MembershipWatcher[] {
  return [
    forwardOnly(run),
    oneCluster(run),
    reachabilityIsFair(run),
    seenIsTrue(run),
    accusationsHaveReasons(run),
    votesCount(run),
    decisionsAreShared(run),
  ]
}
