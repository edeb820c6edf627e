// All that meet are of one cluster: whoever joins takes its identity, and nobody forms a second one
// while a member of the first lives.
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'

export function oneCluster(run: MembershipRun): MembershipWatcher {
  const name = 'there is one cluster'
  return {
    changed({ host }, { clusterId }) {
      if (clusterId === '') return
      for (const other of run.world.processes) {
        const id = run.stateOf(other)?.clusterId
        if (id === undefined || id === '' || id === clusterId || other.host === host) continue
        run.violate(name, `${host} is in cluster ${clusterId}, ${other.host} in ${id}`, host)
      }
    },
  }
}
