import type { RegionStatistics } from '../entity-region.ts'

/** What one region of a node holds and did: as `RegionStatistics`, without what it says of copies. */
export type RegionFigures = Omit<RegionStatistics, 'replication'>
