import type { EntityRegion, Sharding, ShardingClient } from '@casty/sharding'
import type { Belief, Grant } from './holdings.ts'

/** How long a lease lasts that is not renewed, in milliseconds. */
export const ttlMs = 3_000
/** How long a consumer has for an item, in milliseconds. */
export const visibilityMs = 3_000
/** Of calls, in milliseconds. */
export const timeoutMs = 5_000
/** Of all semaphores. */
export const permits = 2

/** What a user of structures tells beside the outcome of what it does. */
export interface UserPort {
  granted(grant: Grant): void
  believes(belief: Belief): void
  /** To the resource of a lock. @returns whether it was taken: it is refused after a greater token has been seen */
  write(key: string, fence: string): Promise<boolean>
}

/** The region that structures are kept by. */
export function structuresRegion(sharding: Sharding | ShardingClient): EntityRegion<never> {
  const region = sharding.regions.find(({ type }) => type === 'casty:ddata')
  if (!region) throw new Error('Nobody uses structures here.')
  return region
}
