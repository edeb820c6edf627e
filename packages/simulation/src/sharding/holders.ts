// Who has copies of an entity, as those say who run.
import type { ShardingRun } from './sharding-run.ts'

/** Who is to keep copies of an entity, as its owner says. */
export function keepersOf(run: ShardingRun, owner: string, id: string): readonly string[] {
  const process = run.world.running(owner)
  const region = process?.program?.regionOf('copied')
  if (!process || !region) return []
  const { replication } = process.clock.peek(() => region.explain(region.shardOf(id)))
  const keepers = new Set(
    replication?.replicas.filter(({ isToKeep }) => isToKeep).map(({ node }) => node),
  )
  return run.world.processes
    .filter(({ program }) => program && keepers.has(program.cluster.self.toString()))
    .map(({ host }) => host)
}

export function ownerOf(run: ShardingRun, id: string): string | undefined {
  const owner = run.world.processes.find(({ program, clock }) =>
    clock.peek(() => {
      const region = program?.regionOf('copied')
      return region?.explain(region.shardOf(id)).stage === 'running'
    }),
  )
  return owner?.host
}
