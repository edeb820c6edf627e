import { recordOf } from './record.ts'
import type { ShardingRun } from './sharding-run.ts'

/** What every node says of itself. */
export function explainAll(run: ShardingRun): string {
  const nodes = run.world.processes.map(({ host, program }) => {
    const { summary, tableVersion } = program?.sharding.explain() ?? {}
    return `${host}: ${summary ?? 'no program'} (${tableVersion ?? ''})`
  })
  const { outsider } = recordOf(run)
  return [...nodes, ...(outsider ? [outsider.explain()] : [])].join('; ')
}
