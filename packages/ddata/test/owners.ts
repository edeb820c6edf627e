import type { DataNode, DataWorld } from './data-world.ts'

/** Who has a part of the structures, and another one. */
export function ownerAndOther(world: DataWorld, part: string): readonly [DataNode, DataNode] {
  const owner = world.nodes.find(({ host }) => {
    const region = world.region(host)
    return region.explain(region.shardOf(part)).stage === 'running'
  })
  const other = world.nodes.find((node) => node !== owner)
  if (!owner || !other) throw new Error(`Nobody has ${part}`)
  return [owner, other]
}
