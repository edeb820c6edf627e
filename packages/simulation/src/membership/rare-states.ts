import type { Cluster, ClusterState } from '@casty/membership'
import type { Watcher } from '../run/scenario.ts'
import type { MembershipRun } from './scenario.ts'

export const rareStates: readonly string[] = ['a member is weakly up']

export function watchRareStates(run: MembershipRun): Watcher<Cluster, ClusterState> {
  return {
    changed(_process, { members }) {
      if (members.some(({ status }) => status === 'weakly-up')) run.reach('a member is weakly up')
    },
  }
}
