// Structures that all share on a cluster where everything goes wrong: those who use them, those who keep them, the ways
// between them, and the journal that all write to.
import type { ClusterState } from '@casty/membership'
import { passingDiskFaults } from '../faults/disk-faults.ts'
import { streamFaults } from '../faults/network-faults.ts'
import { processFaultsWithRareJumps } from '../faults/process-faults.ts'
import { describeState } from '../membership/describe.ts'
import { seldom } from '../run/action.ts'
import { structuresAdditions } from './additions.ts'
import { contention } from './contention.ts'
import { structuresDiskAdditions, structuresDiskFaults } from './disk-faults.ts'
import { structuresFaults } from './faults.ts'
import { structuresHealing } from './healing.ts'
import { structuresProgram, type StructuresHost } from './host.ts'
import { outstaying } from './outstaying.ts'
import { structuresDiskRareStates, structuresRareStates } from './rare-states.ts'
import { recordOf } from './record.ts'
import { diskChoices, structuresChoices, structuresSettings } from './settings.ts'
import type { StructuresAction, StructuresScenario } from './structures-run.ts'
import { answersAreRight, supervisor } from './watchers.ts'
import { structuresWorkload } from './workload.ts'

const everyFault: readonly StructuresAction[] = [
  contention,
  ...structuresFaults,
  ...streamFaults<StructuresHost, ClusterState>(),
  ...processFaultsWithRareJumps<StructuresHost, ClusterState>((run, { host, byMs }) => {
    // A node whose clock was set back looks older than its former life, and clients outside do not go back to that.
    if (structuresSettings(run.plan).hasOutsider) return false
    recordOf(run).wallClocks.set(host, byMs)
    return true
  }),
]

/** Clocks are as wrong as they may be: what is promised of counters, maps, locks, semaphores, queues and barriers holds. */
export const structuresScenario: StructuresScenario = {
  name: 'structures',
  shape: {
    hosts: [3, 6],
    chaosMs: [20_000, 45_000],
    paceMs: [150, 1_500],
    startWithinMs: 1_500,
    clockDrift: 0.0099,
    wallOffsetMs: 20,
    settings: structuresChoices,
  },
  actions: [...structuresWorkload, outstaying, ...everyFault],
  additions: structuresAdditions,
  program: structuresProgram,
  stateOf: ({ cluster }) => cluster.getState(),
  describe: describeState,
  watch: (run) => [supervisor(run), answersAreRight(run)],
  rareStates: structuresRareStates,
  heal: structuresHealing,
}

/** Copies are on the disks of nodes: all that is answered outlives that all of them stop, and that a disk is lost. */
export const structuresDisksScenario: StructuresScenario = {
  ...structuresScenario,
  name: 'structures-disks',
  shape: {
    ...structuresScenario.shape,
    hosts: [3, 5],
    chaosMs: [15_000, 35_000],
    settings: diskChoices,
  },
  actions: [
    ...structuresScenario.actions.map((action) => seldom(action)),
    ...passingDiskFaults<StructuresHost, ClusterState>(),
    ...structuresDiskFaults,
  ],
  additions: [...structuresAdditions.map((action) => seldom(action)), ...structuresDiskAdditions],
  rareStates: structuresDiskRareStates,
}
