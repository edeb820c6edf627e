// A host where nothing else runs can start a process, whatever the network does.
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'

export function everybodyStarts(run: MembershipRun): MembershipWatcher {
  return {
    ended(process) {
      const { end, host } = process
      if (end?.how === 'failed') {
        run.violate('every process starts', `${process} did not: ${end.reason}`, host)
      }
    },
  }
}
