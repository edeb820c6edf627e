// What users do with queues, each call written down.
import type { Queue } from '@casty/ddata'
import { wayMs } from './acts.ts'
import { recordOf } from './record.ts'
import { structuresSettings } from './settings.ts'
import type { StructuresRun } from './structures-run.ts'
import type { CallOutcome, StructuresUser } from './user.ts'

/** The one that may have room for a few items only. */
export const smallQueue = 'q3'

export interface ProduceOptions {
  readonly timeoutMs: number
  readonly priority?: number
  /** 0: it is there at once. */
  readonly delayMs?: number
  /** So many in a row have one id, of which the first counts. 1: each is for itself. */
  readonly alike?: number
}

/** @returns whether it was answered */
export async function produce(
  run: StructuresRun,
  user: StructuresUser,
  name: string,
  { timeoutMs, priority = 0, delayMs = 0, alike = 1 }: ProduceOptions,
): Promise<boolean> {
  const { items } = recordOf(run)
  const count = recordOf(run).nextCount()
  const item = `${name} ${count}`
  const dedupId = alike === 1 ? undefined : `${alike} ${Math.floor(count / alike)}`
  const open = items.invoke(name, { type: 'enqueue', item })
  items.enqueues({ item, priority, delayMs, dedupId })
  const options = { timeoutMs, priority, delayMs, ...(dedupId !== undefined && { dedupId }) }
  const outcome = await user.call(
    `enqueue of ${name}`,
    timeoutMs,
    async () => await queueOf(run, user, name).enqueue(item, options),
  )
  if (outcome.type === 'ok' && outcome.value.deduplicated) {
    open.failed()
    items.refused(item, 'another came before')
    recordOf(run).reach('an item is one that came before')
  } else if (outcome.type === 'ok') {
    open.ok('done')
    items.enqueued(item)
  } else if (outcome.type === 'failed' && outcome.applied === 'no') {
    open.failed()
    items.refused(item, 'it did not come')
  } else open.unknown()
  return outcome.type === 'ok'
}

export interface ConsumeOptions {
  readonly waitMs: number
  readonly workMs: number
  /** After its work it asks for so much more time, and takes half of it. 0: it does not. @defaultValue 0 */
  readonly extendMs?: number
  /** What becomes of the item then. */
  readonly end: 'ack' | 'nack' | 'nack-late' | 'bury' | 'nothing'
  readonly timeoutMs: number
}

/** @returns whether there was an item; undefined: nobody knows */
export async function consume(
  run: StructuresRun,
  user: StructuresUser,
  name: string,
  { waitMs, workMs, extendMs = 0, end, timeoutMs }: ConsumeOptions,
): Promise<boolean | undefined> {
  const record = recordOf(run)
  const queue = (): Queue<string> => queueOf(run, user, name)
  const invokedAt = run.world.now
  const open = record.items.invoke(name, { type: 'reserve' })
  const { sessionTtlMs } = structuresSettings(run.plan)
  const reserved = await user.call(
    `reserve of ${name}`,
    waitMs === 0 ? timeoutMs : waitMs + wayMs + sessionTtlMs,
    async () => await queue().reserve({ timeoutMs, ...(waitMs > 0 && { waitMs }) }),
  )
  if (reserved.type !== 'ok') {
    open.unknown()
    return undefined
  }
  const delivery = reserved.value
  open.ok(delivery?.value ?? null)
  if (!delivery) return false
  const { visibilityMs } = structuresSettings(run.plan)
  const kept = record.items.delivered(delivery, invokedAt, visibilityMs, user.name)
  if (delivery.deliveries > 1) record.reach('an item is delivered again')
  if (workMs > 0) await user.pause(workMs)
  if (extendMs > 0 && user.isAlive) {
    const from = run.world.now
    const extended = await user.call(
      `extend of ${name}`,
      timeoutMs,
      async () => await delivery.extend(extendMs, { timeoutMs }),
    )
    if (extended.type === 'ok' && !extended.value) record.reach('a receipt is of no use any more')
    else if (extended.type === 'ok') {
      record.reach('an item is kept for longer')
      kept.until(from + extendMs)
    } else kept.atMost(from + extendMs)
    await user.pause(extendMs / 2)
  }
  if (!user.isAlive || end === 'nothing') return true
  const what = `${end} of ${name}`
  if (end !== 'ack') {
    const nack = {
      ...(end === 'nack-late' && { delayMs: 1 + Math.floor(workMs / 2) }),
      ...(end === 'bury' && { dead: true }),
    }
    const from = run.world.now
    kept.atMost(from)
    const nacked = await user.call(
      what,
      timeoutMs,
      async () => await delivery.nack({ timeoutMs, ...nack }),
    )
    if (end === 'bury' && nacked.type === 'ok' && nacked.value) {
      record.items.dead.buried(name, delivery.value, from, run.world.now)
    }
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

/** Takes an item out at once, and for good. */
export async function take(
  run: StructuresRun,
  user: StructuresUser,
  name: string,
  { waitMs, timeoutMs }: Pick<ConsumeOptions, 'waitMs' | 'timeoutMs'>,
): Promise<void> {
  const queue = (): Queue<string> => queueOf(run, user, name)
  const open = recordOf(run).items.invoke(name, { type: 'dequeue' })
  const { sessionTtlMs } = structuresSettings(run.plan)
  const taken: CallOutcome<string | undefined> =
    waitMs === 0
      ? await user.call(
          `dequeue of ${name}`,
          timeoutMs,
          async () => await queue().dequeue({ timeoutMs }),
        )
      : await user.call(
          `take of ${name}`,
          // What it was given has to be acknowledged, maybe again and again.
          waitMs + timeoutMs + 2 * wayMs + 2 * sessionTtlMs,
          async () => await queue().take({ timeoutMs, waitMs }),
        )
  if (taken.type === 'ok') open.ok(taken.value ?? null)
  else if (taken.type === 'failed' && taken.applied === 'no') open.failed()
  else open.unknown()
}

export function queueOf(run: StructuresRun, user: StructuresUser, name: string): Queue<string> {
  const { visibilityMs, maxSize, waitsForRoom } = structuresSettings(run.plan)
  return user.distributed.queue<string>(name, {
    visibilityMs,
    ...(name === smallQueue &&
      maxSize > 0 && { maxSize, onFull: waitsForRoom ? 'wait' : 'reject' }),
  })
}
