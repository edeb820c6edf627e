// Clusters that resolve split brains: whoever is cut off is downed by decision, stops, and is started
// again, as a supervisor would.
import type { Cluster, ClusterState } from '@casty/membership'
import { networkFaults } from '../faults/network-faults.ts'
import { processFaults } from '../faults/process-faults.ts'
import { boundedState } from '../membership/bounded-state.ts'
import {
  clusterShape,
  clusterState,
  memberChoices,
  memberCheckers,
  type ClusterScenario,
} from '../membership/cluster-scenario.ts'
import { everybodyStarts } from '../membership/everybody-starts.ts'
import type { MembershipRun, MembershipWatcher } from '../membership/membership-run.ts'
import { removedStaysAway } from '../membership/removed-stays-away.ts'
import { leaveAction } from '../membership/workload.ts'
import { clearMajorityGoesOn } from './clear-majority-goes-on.ts'
import { comeAndGo } from './come-and-go.ts'
import { handDowns } from './hand-downs.ts'
import { oneClusterAgain } from './healing.ts'
import { leadersDecide } from './leaders-decide.ts'
import { splitBeforeJoining } from './late-joiners.ts'
import { leaseFaults } from './lease-faults.ts'
import { leaseIsHeld } from './lease-is-held.ts'
import { loserStops } from './loser-stops.ts'
import { newsFaults } from './news.ts'
import { oneSideSurvives } from './one-side-survives.ts'
import { partitionFaults } from './partition-faults.ts'
import { splitBrainProgram } from './program.ts'
import { quietPictures } from './quiet-pictures.ts'
import { races } from './races.ts'
import { splitBrainRareStates, watchSplitBrainRareStates } from './rare-states.ts'
import { restarts } from './restarts.ts'
import { splitBrainChoices } from './settings.ts'
import { stoppedDeciders } from './stopped-deciders.ts'
import { trials } from './trials.ts'
import { unrestEnds } from './unrest-ends.ts'
import { untilDownedByHand } from './until-downed-by-hand.ts'

const everyFault: ClusterScenario['actions'] = [
  ...partitionFaults,
  ...races,
  ...newsFaults,
  splitBeforeJoining,
  ...stoppedDeciders,
  ...handDowns,
  ...leaseFaults,
  ...networkFaults<Cluster, ClusterState>(),
  ...processFaults<Cluster, ClusterState>(),
  leaveAction,
]

/** Partitions of every kind, and everything else that can go wrong meanwhile. */
export const splitBrainScenario: ClusterScenario = splitBrainAmong('split-brain', {
  hosts: [3, 9],
  chaosMs: [30_000, 90_000],
  paceMs: [2_000, 15_000],
})

/** Cuts amid changes of members, over and over, for strategies that count: each side knows another half. */
export const splitBrainRacesScenario: ClusterScenario = splitBrainAmong(
  'split-brain-races',
  { hosts: [3, 6], chaosMs: [40_000, 80_000], paceMs: [5_000, 15_000] },
  {
    strategy: ['keep-majority', 'keep-majority', 'static-quorum', 'static-quorum', 'keep-oldest'],
    role: [''],
    beyondHalf: [-1, -1, 0],
  },
  [
    ...[...newsFaults, splitBeforeJoining].map((fault) => ({ ...fault, weight: 30 })),
    ...races,
    ...processFaults<Cluster, ClusterState>(),
  ],
)

/** Members come and go for so long that nothing can be decided. */
export const splitBrainUnrestScenario: ClusterScenario = splitBrainAmong(
  'split-brain-unrest',
  { hosts: [5, 9], chaosMs: [40_000, 60_000], paceMs: [10_000, 25_000] },
  { stableAfterMs: [5_000, 7_000], downAllWhenUnstable: ['on'] },
  [comeAndGo, ...processFaults<Cluster, ClusterState>()],
)

/** Where nobody watches everybody, so that it takes rounds to find out who is lost. */
export const largeSplitBrainScenario: ClusterScenario = splitBrainAmong(
  'split-brain-large',
  { hosts: [12, 25], chaosMs: [20_000, 40_000], paceMs: [4_000, 15_000] },
  // As is recommended for so many.
  { stableAfterMs: [8_000, 10_000], monitoredBy: [5] },
)

function splitBrainAmong(
  name: string,
  shape: Pick<ClusterScenario['shape'], 'hosts' | 'chaosMs' | 'paceMs'>,
  settings: ClusterScenario['shape']['settings'] = {},
  actions: ClusterScenario['actions'] = everyFault,
): ClusterScenario {
  return {
    name,
    shape: {
      ...shape,
      ...clusterShape,
      settings: {
        ...memberChoices,
        ...splitBrainChoices,
        ...settings,
      },
    },
    actions,
    program: splitBrainProgram,
    ...clusterState,
    watch: (run) => [...watchSplitBrains(run), watchSplitBrainRareStates(run)],
    rareStates: splitBrainRareStates,
    heal: (run) => [oneClusterAgain(run), ...trials(run)],
  }
}

/** What holds where split brains are resolved, and the supervisor of every process. */
export function watchSplitBrains(run: MembershipRun): readonly MembershipWatcher[] {
  return [
    restarts(run),
    everybodyStarts(run),
    boundedState(run),
    ...untilDownedByHand(run, [
      ...memberCheckers(run),
      withoutEnd(removedStaysAway(run)),
      oneSideSurvives(run),
      loserStops(run),
      unrestEnds(run),
      quietPictures(run),
      leadersDecide(run),
      clearMajorityGoesOn(run),
      leaseIsHeld(run),
    ]),
  ]
}

/** Whoever was removed by a side that is gone goes on, and rightly so. */
function withoutEnd(watcher: MembershipWatcher): MembershipWatcher {
  return { changed: (...change) => watcher.changed?.(...change) }
}
