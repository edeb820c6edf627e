// What users do with counters and maps, queues and barriers, each call written down.
import type { Clock } from '@casty/clock'
import type { Queue } from '@casty/ddata'
import { recordOf } from './record.ts'
import type { CellInput, CellOutput } from './cells.ts'
import { structuresSettings } from './settings.ts'
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

export interface CellOptions {
  readonly act: CellAct
  readonly timeoutMs: number
}

async function recorded<T>(
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
  else if (input.type === 'get' || input.type === 'read') open.failed()
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
  const counter = user.distributed.counter(name)
  const cell = [base, name] as const
  const read = async (): Promise<CallOutcome<number>> =>
    await recorded(
      run,
      cell,
      { type: 'read' },
      async () =>
        await user.call(`get of ${name}`, timeoutMs, async () => await counter.get({ timeoutMs })),
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
          async () => await counter.compareAndSet(expected, value, { timeoutMs }),
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
        async () => await counter.increment(by, { timeoutMs }),
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
  const map = user.distributed.map<string, number>('m', { shards: 4 })
  const cell = [base, key] as const
  const consistency = act === 'get-strictly' ? 'strict' : 'linearizable'
  const call = async <T>(what: string, begin: () => Promise<T>): Promise<CallOutcome<T>> =>
    await user.call(`${what} ${key}`, 2 * timeoutMs, begin)
  switch (act) {
    case 'put':
    case 'add': {
      const value = record.nextCount()
      const put = async (): Promise<CallOutcome<number | undefined>> =>
        await call('put', async () => await map.put(key, value, { timeoutMs }))
      const outcome = await recorded(run, cell, { type: 'put', value }, put, orNull)
      return outcome.type === 'ok'
    }
    case 'delete': {
      const remove = async (): Promise<CallOutcome<boolean>> =>
        await call('delete', async () => await map.delete(key, { timeoutMs }))
      const outcome = await recorded(run, cell, { type: 'delete' }, remove, (value) => value)
      return outcome.type === 'ok'
    }
    case 'replace':
    case 'swap': {
      const getEntry = async (): Promise<
        CallOutcome<{ value: number; version: number } | undefined>
      > => await call('getEntry', async () => await map.getEntry(key, { timeoutMs }))
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
          async () => await map.replaceIfVersion(key, value, version, { timeoutMs }),
        )
      const input = { type: 'compare-and-set', expected, value } as const
      const outcome = await recorded(run, cell, input, replace, (isReplaced) => isReplaced)
      return outcome.type === 'ok'
    }
    default: {
      const get = async (): Promise<CallOutcome<number | undefined>> =>
        await call('get', async () => await map.get(key, { timeoutMs, consistency }))
      return (await recorded(run, cell, { type: 'get' }, get, orNull)).type === 'ok'
    }
  }
}

function orNull(value: number | undefined): number | null {
  return value ?? null
}

/** @returns whether it was answered */
export async function produce(
  run: StructuresRun,
  user: StructuresUser,
  name: string,
  timeoutMs: number,
): Promise<boolean> {
  const record = recordOf(run)
  const item = `${name} ${record.nextCount()}`
  const open = record.items.invoke(name, { type: 'enqueue', item })
  record.items.enqueues(item)
  const outcome = await user.call(
    `enqueue of ${name}`,
    timeoutMs,
    async () => await queueOf(run, user, name).enqueue(item, { timeoutMs }),
  )
  if (outcome.type === 'ok') {
    open.ok('done')
    record.items.enqueued(item)
  } else if (outcome.type === 'failed' && outcome.applied === 'no') open.failed()
  else open.unknown()
  return outcome.type === 'ok'
}

export interface ConsumeOptions {
  readonly waitMs: number
  readonly workMs: number
  /** What becomes of the item then. */
  readonly end: 'ack' | 'nack' | 'nothing'
  readonly timeoutMs: number
}

/** @returns whether there was an item; undefined: nobody knows */
export async function consume(
  run: StructuresRun,
  user: StructuresUser,
  name: string,
  { waitMs, workMs, end, timeoutMs }: ConsumeOptions,
): Promise<boolean | undefined> {
  const record = recordOf(run)
  const queue = queueOf(run, user, name)
  const invokedAt = run.world.now
  const open = record.items.invoke(name, { type: 'reserve' })
  const { sessionTtlMs } = structuresSettings(run.plan)
  const reserved = await user.call(
    `reserve of ${name}`,
    waitMs === 0 ? timeoutMs : waitMs + wayMs + sessionTtlMs,
    async () => await queue.reserve({ timeoutMs, ...(waitMs > 0 && { waitMs }) }),
  )
  if (reserved.type !== 'ok') {
    open.unknown()
    return undefined
  }
  const delivery = reserved.value
  open.ok(delivery?.value ?? null)
  if (!delivery) return false
  if (delivery.deliveries === 1) record.items.delivered(delivery.value, invokedAt)
  else record.reach('an item is delivered again')
  if (workMs > 0) await pause(user.clock, workMs)
  if (!user.isAlive || end === 'nothing') return true
  const what = `${end} of ${name}`
  if (end === 'nack') {
    await user.call(what, timeoutMs, async () => await delivery.nack({ timeoutMs }))
    return true
  }
  const acknowledge = record.items.invoke(name, { type: 'acknowledge', item: delivery.value })
  const acked = await user.call(what, timeoutMs, async () => await delivery.ack({ timeoutMs }))
  if (acked.type === 'ok' && acked.value) acknowledge.ok('done')
  else if (acked.type === 'ok') {
    acknowledge.failed()
    record.reach('a receipt is of no use any more')
  } else if (acked.type === 'failed' && acked.applied === 'no') acknowledge.failed()
  else acknowledge.unknown()
  return true
}

function queueOf(run: StructuresRun, user: StructuresUser, name: string): Queue<string> {
  const { visibilityMs } = structuresSettings(run.plan)
  return user.distributed.queue<string>(name, { visibilityMs })
}

export async function arrive(
  run: StructuresRun,
  user: StructuresUser,
  expected: number,
  timeoutMs: number,
): Promise<boolean> {
  const record = recordOf(run)
  const name = `barrier of ${expected}`
  const { sessionTtlMs } = structuresSettings(run.plan)
  const arrival = record.barriers.arrives(name, user.name, expected, run.world.now)
  const outcome = await user.call(
    `arrive at ${name}`,
    timeoutMs + wayMs + sessionTtlMs,
    async () => await user.distributed.barrier(name).arrive(expected, { timeoutMs }),
  )
  arrival.to = run.world.now
  if (outcome.type === 'ok') {
    arrival.end = outcome.value
    record.reach('a round is completed')
  } else arrival.end = outcome.type === 'failed' && outcome.applied === 'no' ? 'no' : 'unknown'
  return outcome.type === 'ok'
}
