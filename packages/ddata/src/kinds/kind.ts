// The kinds of structures there are, and where each of them lives.
import { shardOf } from '@casty/sharding'

/** Each kind is a namespace of its own. */
export type Kind = 'counter' | 'lock' | 'semaphore' | 'barrier' | 'map' | 'set' | 'queue'

/**
 * Kinds of which one entity has many: small structures with a single key. Fixed, since where a structure lives must
 * not depend on what its users say.
 */
export const tableParts = 100

/** Who keeps all structures of a small kind whose names fall into the same part. */
export function tableId(kind: Kind, name: string): string {
  return `${kind}/${shardOf(name, tableParts)}`
}

/** Who keeps one part of a large structure, or all of one that cannot be split. */
export function partId(kind: Kind, name: string, part: number): string {
  return `${kind}/${part}/${name}`
}

/** What an entity is, by its id. Undefined where nobody would have made such an id. */
export function kindOf(entityId: string): string {
  return entityId.slice(0, Math.max(0, entityId.indexOf('/')))
}
