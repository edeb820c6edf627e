// What is demanded of data centers once the faults are over: each has one leader, in the eyes of all, and
// an order of age; and all are known everywhere.
import { electLeader, type ClusterState, type LeaderOrder } from '@casty/membership'
import type { MembershipRun } from '../membership/membership-run.ts'
import { dataCentersIn, hostsIn } from '../membership/places.ts'
import type { HealStage } from '../run/scenario.ts'

/** Votes that were taken across in the chaos are taken back: a heartbeat, or the loss of an envoy. */
const agreeWithinMs = 20_000

export function dataCentersAgree(run: MembershipRun): HealStage {
  return {
    name: 'data centers agree',
    withinMs: agreeWithinMs,
    isDone: () => disagreement(run) === undefined,
    explain: () => disagreement(run) ?? '',
  }
}

export function disagreement(run: MembershipRun): string | undefined {
  // Drawn of these two.
  const { leaderOrder = 'age' } = run.plan.settings as { readonly leaderOrder?: LeaderOrder }
  const views = run.world.processes.flatMap(({ host, program }) => {
    const state = program?.getState()
    return state === undefined ? [] : [{ host, state }]
  })
  for (const name of dataCentersIn(run)) {
    const [first] = views
    const leaderIn = (state: ClusterState): string =>
      electLeader(state, { dataCenter: name, leaderOrder })?.key ?? 'nobody'
    for (const { host, state } of views) {
      const members = state.members.filter(({ dataCenter }) => dataCenter === name)
      const hosts = members.map(({ address }) => address.host).toSorted()
      if (hosts.join() !== hostsIn(run, name).toSorted().join()) {
        return `${host} knows ${hosts.join(' ') || 'nobody'} in ${name}`
      }
      const ages = members.flatMap(({ upNumber }) => upNumber ?? [])
      if (new Set(ages).size < members.length) {
        return `${host} has ages ${ages.join(' ')} for ${members.length} members of ${name}`
      }
      const lost = members.find(({ key }) => state.unreachable.has(key))
      if (lost !== undefined) return `${host} finds ${lost.key} of ${name} unreachable`
      if (first !== undefined && leaderIn(state) !== leaderIn(first.state)) {
        const [one, other] = [first.state, state].map(leaderIn)
        return `${first.host} takes ${one} for the leader of ${name}, ${host} ${other}`
      }
    }
  }
  return undefined
}
