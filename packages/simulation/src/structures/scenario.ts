// Structures that all share on a cluster where everything goes wrong: those who use them, those who keep them, the ways
// between them, and the journal that all write to.
import type { ClusterState } from '@casty/membership'
import { networkFaults } from '../faults/network-faults.ts'
import { processFaults } from '../faults/process-faults.ts'
import { describeState } from '../membership/describe.ts'
import { contention } from './contention.ts'
import { structuresFaults } from './faults.ts'
import { structuresHealing } from './healing.ts'
import { structuresProgram, type StructuresHost } from './host.ts'
import { structuresRareStates } from './rare-states.ts'
import { recordOf } from './record.ts'
import { structuresChoices, structuresSettings } from './settings.ts'
import type { StructuresAction, StructuresScenario } from './structures-run.ts'
import { answersAreRight, supervisor } from './watchers.ts'
import { structuresWorkload } from './workload.ts'

/** What no stream does to what is sent on it: messages of users are as good as the streams that carry them. */
const brokenStreams: ReadonlySet<string> = new Set(['duplicate', 'reorder'])

const everyFault: readonly StructuresAction[] = [
  contention,
  ...structuresFaults,
  ...networkFaults<StructuresHost, ClusterState>().filter(({ type }) => !brokenStreams.has(type)),
  ...processFaults<StructuresHost, ClusterState>().map((action) =>
    action.type === 'wall-jump' ? withNote(action) : action,
  ),
]

function withNote(action: StructuresAction): StructuresAction {
  return {
    ...action,
    weight: action.weight / 2,
    perform: (run, parameters) => {
      // A node whose clock was set back looks older than its former life, and clients outside do not go back to that.
      if (structuresSettings(run.plan).hasOutsider) return
      recordOf(run).wallClocks.set(String(parameters['host']), Number(parameters['byMs']))
      action.perform(run, parameters)
    },
  }
}

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
  actions: [...structuresWorkload, ...everyFault],
  program: structuresProgram,
  stateOf: ({ cluster }) => cluster.getState(),
  describe: describeState,
  watch: (run) => [supervisor(run), answersAreRight(run)],
  rareStates: structuresRareStates,
  heal: structuresHealing,
}
