// What users do with entries that live for a while.
import { pause } from './acts.ts'
import { recordOf } from './record.ts'
import type { StructuresRun } from './structures-run.ts'
import type { StructuresUser } from './user.ts'

/** When an entry is looked at, as shares of its life. */
const looksAt = [0.3, 0.6, 0.9, 1.2, 2] as const

/** Puts an entry, and has others look at it while it lives, and after. */
export async function lend(
  run: StructuresRun,
  userOf: (turn: number) => StructuresUser | undefined,
  ttlMs: number,
  timeoutMs: number,
): Promise<void> {
  const record = recordOf(run)
  const user = userOf(0)
  if (!user) return
  const key = `t${record.nextCount()}`
  const map = user.distributed.map<string, string>('short', { shards: 4 })
  const answered = record.entryLives.put(key, ttlMs, run.world.now)
  const put = user.call(
    `put of ${key}`,
    2 * timeoutMs,
    async () => await map.put(key, key, { ttlMs, timeoutMs }),
  )
  for (const [turn, share] of looksAt.entries()) {
    run.later(ttlMs * share, () => {
      const other = userOf(turn + 1)
      if (other) void look(run, other, key, timeoutMs)
    })
  }
  if ((await put).type === 'ok') answered(run.world.now)
}

/** Looks whether it is there. */
export async function look(
  run: StructuresRun,
  user: StructuresUser,
  key: string,
  timeoutMs: number,
): Promise<void> {
  const { entryLives } = recordOf(run)
  const map = user.distributed.map<string, string>('short', { shards: 4 })
  const from = run.world.now
  const outcome = await user.call(
    `get of ${key}`,
    2 * timeoutMs,
    async () => await map.get(key, { timeoutMs }),
  )
  if (outcome.type !== 'ok') return
  const isThere = outcome.value !== undefined
  if (isThere) recordOf(run).reach('an entry is there for a while')
  entryLives.looked(key, { from, to: run.world.now, isThere })
}

/** Until all are gone: whoever keeps them has to be asked, or their time stands still. */
export async function lookAtAll(run: StructuresRun, user: StructuresUser): Promise<void> {
  for (const key of recordOf(run).entryLives.left) {
    // eslint-disable-next-line no-await-in-loop -- One after the other.
    await look(run, user, key, 2_000)
  }
  await pause(run.world.clock, 500)
}
