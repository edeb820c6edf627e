// What users do with counters, maps and sets, each call written down.
import type { Clock } from '@casty/clock'
import type { Counter, DistributedMap, DistributedSet } from '@casty/ddata'
import { recordOf } from './record.ts'
import type { CellInput, CellOutput } from './cells.ts'
import type { StructuresRun } from './structures-run.ts'
import type { CallOutcome, StructuresUser } from './user.ts'

/** Calls that wait for others end so much later than they say, in milliseconds: the way to the part and back. */
export const wayMs = 6_000

export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.schedule(ms, resolve))
}

export type CellAct =
  | 'add'
  | 'read'
  | 'swap'
  | 'put'
  | 'get'
  | 'get-strictly'
  | 'delete'
  | 'replace'

export type SetAct = 'include' | 'delete' | 'contains'

export interface CellOptions {
  readonly act: CellAct
  readonly timeoutMs: number
}

/** What changes nothing, whether or not it is answered. */
const readings: ReadonlySet<CellInput['type']> = new Set(['get', 'read', 'contains'])

/** Has a call on a cell written down, with its outcome. */
export async function recorded<T>(
  run: StructuresRun,
  cell: readonly [base: string, name: string],
  input: CellInput,
  outcome: () => Promise<CallOutcome<T>>,
  outputOf: (value: T) => CellOutput,
): Promise<CallOutcome<T>> {
  const open = recordOf(run).cells.invoke(...cell, input)
  const ended = await outcome()
  if (ended.type === 'ok') open.ok(outputOf(ended.value))
  else if (ended.type === 'failed' && ended.applied === 'no') open.failed()
  else if (readings.has(input.type)) open.failed()
  else open.unknown()
  return ended
}

/** @returns whether it was answered */
export async function useCounter(
  run: StructuresRun,
  user: StructuresUser,
  base: string,
  { act, timeoutMs }: CellOptions,
): Promise<boolean> {
  const record = recordOf(run)
  const name = record.cells.nameOf(base)
  const counter = (): Counter => user.distributed.counter(name)
  const cell = [base, name] as const
  const read = async (): Promise<CallOutcome<number>> =>
    await recorded(
      run,
      cell,
      { type: 'read' },
      async () =>
        await user.call(
          `get of ${name}`,
          timeoutMs,
          async () => await counter().get({ timeoutMs }),
        ),
      (value) => value,
    )
  if (act === 'swap') {
    const before = await read()
    if (before.type !== 'ok') return false
    const [expected, value] = [before.value, before.value + 100 + record.nextCount()]
    const outcome = await recorded(
      run,
      cell,
      { type: 'compare-and-set', expected, value },
      async () =>
        await user.call(
          `compareAndSet of ${name}`,
          timeoutMs,
          async () => await counter().compareAndSet(expected, value, { timeoutMs }),
        ),
      (isSet) => isSet,
    )
    return outcome.type === 'ok'
  }
  if (act !== 'add') return (await read()).type === 'ok'
  const by = 1 + (record.nextCount() % 3)
  const outcome = await recorded(
    run,
    cell,
    { type: 'add', by },
    async () =>
      await user.call(
        `increment of ${name}`,
        timeoutMs,
        async () => await counter().increment(by, { timeoutMs }),
      ),
    (value) => value,
  )
  return outcome.type === 'ok'
}

