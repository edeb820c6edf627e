import type { ShardingRun } from './sharding-run.ts'

/** What every node says of itself. */
export function explainAll(run: ShardingRun): string {
  return run.world.processes
    .map(({ host, program }) => {
      const { summary, tableVersion } = program?.sharding.explain() ?? {}
      return `${host}: ${summary ?? 'no program'} (${tableVersion ?? ''})`
    })
    .join('; ')
}
