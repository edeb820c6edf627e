/** Names one shard of one type, for maps of shards of all types. */
export function shardKey(typeName: string, shard: number): string {
  return `${shard}:${typeName}`
}
