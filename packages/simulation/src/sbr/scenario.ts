// Clusters that resolve split brains: whoever is cut off is downed by decision, stops, and is started
// again, as a supervisor would.
import type { Cluster, ClusterState } from '@casty/membership'
import { networkFaults } from '../faults/network-faults.ts'
import { processFaults } from '../faults/process-faults.ts'
import { accusationsHaveReasons } from '../membership/accusations-have-reasons.ts'
import { boundedState } from '../membership/bounded-state.ts'
import { decisionsAreShared } from '../membership/decisions-are-shared.ts'
import { describeState } from '../membership/describe.ts'
import { everybodyStarts } from '../membership/everybody-starts.ts'
import { forwardOnly } from '../membership/forward-only.ts'
import type { MembershipWatcher } from '../membership/membership-run.ts'
import { oneCluster } from '../membership/one-cluster.ts'
import { reachabilityIsFair } from '../membership/reachability-is-fair.ts'
import { removedStaysAway } from '../membership/removed-stays-away.ts'
import { seenIsTrue } from '../membership/seen-is-true.ts'
import { votesCount } from '../membership/votes-count.ts'
import { leaveAction } from '../membership/workload.ts'
import type { Scenario } from '../run/scenario.ts'
import { clearMajorityGoesOn } from './clear-majority-goes-on.ts'
import { handDowns } from './hand-downs.ts'
import { oneClusterAgain } from './healing.ts'
import { leadersDecide } from './leaders-decide.ts'
import { leaseFaults } from './lease-faults.ts'
import { leaseIsHeld } from './lease-is-held.ts'
import { loserStops } from './loser-stops.ts'
import { splitAsNewsSpreads } from './news.ts'
import { oneSideSurvives } from './one-side-survives.ts'
import { partitionFaults } from './partition-faults.ts'
import { splitBrainProgram } from './program.ts'
import { quietPictures } from './quiet-pictures.ts'
import { races } from './races.ts'
import { splitBrainRareStates, watchSplitBrainRareStates } from './rare-states.ts'
import { restarts } from './restarts.ts'
import { splitBrainChoices } from './settings.ts'
import { trials } from './trials.ts'
import { untilDownedByHand } from './until-downed-by-hand.ts'

const longMemoryMs = 86_400_000

type SplitBrainScenario = Scenario<Cluster, ClusterState>

const everyFault: SplitBrainScenario['actions'] = [
  ...partitionFaults,
  ...races,
  splitAsNewsSpreads,
  ...handDowns,
  ...leaseFaults,
  ...networkFaults<Cluster, ClusterState>(),
  ...processFaults<Cluster, ClusterState>(),
  leaveAction,
]

/** Partitions of every kind, and everything else that can go wrong meanwhile. */
export const splitBrainScenario: SplitBrainScenario = splitBrainAmong('split-brain', {
  hosts: [3, 9],
  chaosMs: [30_000, 90_000],
  paceMs: [2_000, 15_000],
})

/** Cuts amid changes of members, over and over, for strategies that count: each side knows another half. */
export const splitBrainRacesScenario: SplitBrainScenario = splitBrainAmong(
  'split-brain-races',
  { hosts: [3, 6], chaosMs: [30_000, 60_000], paceMs: [3_000, 10_000] },
  { strategy: ['keep-majority', 'keep-majority', 'static-quorum', 'static-quorum', 'keep-oldest'] },
  [splitAsNewsSpreads, ...races, ...processFaults<Cluster, ClusterState>()],
)

/** Where nobody watches everybody, so that it takes rounds to find out who is lost. */
export const largeSplitBrainScenario: SplitBrainScenario = splitBrainAmong(
  'split-brain-large',
  { hosts: [12, 25], chaosMs: [20_000, 40_000], paceMs: [4_000, 15_000] },
  // As is recommended for so many.
  { stableAfterMs: [8_000, 10_000], monitoredBy: [5] },
)

function splitBrainAmong(
  name: string,
  shape: Pick<SplitBrainScenario['shape'], 'hosts' | 'chaosMs' | 'paceMs'>,
  settings: SplitBrainScenario['shape']['settings'] = {},
  actions: SplitBrainScenario['actions'] = everyFault,
): SplitBrainScenario {
  return {
    name,
    shape: {
      ...shape,
      startWithinMs: 2_000,
      clockDrift: 500e-6,
      wallOffsetMs: 3_600_000,
      settings: {
        leaderOrder: ['age', 'age', 'address'],
        monitoredBy: [3, 5, 5],
        weaklyUpAfterMs: [2_000, 7_000],
        tombstoneTtlMs: [longMemoryMs, longMemoryMs, 30_000],
        ...splitBrainChoices,
        ...settings,
      },
    },
    actions,
    program: splitBrainProgram,
    stateOf: (cluster) => cluster.getState(),
    describe: describeState,
    watch: (run) => [
      restarts(run),
      everybodyStarts(run),
      boundedState(run),
      ...untilDownedByHand(run, [
        forwardOnly(run),
        withoutEnd(removedStaysAway(run)),
        oneCluster(run),
        reachabilityIsFair(run),
        seenIsTrue(run),
        accusationsHaveReasons(run),
        votesCount(run),
        decisionsAreShared(run),
        oneSideSurvives(run),
        loserStops(run),
        quietPictures(run),
        leadersDecide(run),
        clearMajorityGoesOn(run),
        leaseIsHeld(run),
      ]),
      watchSplitBrainRareStates(run),
    ],
    rareStates: splitBrainRareStates,
    heal: (run) => [oneClusterAgain(run), ...trials(run)],
  }
}

/** Whoever was removed by a side that is gone goes on, and rightly so. */
function withoutEnd(watcher: MembershipWatcher): MembershipWatcher {
  return { changed: (...change) => watcher.changed?.(...change) }
}
