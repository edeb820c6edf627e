// What users do with maps and sets that things are only added to, and with a map that has room for a few entries.
import type { DistributedMap, DistributedSet } from '@casty/ddata'
import { recordOf } from './record.ts'
import type { StructuresRun } from './structures-run.ts'
import type { StructuresUser } from './user.ts'

export const gatherings = ['map of all', 'set of all'] as const
export type GatheringName = (typeof gatherings)[number]

/** So small that going through it takes several pages of each part. */
const batch = 3

function mapOf({ distributed }: StructuresUser): DistributedMap<string, string> {
  return distributed.map<string, string>('all', { shards: 3 })
}

function setOf({ distributed }: StructuresUser): DistributedSet<string> {
  return distributed.set<string>('all', { shards: 3 })
}

/** Adds so many in one call. */
export async function gather(
  run: StructuresRun,
  user: StructuresUser,
  what: GatheringName,
  count: number,
  timeoutMs: number,
): Promise<void> {
  const record = recordOf(run)
  const names = Array.from({ length: count }, () => `g${record.nextCount()}`)
  const opens = names.map((name) => record.gathering.puts(what, name, run.world.now))
  const outcome = await user.call(`adding to ${what}`, 2 * timeoutMs, async () => {
    if (what === 'set of all') return await setOf(user).addMany(names, { timeoutMs })
    const entries = names.map((name) => [name, name] as const)
    await mapOf(user).putMany(entries, { timeoutMs })
    return undefined
  })
  if (outcome.type !== 'ok') return
  for (const there of opens) there(run.world.now)
  if (outcome.value !== undefined && outcome.value > count) {
    run.violate('scans meet all', `${outcome.value} of ${count} are said to be new`)
  }
}

/** Goes through all, page by page. */
export async function goThrough(
  run: StructuresRun,
  user: StructuresUser,
  what: GatheringName,
  timeoutMs: number,
): Promise<void> {
  const record = recordOf(run)
  const from = run.world.now
  const scan = async (): Promise<readonly string[]> => {
    const found: string[] = []
    const options = { timeoutMs, batch }
    const names = what === 'set of all' ? setOf(user).values(options) : mapOf(user).keys(options)
    for await (const name of names) found.push(name)
    return found
  }
  const scanned = await user.call(`scan of ${what}`, Infinity, scan)
  if (scanned.type !== 'ok') return
  if (scanned.value.length > 0) record.reach('somebody meets all that is there')
  record.gathering.scanned({ what, found: scanned.value, from, to: run.world.now })
}

export async function countAll(
  run: StructuresRun,
  user: StructuresUser,
  what: GatheringName,
  timeoutMs: number,
): Promise<void> {
  const from = run.world.now
  const counted = await user.call(`size of ${what}`, 2 * timeoutMs, async () =>
    what === 'set of all'
      ? await setOf(user).size({ timeoutMs })
      : await mapOf(user).size({ timeoutMs }),
  )
  if (counted.type !== 'ok') return
  recordOf(run).gathering.counted({ what, size: counted.value, from, to: run.world.now })
}

/** Of a map that has room for so many entries, in parts of equal size. */
const roomOfMap = 6

/** Puts an entry where others have to go for it, and counts them. */
export async function crowd(
  run: StructuresRun,
  user: StructuresUser,
  timeoutMs: number,
): Promise<void> {
  const map = (): DistributedMap<string, number> =>
    user.distributed.map('few', { shards: 2, maxEntries: roomOfMap })
  const count = recordOf(run).nextCount()
  await user.call(
    'put to few',
    2 * timeoutMs,
    async () => await map().put(`f${count}`, count, { timeoutMs }),
  )
  const counted = await user.call(
    'size of few',
    2 * timeoutMs,
    async () => await map().size({ timeoutMs }),
  )
  if (counted.type !== 'ok' || counted.value <= roomOfMap) return
  const text = `few has ${counted.value} entries, and room for ${roomOfMap}`
  run.violate('a map keeps to its room', text, user.host)
}
