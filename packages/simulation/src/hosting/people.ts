// People who look after a cluster, and decide on shards that wait for that, where what nodes tell leaves no doubt. Nothing confirmed is
// lost by it.
import type { RecoverOptions, ShardExplanation } from '@casty/sharding'
import {
  shardsAtCoordinators,
  type Hosting,
  type HostingRun,
  type ShardSeen,
} from './hosting-run.ts'

/** What they know of the shards of a run, by type and number. */
interface Notes {
  /** Those that were decided on, and have not gone on yet. */
  readonly decided: Set<string>
  /** Since when those that wait for disks were seen to. */
  readonly waitingSince: Map<string, number>
}

const notesOf = new WeakMap<object, Notes>()

/** Before they give up a disk, in virtual milliseconds. */
const patienceMs = 10_000

/**
 * What was confirmed is on so many disks. Of lineages that fewer nodes have, nothing was: where that leaves one, they name it. Where
 * fewer disks than that are missing, and their nodes are there without them, they go on without. Otherwise nobody can tell, and
 * the shard goes on waiting.
 *
 * @param copies - on how many disks what is confirmed is at least
 */
export function lookAfterShards<P extends Hosting>(run: HostingRun<P>, copies: number): void {
  const notes = notesOf.get(run) ?? { decided: new Set(), waitingSince: new Map() }
  notesOf.set(run, notes)
  for (const seen of shardsAtCoordinators(run)) {
    const lineage = onlyConfirmed(seen.explanation, copies)
    if (lineage !== undefined) void decide(run, notes, seen, { lineage })
    else if (isLongWithout(run, notes, seen, copies)) void decide(run, notes, seen, {})
  }
}

function onlyConfirmed({ lineages }: ShardExplanation, copies: number): number | undefined {
  const possible = lineages.filter(({ nodes }) => nodes.length >= copies)
  return lineages.length > 1 && possible.length === 1 ? possible[0]?.lineage : undefined
}

function isLongWithout<P extends Hosting>(
  { world }: HostingRun<P>,
  { waitingSince }: Notes,
  seen: ShardSeen,
  copies: number,
): boolean {
  const { awaitedDisks } = seen.explanation
  const key = keyOf(seen)
  const isBack = (address: string): boolean =>
    world.running(address.split(':')[0] ?? '') !== undefined
  const isLost =
    awaitedDisks.length > 0 && awaitedDisks.length < copies && awaitedDisks.every(isBack)
  if (!isLost) {
    waitingSince.delete(key)
    return false
  }
  const since = waitingSince.get(key) ?? world.now
  waitingSince.set(key, since)
  return world.now >= since + patienceMs
}

async function decide<P extends Hosting>(
  run: HostingRun<P>,
  { decided }: Notes,
  seen: ShardSeen,
  options: RecoverOptions,
): Promise<void> {
  const key = keyOf(seen)
  if (decided.has(key)) return
  decided.add(key)
  const { host, region, explanation } = seen
  const what =
    options.lineage === undefined
      ? `give up the disks of ${explanation.awaitedDisks.join(', ')} for`
      : `name lineage ${options.lineage} of`
  run.note(host, 'event', `${what} shard ${explanation.shard} of ${region.type}`)
  try {
    await region.recover(explanation.shard, options)
  } catch (error) {
    // They look again.
    run.note(host, 'event', String(error))
  }
  decided.delete(key)
}

function keyOf({ region, explanation: { shard } }: ShardSeen): string {
  return `${region.type} ${shard}`
}
