import { coordinators, withRunning } from '../hosting/hosting-run.ts'
import { recordOf } from './record.ts'
import type { ShardingRun } from './sharding-run.ts'

/** What every node says of itself, and of shards that nobody has. */
export function explainAll(run: ShardingRun): string {
  const nodes = run.world.processes.map(({ host, program }) => {
    const { summary, tableVersion } = program?.sharding.explain() ?? {}
    return `${host}: ${summary ?? 'no program'} (${tableVersion ?? ''})`
  })
  const { outsider } = recordOf(run)
  return [...nodes, ...(outsider ? [outsider.explain()] : []), ...waitingShards(run)].join('; ')
}

function waitingShards(run: ShardingRun): readonly string[] {
  const waiting: string[] = []
  for (const host of coordinators(run)) {
    withRunning(run, host, ({ sharding: { regions } }) => {
      for (const region of regions) {
        for (let shard = 0; shard < region.numShards; shard++) {
          const { owner, summary } = region.explain(shard)
          if (owner === undefined) waiting.push(`${region.type} ${shard}: ${summary}`)
        }
      }
    })
  }
  return waiting
}
