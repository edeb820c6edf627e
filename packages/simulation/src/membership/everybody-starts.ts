// A host where nothing else runs can start a process, whatever the network does.
import type { Cluster, ClusterState } from '@casty/membership'
import type { Watcher } from '../run/scenario.ts'
import type { MembershipRun } from './scenario.ts'

export function everybodyStarts(run: MembershipRun): Watcher<Cluster, ClusterState> {
  return {
    ended(process) {
      const { end, host } = process
      if (end?.how === 'failed') {
        run.violate('every process starts', `${process} did not: ${end.reason}`, host)
      }
    },
  }
}
