// Several items of a queue in one call, and items as they come.
import type { Delivery } from '@casty/ddata'
import type { OpenOperation } from '../linearizability/history-recorder.ts'
import type { QueueItemInput, QueueItemOutput } from '../linearizability/check-queue-items.ts'
import { wayMs } from './acts.ts'
import { queueOf } from './queue-acts.ts'
import { recordOf } from './record.ts'
import { structuresSettings } from './settings.ts'
import type { StructuresRun } from './structures-run.ts'
import type { StructuresUser } from './user.ts'

/** Puts so many in at once: all are there, or none. */
export async function produceMany(
  run: StructuresRun,
  user: StructuresUser,
  name: string,
  count: number,
  timeoutMs: number,
): Promise<void> {
  const record = recordOf(run)
  const { items } = record
  const puts = Array.from({ length: count }, () => {
    const item = `${name} ${record.nextCount()}`
    const open = items.invoke(name, { type: 'enqueue', item })
    items.enqueues({ item, priority: 0, delayMs: 0, dedupId: undefined })
    return { item, open }
  })
  const values = puts.map(({ item }) => item)
  items.together(values)
  const outcome = await user.call(
    `enqueueMany of ${name}`,
    timeoutMs,
    async () => await queueOf(run, user, name).enqueueMany(values, { timeoutMs }),
  )
  for (const { item, open } of puts) {
    if (outcome.type === 'ok') {
      open.ok('done')
      items.enqueued(item)
    } else if (outcome.type === 'failed' && outcome.applied === 'no') {
      open.failed()
      items.refused(item, 'it did not come')
    } else open.unknown()
  }
  if (outcome.type === 'ok') record.reach('several items are put in at once')
}

export interface ReserveManyOptions {
  readonly most: number
  readonly waitMs: number
  readonly workMs: number
  readonly timeoutMs: number
}

/** Reserves so many at most, and acknowledges all in one call. */
export async function consumeMany(
  run: StructuresRun,
  user: StructuresUser,
  name: string,
  { most, waitMs, workMs, timeoutMs }: ReserveManyOptions,
): Promise<void> {
  const { items } = recordOf(run)
  const { visibilityMs, sessionTtlMs } = structuresSettings(run.plan)
  const invokedAt = run.world.now
  const opens = openMany(run, name, 'reserve', most)
  const reserved = await user.call(
    `reserveMany of ${name}`,
    waitMs === 0 ? timeoutMs : waitMs + wayMs + sessionTtlMs,
    async () =>
      await queueOf(run, user, name).reserveMany(most, {
        timeoutMs,
        ...(waitMs > 0 && { waitMs }),
      }),
  )
  if (reserved.type !== 'ok') return answered(opens, undefined)
  const deliveries = reserved.value
  answered(
    opens,
    deliveries.map(({ value }) => value),
  )
  if (deliveries.length > most) {
    run.violate('items are kept', `${name}: ${deliveries.length} were reserved of ${most}`)
  }
  for (const delivery of deliveries) {
    items.delivered(delivery, invokedAt, visibilityMs, user.name)
  }
  if (workMs > 0) await user.pause(workMs)
  if (!user.isAlive || deliveries.length === 0) return
  await ackMany(run, user, name, deliveries, timeoutMs)
}

/** Of which each counts, where fewer did it is not known which. */
async function ackMany(
  run: StructuresRun,
  user: StructuresUser,
  name: string,
  deliveries: readonly Delivery<string>[],
  timeoutMs: number,
): Promise<void> {
  const record = recordOf(run)
  const opens = deliveries.map(({ value: item }) =>
    record.items.invoke(name, { type: 'acknowledge', item }),
  )
  const acked = await user.call(
    `ackMany of ${name}`,
    timeoutMs,
    async () => await queueOf(run, user, name).ackMany(deliveries, { timeoutMs }),
  )
  const count = acked.type === 'ok' ? acked.value : undefined
  if (count === deliveries.length && count > 1) record.reach('several items are done at once')
  for (const open of opens) {
    if (count === deliveries.length) open.ok('done')
    else if (count === 0 || (acked.type === 'failed' && acked.applied === 'no')) open.failed()
    else open.unknown()
  }
}

/** Takes so many out for good. */
export async function takeMany(
  run: StructuresRun,
  user: StructuresUser,
  name: string,
  most: number,
  timeoutMs: number,
): Promise<void> {
  const opens = openMany(run, name, 'dequeue', most)
  const taken = await user.call(
    `dequeueMany of ${name}`,
    timeoutMs,
    async () => await queueOf(run, user, name).dequeueMany(most, { timeoutMs }),
  )
  if (taken.type === 'ok') return answered(opens, taken.value)
  const hadNoEffect = taken.type === 'failed' && taken.applied === 'no'
  for (const open of opens) {
    if (hadNoEffect) open.failed()
    else open.unknown()
  }
}

/** Works on items as they come, each for so long, until it has done so many or its time is over. */
export async function loopOver(
  run: StructuresRun,
  user: StructuresUser,
  name: string,
  options: {
    readonly prefetch: number
    readonly times: number
    readonly workMs: number
    readonly forMs: number
    readonly timeoutMs: number
  },
): Promise<void> {
  const { prefetch, times, workMs, forMs, timeoutMs } = options
  const record = recordOf(run)
  const { visibilityMs } = structuresSettings(run.plan)
  const end = new AbortController()
  void user.pause(forMs).then(() => end.abort())
  const ask = (): { readonly at: number; readonly open: OpenItem } => {
    return { at: run.world.now, open: record.items.invoke(name, { type: 'reserve' }) }
  }
  // What is taken ahead was asked for when the one before was there, at the latest.
  const asked = Array.from({ length: prefetch }, ask)
  let left = times
  const work = async (): Promise<void> => {
    const queue = queueOf(run, user, name)
    for await (const delivery of queue.consume({ prefetch, signal: end.signal })) {
      const { at, open } = asked.shift() ?? ask()
      asked.push(ask())
      open.ok(delivery.value)
      record.items.delivered(delivery, at, visibilityMs, user.name)
      record.reach('items are worked on as they come')
      await user.pause(workMs)
      if (!user.isAlive) return
      await ackMany(run, user, name, [delivery], timeoutMs)
      left -= 1
      if (left === 0) break
    }
  }
  await user.call(`consume of ${name}`, Infinity, work)
  for (const { open } of asked) open.failed()
  end.abort()
}

type OpenItem = OpenOperation<QueueItemOutput>

/** To whoever judges it is as many calls as there may be items. */
function openMany(
  run: StructuresRun,
  name: string,
  type: Extract<QueueItemInput['type'], 'reserve' | 'dequeue'>,
  most: number,
): readonly OpenItem[] {
  return Array.from({ length: most }, () => recordOf(run).items.invoke(name, { type }))
}

function answered(opens: readonly OpenItem[], values: readonly string[] | undefined): void {
  for (const [index, open] of opens.entries()) {
    if (values === undefined) open.unknown()
    else open.ok(values[index] ?? null)
  }
}
