import { shardsAtCoordinators } from '../hosting/hosting-run.ts'
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
  return [...shardsAtCoordinators(run)]
    .filter(({ explanation }) => explanation.owner === undefined)
    .map(({ region, explanation: { shard, summary } }) => `${region.type} ${shard}: ${summary}`)
}
