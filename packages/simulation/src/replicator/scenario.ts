// Values that converge on every member, while everything goes wrong: changed and read with any number of others, told by
// deltas, repaired by digests, and freed of nodes that are gone.
import type { ClusterState } from '@casty/membership'
import { streamFaults } from '../faults/network-faults.ts'
import { processFaultsWithoutJumps } from '../faults/process-faults.ts'
import { describeState } from '../membership/describe.ts'
import { replicatorFaults } from './faults.ts'
import { replicatorHealing } from './healing.ts'
import { replicatorProgram, type ReplicatorHost } from './host.ts'
import { outsideActions, startOutsider } from './outside-workload.ts'
import { clientRareStates, replicatorRareStates } from './rare-states.ts'
import type { ReplicatorScenario } from './replicator-run.ts'
import { clientChoices, replicatorChoices } from './settings.ts'
import { allIsKnown, supervisor } from './watchers.ts'
import { replicatorWorkload } from './workload.ts'

/** Values that converge: what was confirmed is there, what went stays away, and in the end all hold the same. */
export const replicatorScenario: ReplicatorScenario = {
  name: 'replicator',
  shape: {
    hosts: [3, 5],
    // So long that somebody comes back who was pruned, or would have been.
    chaosMs: [15_000, 60_000],
    paceMs: [60, 600],
    startWithinMs: 1_500,
    clockDrift: 0.0099,
    wallOffsetMs: 20,
    settings: replicatorChoices,
  },
  actions: [
    ...replicatorWorkload,
    ...replicatorFaults,
    ...streamFaults<ReplicatorHost, ClusterState>(),
    // Wall clocks say for how long it is remembered who is gone.
    ...processFaultsWithoutJumps<ReplicatorHost, ClusterState>(),
  ],
  program: replicatorProgram,
  stateOf: ({ cluster }) => cluster.getState(),
  describe: describeState,
  watch: (run) => [supervisor(run), startOutsider(run), allIsKnown(run)],
  rareStates: replicatorRareStates,
  heal: replicatorHealing,
}

/** The same values in a client outside, which changes them too, loses its contacts, and goes on with others. */
export const replicatorClientsScenario: ReplicatorScenario = {
  ...replicatorScenario,
  name: 'replicator-clients',
  shape: { ...replicatorScenario.shape, settings: clientChoices },
  actions: [...replicatorScenario.actions, ...outsideActions],
  rareStates: clientRareStates,
}
