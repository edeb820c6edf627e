import type { Cluster } from '@casty/membership'
import type { Run } from '../run/run.ts'
import type { HealStage } from '../run/scenario.ts'
import { describeState } from './describe.ts'
import { isLeaving } from './leaving.ts'

/**
 * All hosts run, are up and see nobody else.
 *
 * @param lacksMore - what else is missing, in words
 */
export function allAreThere<P extends { readonly cluster: Cluster }, S>(
  run: Run<P, S>,
  name: string,
  lacksMore: () => string | undefined = () => undefined,
): HealStage {
  const { world } = run
  const lacking = (): string | undefined => {
    for (const host of world.hosts) {
      const cluster = world.running(host)?.program?.cluster
      const state = cluster?.getState()
      if (!cluster || !state) return `nothing runs on ${host}`
      const isWhole =
        cluster.selfMember?.status === 'up' &&
        !isLeaving(cluster) &&
        state.isConverged &&
        state.unreachable.size === 0 &&
        state.members.length === world.hosts.length &&
        state.members.every(({ status }) => status === 'up')
      if (!isWhole) return `${host}: ${describeState(state)}. ${cluster.explain().summary}`
    }
    return lacksMore()
  }
  return {
    name,
    withinMs: 90_000,
    nudge() {
      for (const host of world.hosts) world.start(host)
    },
    isDone: () => lacking() === undefined,
    explain: () => lacking() ?? '',
  }
}
