// Refs of entities and of regions as other nodes read them: `type numShards`, with the id behind it where one leads to one entity.
import type { ActorRef } from '@casty/actor'
import type { RefKind } from '@casty/remote'
import { checkedId } from './entity-id.ts'
import { EntityRef, RegionRef } from './entity-ref.ts'
import { hashOf } from './region/shard-of.ts'
import type { TypeDirectory } from './type-directory.ts'

/** Those to types of entities that are known here; what comes makes others known. */
export function refsToEntities(types: TypeDirectory): RefKind {
  return {
    name: 'sharding',
    isOne: (ref) => leadsToEntities(ref) && types.find(hashOf(ref.region.type.name)) === ref.region,
    toData: write,
    usableOf: (ref) => ({
      kind: 'entities',
      name: leadsToEntities(ref) ? ref.region.type.name : '',
    }),
    fromData: (data) => read(data, types),
  }
}

/** Whether a ref leads to entities, of whichever system. */
function leadsToEntities(ref: ActorRef<never>): ref is EntityRef<never> | RegionRef<never> {
  return ref instanceof EntityRef || ref instanceof RegionRef
}

function write(ref: ActorRef<never>): string {
  if (!leadsToEntities(ref)) return ''
  const { name, numShards } = ref.region.type
  return ref instanceof EntityRef ? `${name} ${numShards} ${ref.entityId}` : `${name} ${numShards}`
}

/** What it leads to may have another shape here. */
function read(data: string, types: TypeDirectory): ActorRef<never> {
  const [, name = '', shards = '', , entityId] = /^(\S+) (\d+)( (.+))?$/s.exec(data) ?? []
  const region = types.believe(name, Number(shards))
  return entityId === undefined ? new RegionRef(region) : new EntityRef(region, checkedId(entityId))
}
