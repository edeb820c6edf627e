// What is demanded when nothing goes wrong any more: everybody is there, every structure works from everywhere, what was
// begun comes to its end, queues can be emptied, and nothing is left over.
import type { HealStage } from '../run/scenario.ts'
import { lookAfterShards } from '../hosting/people.ts'
import { allAreThere } from '../membership/one-cluster-again.ts'
import { useCounter, useMap, useSet } from './acts.ts'
import { contendedLock, elasticSemaphore, elasticSizes, hold, resize } from './hold.ts'
import { diskCopies } from './host.ts'
import { consume, produce, queueOf } from './queue-acts.ts'
import { redrive, roomOf } from './queue-looks.ts'
import { lookAtAll } from './lending.ts'
import { recordOf } from './record.ts'
import { structuresSettings } from './settings.ts'
import type { StructuresRun } from './structures-run.ts'
import type { StructuresUser } from './user.ts'
import { aDeadWaiterCostsLittle, lostAnswersComeAgain } from './trials.ts'
import { watchersKnowTheLast } from './watch.ts'
import { counters, entries, locks, members, queues, semaphores, usersOf } from './workload.ts'

export function structuresHealing(run: StructuresRun): readonly HealStage[] {
  return [
    nobodyIsMissing(run),
    allWorks(run),
    watchersKnowTheLast(run),
    callsEnd(run),
    lostAnswersComeAgain(run),
    aDeadWaiterCostsLittle(run),
    queuesAreEmptied(run),
    entriesEnd(run),
    nothingIsLeft(run),
  ]
}

/** The cluster, and whoever uses it from outside. */
function nobodyIsMissing(run: StructuresRun): HealStage {
  const { hasOutsider } = structuresSettings(run.plan)
  return allAreThere(run, 'one cluster again', () =>
    hasOutsider && !recordOf(run).outsider?.user ? 'outside there is no contact' : undefined,
  )
}

const calm = { timeoutMs: 5_000 }

/** What each user has to get done once. */
function tasksOf(
  run: StructuresRun,
  user: StructuresUser,
): ReadonlyMap<string, () => Promise<boolean | undefined>> {
  const tasks = new Map<string, () => Promise<boolean | undefined>>()
  for (const name of counters) {
    tasks.set(
      `counter ${name}`,
      async () => await useCounter(run, user, name, { act: 'read', ...calm }),
    )
  }
  for (const name of entries) {
    tasks.set(`entry ${name}`, async () => await useMap(run, user, name, { act: 'get', ...calm }))
  }
  for (const name of members) {
    const act = 'contains'
    tasks.set(`member ${name}`, async () => await useSet(run, user, name, { act, ...calm }))
  }
  const holding = { permits: 1, waitMs: 60_000, holdMs: 4, renew: true, forgets: false, hopMs: 1 }
  for (const name of [...locks, contendedLock]) {
    const options = { ...holding, ...calm, kind: 'lock', name } as const
    tasks.set(`lock ${name}`, async () => await hold(run, user, options))
  }
  for (const name of semaphores) {
    const options = { ...holding, ...calm, kind: 'semaphore', name } as const
    tasks.set(`semaphore ${name}`, async () => await hold(run, user, options))
  }
  for (const name of queues) {
    tasks.set(`queue ${name}`, async () => {
      if (await produce(run, user, name, calm)) return true
      if (roomOf(run, name) < Infinity) await consume(run, user, name, { ...atOnce, ...calm })
      return false // It is tried again.
    })
  }
  return tasks
}

const atOnce = { waitMs: 0, workMs: 0, end: 'ack' } as const

/** For all of them, one after the other: locks and permits of those who died end by themselves. */
const worksWithinMs = 120_000

function allWorks(run: StructuresRun): HealStage {
  const left = new Map<string, () => Promise<boolean | undefined>>()
  const tried = new Set<string>()
  const tryOne = async (key: string, task: () => Promise<boolean | undefined>): Promise<void> => {
    if (tried.has(key)) return
    tried.add(key)
    const isDone = await task()
    tried.delete(key)
    if (isDone === true) left.delete(key)
  }
  return {
    name: 'every structure works from everywhere',
    withinMs: worksWithinMs,
    begin() {
      for (const user of usersOf(run)) {
        for (const [name, task] of tasksOf(run, user)) left.set(`${user.name}: ${name}`, task)
      }
    },
    nudge() {
      lookAfterShards(run, diskCopies)
      for (const [key, task] of left) void tryOne(key, task)
    },
    isDone: () => left.size === 0,
    explain: () =>
      `${[...left.keys()].slice(0, 8).join(', ')} does not. ${recordOf(run).outsider?.explain() ?? ''}`,
  }
}

