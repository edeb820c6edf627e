// Calls under a key of their caller's: made again and again, by others too, they count once, and all are answered alike.
import { pause } from './acts.ts'
import { recordOf } from './record.ts'
import type { StructuresRun } from './structures-run.ts'
import type { StructuresUser } from './user.ts'

export interface OnceOptions {
  readonly timeoutMs: number
  /** Between one call and the next. */
  readonly everyMs: number
}

/**
 * Adds to a counter under one key, by each of these users in turn. For whoever judges that is one call, from the
 * beginning of the first until one is answered.
 */
export async function countOnce(
  run: StructuresRun,
  users: readonly (() => StructuresUser | undefined)[],
  base: string,
  { timeoutMs, everyMs }: OnceOptions,
): Promise<void> {
  const record = recordOf(run)
  const name = record.cells.nameOf(base)
  const by = 1 + (record.nextCount() % 3)
  const idempotencyKey = `key ${record.nextCount()}`
  const open = record.cells.invoke(base, name, { type: 'add', by })
  let answer: number | undefined
  let mayHaveCounted = false
  for (const userOf of users) {
    const user = userOf()
    // eslint-disable-next-line no-await-in-loop -- One after the other.
    const outcome = await user?.call(
      `increment of ${name} under a key`,
      timeoutMs,
      async () => await user.distributed.counter(name).increment(by, { timeoutMs, idempotencyKey }),
    )
    if (outcome?.type === 'ok') {
      if (answer === undefined) open.ok(outcome.value)
      answer ??= outcome.value
      record.reach('a key is used again')
      if (outcome.value !== answer && !record.mayHaveLost) {
        const text = `${name} was ${answer} under ${idempotencyKey}, and then ${outcome.value}`
        run.violate('a key counts once', text, user?.host)
      }
    } else if (outcome && !(outcome.type === 'failed' && outcome.applied === 'no')) {
      mayHaveCounted = true
    }
    // eslint-disable-next-line no-await-in-loop
    await pause(run.world.clock, everyMs)
  }
  if (answer !== undefined) return
  if (mayHaveCounted) open.unknown()
  else open.failed()
}

export const onceKinds = ['enqueue', 'put', 'add'] as const
export type OnceKind = (typeof onceKinds)[number]

/** The same of an item of a queue, an entry of a map, and a member of a set: what each answers tells whether it was first. */
export async function putOnce(
  run: StructuresRun,
  users: readonly (() => StructuresUser | undefined)[],
  kind: OnceKind,
  { timeoutMs, everyMs }: OnceOptions,
): Promise<void> {
  const record = recordOf(run)
  const name = `once ${record.nextCount()}`
  const options = { timeoutMs, idempotencyKey: `key of ${name}` }
  const answers: string[] = []
  for (const userOf of users) {
    const user = userOf()
    if (!user) continue
    const { distributed } = user
    const steps: Readonly<Record<OnceKind, () => Promise<unknown>>> = {
      enqueue: async () => (await distributed.queue<string>('once').enqueue(name, options)).id,
      put: async () => await distributed.map<string, string>('once').put(name, name, options),
      add: async () => await distributed.set<string>('once').add(name, options),
    }
    // eslint-disable-next-line no-await-in-loop -- One after the other.
    const outcome = await user.call(`${kind} of ${name} under a key`, 2 * timeoutMs, steps[kind])
    if (outcome.type === 'ok') answers.push(String(outcome.value))
    // eslint-disable-next-line no-await-in-loop
    await pause(run.world.clock, everyMs)
  }
  if (new Set(answers).size <= 1 || record.mayHaveLost) return
  run.violate('a key counts once', `${kind} of ${name} was answered ${answers.join(', then ')}`)
}
