// What users do with entries of maps, and items of queues, that live for a while.
import type { DistributedMap, Queue } from '@casty/ddata'
import { pause } from './acts.ts'
import { recordOf } from './record.ts'
import type { StructuresRun } from './structures-run.ts'
import type { StructuresUser } from './user.ts'

/** When an entry is looked at, as shares of its life. */
const looksAt = [0.3, 0.6, 0.9, 1.2, 2] as const

export interface LendOptions {
  readonly ttlMs: number
  readonly timeoutMs: number
  /** An entry of a map, or items that a queue has no others of. @defaultValue 'entry' */
  readonly kind?: 'entry' | 'item'
  /** After such a share of its life it is given its time anew, where it is an entry. @defaultValue never */
  readonly touchedAt?: number
}

/** Puts one, and has others look at it while it lives, and after. */
export async function lend(
  run: StructuresRun,
  userOf: (turn: number) => StructuresUser | undefined,
  { ttlMs, timeoutMs, kind = 'entry', touchedAt }: LendOptions,
): Promise<void> {
  const record = recordOf(run)
  const user = userOf(0)
  if (!user) return
  const key = `${kind === 'item' ? itemPrefix : 't'}${record.nextCount()}`
  const answered = record.entryLives.put(key, ttlMs, run.world.now)
  const put = user.call(`put of ${key}`, itemsLent * timeoutMs, async () => {
    const options = { ttlMs, timeoutMs }
    if (kind === 'entry') await mapOf(user).put(key, key, options)
    // So many calls that its queue is saved with some of them.
    else for (let left = itemsLent; left > 0; left--) await queueOf(user, key).enqueue(key, options)
  })
  const laterBy = (share: number, step: (other: StructuresUser) => void, turn: number): void =>
    run.later(ttlMs * share, () => {
      const other = userOf(turn)
      if (other) step(other)
    })
  for (const [turn, share] of looksAt.entries()) {
    laterBy(share, (other) => void look(run, other, key, timeoutMs), turn + 1)
  }
  if (touchedAt !== undefined && kind === 'entry') {
    laterBy(touchedAt, (other) => void touch(run, other, key, ttlMs, timeoutMs), looksAt.length)
  }
  if ((await put).type === 'ok') answered(run.world.now)
}

async function touch(
  run: StructuresRun,
  user: StructuresUser,
  key: string,
  ttlMs: number,
  timeoutMs: number,
): Promise<void> {
  const from = run.world.now
  const outcome = await user.call(
    `touch of ${key}`,
    2 * timeoutMs,
    async () => await mapOf(user).touch(key, ttlMs, { timeoutMs }),
  )
  if (outcome.type !== 'ok' || !outcome.value) return
  recordOf(run).entryLives.touched(key, from)
  recordOf(run).reach('an entry is given its time anew')
}

/** Looks whether it is there. */
async function look(
  run: StructuresRun,
  user: StructuresUser,
  key: string,
  timeoutMs: number,
): Promise<void> {
  const { entryLives } = recordOf(run)
  const from = run.world.now
  const outcome = await user.call(`get of ${key}`, 2 * timeoutMs, async () =>
    key.startsWith(itemPrefix)
      ? await queueOf(user, key).peek({ timeoutMs })
      : await mapOf(user).get(key, { timeoutMs }),
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

const itemsLent = 4

/** Of names of items, each of which is in a queue of its own. */
const itemPrefix = 'i'

function mapOf({ distributed }: StructuresUser): DistributedMap<string, string> {
  return distributed.map<string, string>('short', { shards: 4 })
}

function queueOf({ distributed }: StructuresUser, key: string): Queue<string> {
  return distributed.queue<string>(key)
}