/** Whatever was begun in the chaos. */
function callsEnd(run: StructuresRun): HealStage {
  const open = (): readonly StructuresUser[] => usersOf(run).filter((user) => user.open > 0)
  return {
    name: 'all that was begun ends',
    withinMs: 90_000,
    isDone: () => open().length === 0,
    explain: () =>
      open()
        .map((user) => `${user.name} has ${user.open} calls`)
        .join(', '),
  }
}

function queuesAreEmptied(run: StructuresRun): HealStage {
  const left = new Set<string>(queues)
  const busy = new Set<string>()
  const empty = async (name: string, user: StructuresUser): Promise<void> => {
    if (busy.has(name)) return
    busy.add(name)
    const options = { ...atOnce, ...calm }
    // eslint-disable-next-line no-await-in-loop -- One after the other, as they are in the queue.
    while ((await consume(run, user, name, options)) === true) continue
    const outcome = await user.call(
      `stats of ${name}`,
      calm.timeoutMs,
      async () => await queueOf(run, user, name).stats(calm),
    )
    busy.delete(name)
    if (outcome.type !== 'ok') return
    const { ready, delayed, inFlight, dead } = outcome.value
    const [size, room] = [ready + delayed + inFlight, roomOf(run, name)]
    if (size > room)
      run.violate('items are kept', `${name} has ${size} items, and room for ${room}`)
    if (ready + delayed + inFlight + dead === 0) left.delete(name)
    // It is consumed by the next look.
    if (dead > 0) await redrive(run, user, name, calm.timeoutMs)
  }
  return {
    name: 'queues are emptied',
    withinMs: 60_000,
    nudge() {
      const [user] = usersOf(run)
      if (user) for (const name of left) void empty(name, user)
    },
    isDone: () => left.size === 0,
    explain: () => `${[...left].join(', ')} are not empty`,
  }
}

/** Those that were to live for a while. */
function entriesEnd(run: StructuresRun): HealStage {
  const { entryLives } = recordOf(run)
  let isLooking = false
  return {
    name: 'entries end',
    // As long as any of them lives, and some more.
    withinMs: 60_000,
    nudge() {
      const [user] = usersOf(run)
      if (isLooking || !user || entryLives.left.length === 0) return
      isLooking = true
      void lookAtAll(run, user).then(() => {
        isLooking = false
      })
    },
    isDone: () => entryLives.left.length === 0,
    explain: () => `${entryLives.left.slice(0, 5).join(', ')} are still there`,
  }
}

/** Nobody holds or waits for anything, no question is open, and timers are few. */
function nothingIsLeft(run: StructuresRun): HealStage {
  const { world } = run
  let found: string | undefined = 'nobody has looked'
  let isLooking = false
  const leftover = (): string | undefined => {
    for (const { host, program, clock } of world.processes) {
      if (!program) return `${host} has not started`
      const { pendingAsks } = program.remoting.metrics()
      if (pendingAsks > 0) return `${host} waits for ${pendingAsks} answers`
      const most = 80 + 20 * world.hosts.length
      if (clock.pendingTimers > most) return `${host} has ${clock.pendingTimers} timers`
    }
    const holder = usersOf(run).find(({ distributed }) => distributed.leases.held > 0)
    return holder ? `${holder.name} holds something` : recordOf(run).outsider?.leftover
  }
  const look = async (): Promise<void> => {
    const [user] = usersOf(run)
    if (isLooking || !user) return
    isLooking = true
    const { permits: fixed } = structuresSettings(run.plan)
    const { distributed } = user
    await resize(user, elasticSizes.declared)
    const wrong: string[] = []
    const ask = async (
      what: string,
      wanted: unknown,
      begin: () => Promise<unknown>,
    ): Promise<void> => {
      const outcome = await user.call(what, calm.timeoutMs, begin)
      if (outcome.type === 'ok' && outcome.value === wanted) return
      wrong.push(
        `${what}: ${outcome.type === 'ok' ? JSON.stringify(outcome.value, textOfBigint) : 'failed'}`,
      )
    }
    await Promise.all([
      ...[...locks, contendedLock].map(
        async (name) =>
          await ask(
            `holder of ${name}`,
            undefined,
            async () => await distributed.lock(name).holder(),
          ),
      ),
      ...semaphores.map(async (name) => {
        const permits = name === elasticSemaphore ? elasticSizes.declared : fixed
        const what = `free permits of ${name}`
        await ask(
          what,
          permits,
          async () => await distributed.semaphore(name, { permits }).available(),
        )
      }),
      ...[2, 3].map(
        async (expected) =>
          await ask(
            `waiting at barrier of ${expected}`,
            0,
            async () => await distributed.barrier(`barrier of ${expected}`).waiting(),
          ),
      ),
    ])
    found = wrong.length === 0 ? undefined : wrong.join(', ')
    isLooking = false
  }
  return {
    name: 'nothing is left over',
    withinMs: 60_000,
    nudge: () => void look(),
    isDone: () => (found ?? leftover()) === undefined,
    explain: () => found ?? leftover() ?? '',
  }
}

function textOfBigint(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
