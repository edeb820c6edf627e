// People who look after a cluster: where a shard has copies of several lineages, and what nodes tell leaves no doubt, they
// name the one that counts.
import type { ShardExplanation } from '@casty/sharding'
import {
  shardsAtCoordinators,
  type Hosting,
  type HostingRun,
  type ShardSeen,
} from './hosting-run.ts'

/** Shards that were decided on, of each type, and have not gone on yet. */
const decided = new WeakMap<object, Set<string>>()

/**
 * What was confirmed is on so many disks: of lineages that fewer nodes have, nothing was. Where that leaves none, or several,
 * nobody can tell, and the shard goes on waiting.
 *
 * @param copies - on how many disks what is confirmed is at least
 */
export function nameLineages<P extends Hosting>(run: HostingRun<P>, copies: number): void {
  for (const seen of shardsAtCoordinators(run)) {
    const lineage = onlyConfirmed(seen.explanation, copies)
    if (lineage !== undefined) void decide(run, seen, lineage)
  }
}

function onlyConfirmed({ lineages }: ShardExplanation, copies: number): number | undefined {
  const possible = lineages.filter(({ nodes }) => nodes.length >= copies)
  return lineages.length > 1 && possible.length === 1 ? possible[0]?.lineage : undefined
}

async function decide<P extends Hosting>(
  run: HostingRun<P>,
  { host, region, explanation: { shard } }: ShardSeen,
  lineage: number,
): Promise<void> {
  const shards = decided.get(run) ?? new Set()
  decided.set(run, shards)
  const key = `${region.type} ${shard}`
  if (shards.has(key)) return
  shards.add(key)
  run.note(host, 'event', `name lineage ${lineage} of shard ${shard} of ${region.type}`)
  try {
    await region.recover(shard, { lineage })
  } catch (error) {
    // They look again.
    run.note(host, 'event', String(error))
  }
  shards.delete(key)
}
