// Event-sourced actors on journals in files, each host with a journal of its own: disks fail, processes and the power
// end at every step, and writers who have been replaced go on.
import { diskFaults } from '../faults/disk-faults.ts'
import { processFaults } from '../faults/process-faults.ts'
import { journalFaults } from './faults.ts'
import { journalHealing } from './healing.ts'
import { journalProgram, type JournalHost, type JournalHostState } from './host.ts'
import type { JournalRun, JournalScenario, JournalWatcher } from './journal-run.ts'
import { journalRareStates } from './rare-states.ts'
import { recordOf } from './record.ts'
import { journalChoices } from './settings.ts'
import { journalWorkload } from './workload.ts'

/** Bits that flip as they are read may be of what was written last: no journal can tell that from a torn end. */
const faultsThatAreTold = diskFaults<JournalHost, JournalHostState>().filter(
  ({ type }) => type !== 'bit-flip',
)

/**
 * Actors on journals in files: what was acknowledged stays, once and in order, and who was replaced writes no more, whatever
 * disks, processes and the power do. Damage is told of, and nothing else is.
 */
export const journalScenario: JournalScenario = {
  name: 'journal',
  shape: {
    hosts: [1, 3],
    chaosMs: [5_000, 20_000],
    paceMs: [30, 400],
    startWithinMs: 100,
    clockDrift: 500e-6,
    wallOffsetMs: 3_600_000,
    settings: journalChoices,
  },
  actions: [
    ...journalWorkload,
    ...journalFaults,
    ...faultsThatAreTold,
    // Next to them, much is to be written.
    ...processFaults<JournalHost, JournalHostState>().map((action) => ({
      ...action,
      weight: action.kind === 'fault' ? action.weight / 3 : action.weight,
    })),
  ],
  program: journalProgram,
  stateOf: (program) => program.state,
  describe: (state) => state,
  watch: (run) => [processes(run)],
  rareStates: journalRareStates,
  heal: journalHealing,
}

function processes(run: JournalRun): JournalWatcher {
  const record = recordOf(run)
  return {
    ended({ host, program, end }) {
      record.locks.free(host)
      if (program?.state === 'opening' && end?.reason === 'power lost') {
        record.reach('the power goes while a journal is opened')
      }
      if (end?.how === 'failed') run.violate('every process starts', end.reason, host)
    },
  }
}