/** The entries of one map; which of them, the base says. @returns whether it was answered */
export async function useMap(
  run: StructuresRun,
  user: StructuresUser,
  base: string,
  { act, timeoutMs }: CellOptions,
): Promise<boolean> {
  const record = recordOf(run)
  const key = record.cells.nameOf(base)
  const map = (): EntriesMap => mapOf(user)
  const cell = [base, key] as const
  const consistency = act === 'get-strictly' ? 'strict' : 'linearizable'
  const call = async <T>(what: string, begin: () => Promise<T>): Promise<CallOutcome<T>> =>
    await user.call(`${what} ${key}`, 2 * timeoutMs, begin)
  switch (act) {
    case 'put':
    case 'add': {
      const value = record.nextCount()
      const put = async (): Promise<CallOutcome<number | undefined>> =>
        await call('put', async () => await map().put(key, value, { timeoutMs }))
      const outcome = await recorded(run, cell, { type: 'put', value }, put, orNull)
      return outcome.type === 'ok'
    }
    case 'delete': {
      const remove = async (): Promise<CallOutcome<boolean>> =>
        await call('delete', async () => await map().delete(key, { timeoutMs }))
      const outcome = await recorded(run, cell, { type: 'delete' }, remove, (value) => value)
      return outcome.type === 'ok'
    }
    case 'replace':
    case 'swap': {
      const getEntry = async (): Promise<
        CallOutcome<{ value: number; version: number } | undefined>
      > => await call('getEntry', async () => await map().getEntry(key, { timeoutMs }))
      const found = await recorded(
        run,
        cell,
        { type: 'get' },
        getEntry,
        (entry) => entry?.value ?? null,
      )
      if (found.type !== 'ok' || !found.value) return false
      const { value: expected, version } = found.value
      const value = record.nextCount()
      const replace = async (): Promise<CallOutcome<boolean>> =>
        await call(
          'replaceIfVersion',
          async () => await map().replaceIfVersion(key, value, version, { timeoutMs }),
        )
      const input = { type: 'compare-and-set', expected, value } as const
      const outcome = await recorded(run, cell, input, replace, (isReplaced) => isReplaced)
      return outcome.type === 'ok'
    }
    default: {
      const get = async (): Promise<CallOutcome<number | undefined>> =>
        await call('get', async () => await map().get(key, { timeoutMs, consistency }))
      return (await recorded(run, cell, { type: 'get' }, get, orNull)).type === 'ok'
    }
  }
}

/** Several entries in one call. @returns whether it was answered */
export async function putMany(
  run: StructuresRun,
  user: StructuresUser,
  bases: readonly string[],
  timeoutMs: number,
): Promise<boolean> {
  const record = recordOf(run)
  const puts = bases.map((base) => {
    const key = record.cells.nameOf(base)
    const value = record.nextCount()
    return { key, value, open: record.cells.invoke(base, key, { type: 'set', value }) }
  })
  const outcome = await user.call(
    'putMany',
    2 * timeoutMs,
    async () =>
      await mapOf(user).putMany(
        puts.map(({ key, value }) => [key, value] as const),
        { timeoutMs },
      ),
  )
  if (outcome.type === 'ok') record.reach('several entries are put at once')
  for (const { open } of puts) {
    if (outcome.type === 'ok') open.ok(null)
    else if (outcome.type === 'failed' && outcome.applied === 'no') open.failed()
    else open.unknown()
  }
  return outcome.type === 'ok'
}

/** The members of one set; which of them, the base says. @returns whether it was answered */
export async function useSet(
  run: StructuresRun,
  user: StructuresUser,
  base: string,
  { act, timeoutMs }: { readonly act: SetAct; readonly timeoutMs: number },
): Promise<boolean> {
  const member = recordOf(run).cells.nameOf(base)
  const set = (): DistributedSet<string> => user.distributed.set('s', { shards: 4 })
  const steps: Readonly<Record<SetAct, () => Promise<boolean>>> = {
    include: async () => await set().add(member, { timeoutMs }),
    delete: async () => await set().remove(member, { timeoutMs }),
    contains: async () => await set().contains(member, { timeoutMs }),
  }
  const call = async (): Promise<CallOutcome<boolean>> =>
    await user.call(`${act} of ${member}`, 2 * timeoutMs, steps[act])
  const outcome = await recorded(run, [base, member], { type: act }, call, (value) => value)
  return outcome.type === 'ok'
}

function orNull(value: number | undefined): number | null {
  return value ?? null
}

/** The map that entries of one name each are in. */
export type EntriesMap = DistributedMap<string, number>

export function mapOf({ distributed }: StructuresUser): EntriesMap {
  return distributed.map('m', { shards: 4 })
}
