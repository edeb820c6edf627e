// What both ends of the codec hold each other to. Lengths are in bytes.

/** Longest name of an entity type. */
export const maxTypeNameBytes = 255

/** Most shards of an entity type: a table of them is made as soon as the type is told of. */
export const maxShards = 65_536

/** Most replicas of a shard. */
export const maxReplicas = 16

/** A host, a port and an incarnation. */
export const maxNodeBytes = 400

/** Highest term, epoch, round or position that is believed: nobody must count beyond what is exact. */
export const maxCounter: number = 2 ** 52

/** Longest lease or wait that is believed, in milliseconds. */
export const maxDurationMs = 86_400_000
