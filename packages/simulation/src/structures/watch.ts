// What users do who watch, and those whose changes they see.
import type { Counter, DistributedMap } from '@casty/ddata'
import type { HealStage } from '../run/scenario.ts'
import { recordOf } from './record.ts'
import type { StructuresRun } from './structures-run.ts'
import type { StructuresUser } from './user.ts'
import { CounterWatch, MapWatch, type OpenWatch } from './watches.ts'

export const watchedKeys = ['w1', 'w2', 'w3'] as const
const calm = { timeoutMs: 5_000 }

export async function growWatched(
  run: StructuresRun,
  user: StructuresUser,
  timeoutMs: number,
): Promise<void> {
  recordOf(run).watches.most += 1
  const begin = async (): Promise<number> => await counterOf(user).increment(1, { timeoutMs })
  await user.call('increment of watched', timeoutMs, begin)
}

export const watchedChanges = ['put', 'put', 'lend', 'delete'] as const
export type WatchedChange = (typeof watchedChanges)[number]

export async function changeWatched(
  run: StructuresRun,
  user: StructuresUser,
  key: string,
  change: WatchedChange,
  timeoutMs: number,
): Promise<void> {
  const value = recordOf(run).nextCount()
  await user.call(`${change} of ${key}`, 2 * timeoutMs, async () => {
    const map = mapOf(user)
    if (change === 'delete') await map.delete(key, { timeoutMs })
    else await map.set(key, value, { timeoutMs, ...(change === 'lend' && { ttlMs: 1_500 }) })
  })
}

export interface WatchOptions {
  readonly what: 'counter' | 'map' | 'map with all' | 'one key'
  readonly forMs: number
}

/** Watches until its time is over, or all is whole again and it has seen the last change. */
export async function watch(
  run: StructuresRun,
  user: StructuresUser,
  { what, forMs }: WatchOptions,
): Promise<void> {
  const { watches } = recordOf(run)
  const aborted = new AbortController()
  const { signal } = aborted
  const end = (): void => aborted.abort()
  const name = `${user.name} watches ${what}`
  const watching = what === 'counter' ? onCounter(run, user, name) : onMap(run, user, name, what)
  const open: OpenWatch = { user, end, differs: watching.differs }
  watches.open.add(open)
  if (forMs < Infinity) void user.pause(forMs).then(end)
  await user.call(name, Infinity, async () => await watching.go(signal))
  watches.open.delete(open)
}

interface Going {
  readonly go: (signal: AbortSignal) => Promise<void>
  readonly differs: OpenWatch['differs']
}

function onCounter(run: StructuresRun, user: StructuresUser, name: string): Going {
  const record = recordOf(run)
  const seen = new CounterWatch()
  record.watches.begun(name, seen)
  return {
    go: async (signal) => {
      for await (const value of counterOf(user).watch({ signal, ...calm })) {
        if (!user.isAlive) return
        if (seen.last !== undefined) record.reach('a change is told')
        seen.told(value, record.watches.most)
      }
    },
    differs: async () => {
      const now = await counterOf(user).get(calm)
      return now === seen.last ? undefined : `it is ${now}, and ${String(seen.last)} was told last`
    },
  }
}

function onMap(
  run: StructuresRun,
  user: StructuresUser,
  name: string,
  what: Exclude<WatchOptions['what'], 'counter'>,
): Going {
  const record = recordOf(run)
  const initial = what === 'map with all'
  const seen = new MapWatch(initial)
  record.watches.begun(name, seen)
  const keys = what === 'one key' ? watchedKeys.slice(0, 1) : undefined
  return {
    go: async (signal) => {
      const options = { signal, initial, ...calm, ...(keys && { keys }) }
      for await (const event of mapOf(user).watch(options)) {
        if (!user.isAlive) return
        if (event.type === 'resync') record.reach('a watcher misses changes')
        seen.told(event)
      }
    },
    differs: async () => seen.differenceTo(await mapOf(user).getMany(keys ?? watchedKeys, calm)),
  }
}

/** Nothing is left out for good: whoever watches is told of the last change. */
export function watchersKnowTheLast(run: StructuresRun): HealStage {
  const { open } = recordOf(run).watches
  let left: readonly string[] = ['nobody has looked']
  let isLooking = false
  const look = async (): Promise<void> => {
    isLooking = true
    const found = await Promise.all(
      [...open].map(async ({ user, differs, end }) => {
        if (!user.isAlive || user.hasEnded) return undefined
        const asked = await user.call(`what ${user.name} watches`, Infinity, differs)
        const difference = asked.type === 'ok' ? asked.value : asked.type
        if (difference === undefined) end()
        return difference === undefined ? undefined : `${user.name}: ${difference}`
      }),
    )
    left = found.filter((text) => text !== undefined)
    isLooking = false
  }
  return {
    name: 'watchers know the last change',
    withinMs: 30_000,
    nudge() {
      if (!isLooking) void look()
    },
    isDone: () => left.length === 0,
    explain: () => left.slice(0, 5).join('; '),
  }
}

function counterOf({ distributed }: StructuresUser): Counter {
  return distributed.counter('watched')
}

function mapOf({ distributed }: StructuresUser): DistributedMap<string, number> {
  return distributed.map<string, number>('watched', { shards: 2 })
}
