// Looks at queues that take nothing out of them, and what becomes of the items that were given up.
import { queueOf, smallQueue } from './queue-acts.ts'
import { recordOf } from './record.ts'
import { structuresSettings } from './settings.ts'
import type { StructuresRun } from './structures-run.ts'
import type { StructuresUser } from './user.ts'

export const queueLooks = ['stats', 'stats', 'peek', 'deadList', 'redrive'] as const
export type QueueLook = (typeof queueLooks)[number]

export async function lookAtQueue(
  run: StructuresRun,
  user: StructuresUser,
  name: string,
  look: QueueLook,
  timeoutMs: number,
): Promise<void> {
  switch (look) {
    case 'stats':
      return await lookHowMany(run, user, name, timeoutMs)
    case 'peek':
      return await peek(run, user, name, timeoutMs)
    case 'deadList':
      return await listDead(run, user, name, timeoutMs)
    case 'redrive':
      return await redrive(run, user, name, timeoutMs)
  }
}

/** How many items a queue may have. */
export function roomOf({ plan }: Pick<StructuresRun, 'plan'>, name: string): number {
  const { maxSize } = structuresSettings(plan)
  return name === smallQueue && maxSize > 0 ? maxSize : Infinity
}

async function lookHowMany(
  run: StructuresRun,
  user: StructuresUser,
  name: string,
  timeoutMs: number,
): Promise<void> {
  const outcome = await user.call(
    `stats of ${name}`,
    timeoutMs,
    async () => await queueOf(run, user, name).stats({ timeoutMs }),
  )
  if (outcome.type !== 'ok') return
  const { ready, delayed, inFlight } = outcome.value
  const [size, room] = [ready + delayed + inFlight, roomOf(run, name)]
  if (size > room) run.violate('items are kept', `${name} has ${size} items, and room for ${room}`)
}

/** What is seen was put in, and is not out for good. */
async function peek(
  run: StructuresRun,
  user: StructuresUser,
  name: string,
  timeoutMs: number,
): Promise<void> {
  const open = recordOf(run).items.invoke(name, { type: 'reserve' })
  const outcome = await user.call(
    `peek of ${name}`,
    timeoutMs,
    async () => await queueOf(run, user, name).peek({ timeoutMs }),
  )
  if (outcome.type === 'ok') open.ok(outcome.value ?? null)
  else open.failed()
}

async function listDead(
  run: StructuresRun,
  user: StructuresUser,
  name: string,
  timeoutMs: number,
): Promise<void> {
  const { dead } = recordOf(run).items
  const from = run.world.now
  const list = async (): Promise<readonly string[]> => {
    const values: string[] = []
    const items = queueOf(run, user, name).deadList({ timeoutMs })
    for await (const { value } of items) values.push(value)
    return values
  }
  // There are few: they come on one page, and the next one is empty.
  const outcome = await user.call(`deadList of ${name}`, 3 * timeoutMs, list)
  if (outcome.type !== 'ok') return
  if (outcome.value.length > 0) recordOf(run).reach('an item is on the list of the dead')
  dead.listed(name, outcome.value, from, run.world.now)
}

/** Has all that is dead delivered again. */
export async function redrive(
  run: StructuresRun,
  user: StructuresUser,
  name: string,
  timeoutMs: number,
): Promise<void> {
  const isOver = recordOf(run).items.dead.redrives(name, run.world.now)
  const outcome = await user.call(
    `redrive of ${name}`,
    timeoutMs,
    async () => await queueOf(run, user, name).redrive({ timeoutMs }),
  )
  const isKnown = outcome.type === 'ok' || (outcome.type === 'failed' && outcome.applied === 'no')
  if (isKnown) isOver(run.world.now)
}
