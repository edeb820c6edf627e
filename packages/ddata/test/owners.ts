import type { DataNode, DataWorld } from './data-world.ts'

/** Who has a part of the structures, and another one. */
export function ownerAndOther(world: DataWorld, part: string): readonly [DataNode, DataNode] {
  const owner = world.nodes.find(({ sharding }) => {
    const region = sharding.startProxy({ name: 'casty:ddata', numShards: 256 })
    return region.explain(region.shardOf(part)).stage === 'running'
  })
  const other = world.nodes.find((node) => node !== owner)
  if (!owner || !other) throw new Error(`Nobody has ${part}`)
  return [owner, other]
}
