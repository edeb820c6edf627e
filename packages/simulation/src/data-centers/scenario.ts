// Clusters over two or three data centers, each of which resolves its own split brains.
import type { Cluster, ClusterState } from '@casty/membership'
import { networkFaults } from '../faults/network-faults.ts'
import { processFaults } from '../faults/process-faults.ts'
import {
  clusterShape,
  clusterState,
  memberChoices,
  type ClusterScenario,
} from '../membership/cluster-scenario.ts'
import { leaveAction } from '../membership/workload.ts'
import { oneClusterAgain } from '../sbr/healing.ts'
import { partitionFaults } from '../sbr/partition-faults.ts'
import { splitBrainProgram } from '../sbr/program.ts'
import { races } from '../sbr/races.ts'
import { watchSplitBrains } from '../sbr/scenario.ts'
import { allIsQuiet } from '../sbr/trials.ts'
import { dataCenterFaults } from './faults.ts'
import { dataCentersAgree } from './healing.ts'
import { lineFaults } from './line-faults.ts'
import { nobodyIsDownedAcross } from './nobody-is-downed-across.ts'
import { nothingWaitsInside } from './nothing-waits-inside.ts'
import { dataCenterRareStates, watchDataCenterRareStates } from './rare-states.ts'
import { configOf, dataCenterChoices } from './settings.ts'
import { trialOfACut } from './trial.ts'

/** Cuts between data centers and inside them, data centers that are lost and come back, and all other faults. */
export const dataCentersScenario: ClusterScenario = {
  name: 'data-centers',
  shape: {
    hosts: [4, 9],
    chaosMs: [30_000, 90_000],
    paceMs: [2_000, 12_000],
    ...clusterShape,
    settings: {
      ...memberChoices,
      stableAfterMs: [3_000, 5_000, 5_000, 7_000],
      downAllWhenUnstable: ['on', 'on', 'on', 'off'],
      ...dataCenterChoices,
    },
  },
  actions: [
    ...lineFaults,
    ...dataCenterFaults,
    ...partitionFaults.map((fault) => ({ ...fault, weight: fault.weight / 2 })),
    ...races.map((fault) => ({ ...fault, weight: fault.weight / 2 })),
    ...networkFaults<Cluster, ClusterState>(),
    ...processFaults<Cluster, ClusterState>(),
    leaveAction,
  ],
  program: (run) => splitBrainProgram(run, (host) => configOf(run, host)),
  ...clusterState,
  watch: (run) => [
    nobodyIsDownedAcross(run),
    ...watchSplitBrains(run),
    nothingWaitsInside(run),
    watchDataCenterRareStates(run),
  ],
  rareStates: dataCenterRareStates,
  heal: (run) => [
    oneClusterAgain(run),
    dataCentersAgree(run),
    allIsQuiet(run),
    trialOfACut(run),
    { ...oneClusterAgain(run), name: 'one cluster after a trial' },
    { ...dataCentersAgree(run), name: 'data centers agree after a trial' },
  ],
}
