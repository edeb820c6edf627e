// What looks at a run while it goes, and at what users saw when it is over.
import { supervising } from '../membership/supervisor.ts'
import { Outsider } from './outsider.ts'
import { recordOf } from './record.ts'
import { structuresSettings } from './settings.ts'
import type { StructuresRun, StructuresWatcher } from './structures-run.ts'

/** Whoever the cluster decided against is started again after a while, as a supervisor would. */
export function supervisor(run: StructuresRun): StructuresWatcher {
  const { ended, finished } = supervising(run)
  const record = recordOf(run)
  return {
    started() {
      if (structuresSettings(run.plan).hasOutsider) record.outsider ??= new Outsider(run)
    },
    changed: (...change) => record.losses.seen(...change),
    wrote: (write) => record.mines.wrote(write),
    ended(process) {
      const { program } = process
      record.losses.ended(process)
      record.disks.ended(process.host)
      if (program?.users.some(({ distributed }) => distributed.leases.held > 0)) {
        record.reach('a user that holds a lease dies')
      }
      ended(process)
    },
    healing() {
      record.journal.heal()
      record.mines.clear()
    },
    finished,
  }
}

/** What was answered is what one would have been answered who is alone. */
export function answersAreRight(run: StructuresRun): StructuresWatcher {
  const record = recordOf(run)
  return {
    finished() {
      if (record.mayHaveLost) {
        record.reach('more copies are lost than must be outlived')
        return
      }
      const { wrong, undecided } = record.cells.judge()
      if (wrong !== undefined) run.violate('counters and maps are linearizable', wrong)
      if (undecided !== undefined) run.giveUp('counters and maps are linearizable', undecided)
      for (const text of record.items.judge(new Map())) run.violate('items are kept', text)
      for (const text of record.entryLives.judge())
        run.violate('entries live as long as said', text)
      for (const text of record.gathering.judge()) run.violate('scans meet all', text)
      for (const text of record.watches.judge()) run.violate('changes are told in order', text)
      for (const text of record.barriers.judge())
        run.violate('a round is as many as expected', text)
    },
  }
}
