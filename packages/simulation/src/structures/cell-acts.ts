// The calls of counters, maps and sets that are rarer than those of `acts.ts`, each written down as what it comes to.
import type { Counter } from '@casty/ddata'
import { mapOf, recorded, type EntriesMap } from './acts.ts'
import type { CellInput, CellOutput } from './cells.ts'
import { recordOf } from './record.ts'
import type { StructuresRun } from './structures-run.ts'
import type { CallOutcome, StructuresUser } from './user.ts'

export const counterChanges = [
  'decrement',
  'addAndGet',
  'getAndAdd',
  'getAndSet',
  'set',
  'get',
] as const
export type CounterChange = (typeof counterChanges)[number]

export const entryChanges = [
  'putIfAbsent',
  'replace',
  'removeIf',
  'getAndDelete',
  'update',
  'set',
  'contains',
  'get',
] as const
export type EntryChange = (typeof entryChanges)[number]

/** Whoever changes what others change too tries again: after so many tries it would have been lucky. */
const triesOfUpdate = 40

/** Some think for so long before they change what they have read, in milliseconds. */
const hesitationMs = 300

/** A call, what it is to whoever judges it, and how its answer is read. */
interface Step<T> {
  readonly input: CellInput
  readonly begin: () => Promise<T>
  readonly outputOf: (value: T) => CellOutput
  readonly withinMs: number
}

async function perform<T>(
  run: StructuresRun,
  user: StructuresUser,
  cell: readonly [base: string, name: string],
  what: string,
  { input, begin, outputOf, withinMs }: Step<T>,
): Promise<CallOutcome<T>> {
  const outcome = async (): Promise<CallOutcome<T>> =>
    await user.call(`${what} of ${cell[1]}`, withinMs, begin)
  return await recorded(run, cell, input, outcome, outputOf)
}

const itself = (value: number): number => value
const nothing = (): null => null

export async function changeCounter(
  run: StructuresRun,
  user: StructuresUser,
  base: string,
  change: CounterChange,
  timeoutMs: number,
): Promise<void> {
  const record = recordOf(run)
  const name = record.cells.nameOf(base)
  const counter = (): Counter => user.distributed.counter(name)
  const [by, value] = [1 + (record.nextCount() % 3), 100 + record.nextCount()]
  const options = { timeoutMs }
  const numbers = { withinMs: timeoutMs, outputOf: itself }
  const step = async <T>(of: Step<T>): Promise<void> =>
    void (await perform(run, user, [base, name], change, of))
  switch (change) {
    case 'decrement': {
      const begin = async (): Promise<number> => await counter().decrement(by, options)
      return await step({ ...numbers, input: { type: 'add', by: -by }, begin })
    }
    case 'addAndGet': {
      const begin = async (): Promise<number> => await counter().addAndGet(by, options)
      return await step({ ...numbers, input: { type: 'add', by }, begin })
    }
    case 'getAndAdd': {
      const begin = async (): Promise<number> => await counter().getAndAdd(by, options)
      return await step({ ...numbers, input: { type: 'get-and-add', by }, begin })
    }
    case 'getAndSet': {
      const begin = async (): Promise<number> => await counter().getAndSet(value, options)
      return await step({ ...numbers, input: { type: 'get-and-set', value }, begin })
    }
    case 'set': {
      const begin = async (): Promise<void> => await counter().set(value, options)
      return await step({ ...numbers, input: { type: 'set', value }, begin, outputOf: nothing })
    }
    case 'get': {
      const begin = async (): Promise<number> => await counter().get(options)
      return await step({ ...numbers, input: { type: 'read' }, begin })
    }
  }
}

const orNull = (value: number | undefined): number | null => value ?? null
const asItIs = (value: boolean): boolean => value

export async function changeEntry(
  run: StructuresRun,
  user: StructuresUser,
  base: string,
  change: EntryChange,
  timeoutMs: number,
): Promise<void> {
  const record = recordOf(run)
  const key = record.cells.nameOf(base)
  const map = (): EntriesMap => mapOf(user)
  const value = record.nextCount()
  const options = { timeoutMs }
  const withinMs = 2 * timeoutMs
  const step = async <T>(of: Step<T>): Promise<CallOutcome<T>> =>
    await perform(run, user, [base, key], change, of)
  const numbers = { withinMs, outputOf: orNull }
  const truths = { withinMs, outputOf: asItIs }
  const get = async (): Promise<CallOutcome<number | undefined>> =>
    await step({ ...numbers, input: { type: 'get' }, begin: () => map().get(key, options) })
  switch (change) {
    case 'putIfAbsent': {
      const begin = (): Promise<number | undefined> => map().putIfAbsent(key, value, options)
      await step({ ...numbers, input: { type: 'put-if-absent', value }, begin })
      return
    }
    case 'replace':
    case 'removeIf': {
      const before = await get()
      if (before.type !== 'ok' || before.value === undefined) return
      const expected = before.value
      // Others come in between.
      if (value % 2 === 0) await user.pause(hesitationMs)
      if (change === 'replace') {
        const begin = (): Promise<boolean> => map().replace(key, expected, value, options)
        await step({ ...truths, input: { type: 'compare-and-set', expected, value }, begin })
      } else {
        const begin = (): Promise<boolean> => map().removeIf(key, expected, options)
        await step({ ...truths, input: { type: 'delete-if', expected }, begin })
      }
      return
    }
    case 'getAndDelete': {
      const begin = (): Promise<number | undefined> => map().getAndDelete(key, options)
      await step({ ...numbers, input: { type: 'take' }, begin })
      return
    }
    case 'update': {
      const by = 1 + (value % 3)
      const begin = (): Promise<number | undefined> =>
        map().update(key, (current = 0) => current + by, options)
      const many = triesOfUpdate * withinMs
      await step({ ...numbers, input: { type: 'add', by }, begin, withinMs: many })
      return
    }
    case 'set': {
      const begin = (): Promise<void> => map().set(key, value, options)
      await step({ withinMs, input: { type: 'set', value }, begin, outputOf: nothing })
      return
    }
    case 'contains': {
      const begin = (): Promise<boolean> => map().contains(key, options)
      await step({ ...truths, input: { type: 'contains' }, begin })
      return
    }
    case 'get':
      await get()
  }
}

/** Several entries in one call: read, or deleted. */
export async function useMany(
  run: StructuresRun,
  user: StructuresUser,
  bases: readonly string[],
  what: 'getMany' | 'deleteMany',
  timeoutMs: number,
): Promise<void> {
  const { cells } = recordOf(run)
  const type = what === 'getMany' ? 'get' : 'discard'
  const calls = bases.map((base) => {
    const key = cells.nameOf(base)
    return { key, open: cells.invoke(base, key, { type }) }
  })
  const keys = calls.map(({ key }) => key)
  const outcome = await user.call(what, 2 * timeoutMs, async () =>
    what === 'getMany'
      ? await mapOf(user).getMany(keys, { timeoutMs })
      : await deleted(mapOf(user), keys, timeoutMs),
  )
  for (const { key, open } of calls) {
    if (outcome.type === 'ok') open.ok(outcome.value.get(key) ?? null)
    else if (type === 'get' || (outcome.type === 'failed' && outcome.applied === 'no'))
      open.failed()
    else open.unknown()
  }
}

async function deleted(
  map: EntriesMap,
  keys: readonly string[],
  timeoutMs: number,
): Promise<ReadonlyMap<string, number>> {
  await map.deleteMany(keys, { timeoutMs })
  return new Map()
}
