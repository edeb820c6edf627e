// P3: a partition never leaves two sides at work. At no instant two processes run of which each has
// decided against the other as it is now. Each data center decides over its own members: of two, those that
// lose may well have heard of each other's loss before they hear of their own.
import type { ClusterState, NodeIdentity } from '@casty/membership'
import type { MembershipRun, MembershipWatcher } from '../membership/membership-run.ts'
import { dataCenterOf } from '../membership/places.ts'

export const oneSideName = 'one side survives'

export function oneSideSurvives(run: MembershipRun): MembershipWatcher {
  const check = (): void => {
    const pair = feud(run)
    if (pair !== undefined) {
      run.violate(oneSideName, `${pair.join(' and ')} have given each other up, and both run`)
    }
  }
  return {
    changed(_process, state, before) {
      const isNews = state.records !== before?.records || state.tombstones !== before.tombstones
      if (isNews) check()
    },
    healing: check,
    finished: check,
  }
}

/** Two of one data center who run and have given each other up. */
export function feud(run: MembershipRun): readonly [string, string] | undefined {
  const running = run.world.processes.flatMap(({ host, program }) => {
    const state = program?.getState()
    if (program === undefined || state === undefined || run.world.isStopped(host)) return []
    const dataCenter = dataCenterOf(run, host)
    return state.members.length === 0 ? [] : [{ node: program.self, state, dataCenter }]
  })
  for (const [index, one] of running.entries()) {
    for (const other of running.slice(index + 1)) {
      if (one.dataCenter !== other.dataCenter) continue
      if (hasGivenUp(one.state, other.node) && hasGivenUp(other.state, one.node)) {
        return [one.node.key, other.node.key]
      }
    }
  }
  return undefined
}

/** By decision: neither because it left, nor because its address has another life. */
export function hasGivenUp(state: ClusterState, node: NodeIdentity): boolean {
  if (state.member(node)?.status === 'down') return true
  const tombstone = state.tombstones.get(node.address.toString())
  return tombstone?.left === false && tombstone.node.equals(node)
}
