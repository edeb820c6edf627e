// Refs of entities and of regions as other nodes read them: `type numShards`, with the id behind it where one leads to one entity.
import type { ActorRef } from '@casty/actor'
import { EntityRef, RegionRef } from './entity-ref.ts'

/** What the data of a ref says. What it leads to may have another shape here. */
export interface RefData {
  readonly name: string
  readonly numShards: number
  /** Not checked yet. A ref without leads to the region. */
  readonly entityId: string | undefined
}

/** Whether a ref leads to entities, of whichever system. */
export function leadsToEntities(ref: ActorRef<never>): ref is EntityRef<never> | RegionRef<never> {
  return ref instanceof EntityRef || ref instanceof RegionRef
}

export function typeNameOf(ref: ActorRef<never>): string {
  return leadsToEntities(ref) ? ref.region.type.name : ''
}

export function writeRefData(ref: ActorRef<never>): string {
  if (!leadsToEntities(ref)) return ''
  const { name, numShards } = ref.region.type
  return ref instanceof EntityRef ? `${name} ${numShards} ${ref.entityId}` : `${name} ${numShards}`
}

export function readRefData(data: string): RefData {
  const [, name = '', shards = '', , entityId] = /^(\S+) (\d+)( (.+))?$/s.exec(data) ?? []
  return { name, numShards: Number(shards), entityId }
}
