// What users do under locks and permits.
import type { Lease, Lock, LockOptions, Semaphore } from '@casty/ddata'
import { wayMs } from './acts.ts'
import { recordOf } from './record.ts'
import { structuresSettings } from './settings.ts'
import { Stale } from './stale.ts'
import type { StructuresRun } from './structures-run.ts'
import type { StructuresUser } from './user.ts'

export interface HoldOptions {
  readonly kind: 'lock' | 'semaphore'
  readonly name: string
  readonly permits: number
  /** 0: not at all. Infinity: as long as it takes. */
  readonly waitMs: number
  readonly holdMs: number
  readonly renew: boolean
  /** It is not given back, and ends by itself. */
  readonly forgets: boolean
  readonly timeoutMs: number
  /** Of each message to the resource, in milliseconds. */
  readonly hopMs: number
}

/** @returns whether it was granted */
export async function hold(
  run: StructuresRun,
  user: StructuresUser,
  options: HoldOptions,
): Promise<boolean> {
  const { kind, name, waitMs, timeoutMs, holdMs, forgets } = options
  const { sessionTtlMs } = structuresSettings(run.plan)
  const { holdings } = recordOf(run)
  const key = `${kind} ${name}`
  const above = holdings.highestOf(key)
  const acquire = acquiring(run, user, options)
  const withinMs = waitMs === 0 ? timeoutMs + wayMs : waitMs + sessionTtlMs + 2 * wayMs
  const expected = name === forcedLock ? 'CASTY_DDATA_DESTROYED' : undefined
  const outcome = await user.call(`acquire of ${key}`, withinMs, acquire, expected)
  if (outcome.type !== 'ok' || outcome.value === undefined) return false
  const lease = outcome.value
  if (!lease.isHeld) return false // By the time that it is heard of.
  const letGo = holdings.granted(key, mostOf(run, options), user, lease, above)
  lease.signal.addEventListener('abort', () => {
    letGo()
    recordOf(run).reach('a lease is lost')
  })
  await work(run, user, lease, options)
  if (!user.isAlive) return true
  if (forgets && !options.renew) {
    await user.pause(Math.max(0, lease.expiresIn))
    return true
  }
  letGo()
  await user.call(
    `release of ${key} after ${holdMs} ms`,
    timeoutMs,
    async () => await lease.release({ timeoutMs }),
  )
  return true
}

/** How many permits may be held at a time. */
function mostOf(run: StructuresRun, { kind, name }: HoldOptions): number {
  if (kind === 'lock') return name === forcedLock ? Infinity : 1
  return name === elasticSemaphore ? elasticSizes.most : structuresSettings(run.plan).permits
}

/** A lock that is taken from whoever has it, and forgotten, at any time: then two believe to have it for a while. */
export const forcedLock = 'l3'
/** One that is contended for while those who have it are cut off, and those who keep it move. */
export const contendedLock = 'l4'
/** A semaphore that has more permits, and fewer, at any time. */
export const elasticSemaphore = 's2'
export const elasticSizes = { declared: 2, most: 4 } as const

/** @returns whether somebody had it, or it was there; undefined: nobody knows */
export async function force(
  run: StructuresRun,
  user: StructuresUser,
  what: 'forceRelease' | 'destroy',
  timeoutMs: number,
): Promise<boolean | undefined> {
  const outcome = await user.call(
    `${what} of ${forcedLock}`,
    timeoutMs,
    async () => await user.distributed.lock(forcedLock)[what]({ timeoutMs }),
  )
  if (outcome.type !== 'ok') return undefined
  if (outcome.value) recordOf(run).reach('a lock is taken from its holder')
  return outcome.value
}

export async function resize(user: StructuresUser, permits: number): Promise<void> {
  const timeoutMs = 1_500
  const size = { permits: elasticSizes.declared }
  await user.call(
    `resize of ${elasticSemaphore}`,
    timeoutMs,
    async () =>
      await user.distributed.semaphore(elasticSemaphore, size).resize(permits, { timeoutMs }),
  )
}

function acquiring(
  run: StructuresRun,
  user: StructuresUser,
  { kind, name, permits, waitMs, renew, timeoutMs, hopMs }: HoldOptions,
): () => Promise<Lease | undefined> {
  const { ttlMs, offerTimeoutMs, permits: fixed } = structuresSettings(run.plan)
  const size = name === elasticSemaphore ? elasticSizes.declared : fixed
  const { holdings } = recordOf(run)
  const terms: LockOptions = { ttlMs, offerTimeoutMs, renew }
  const wait = waitMs === Infinity ? {} : { timeoutMs, waitMs }
  if (kind === 'semaphore') {
    const semaphore = (): Semaphore => user.distributed.semaphore(name, { ...terms, permits: size })
    const many = name === elasticSemaphore ? 1 : Math.min(permits, size)
    if (waitMs === 0) return async () => await semaphore().tryLease(many, { timeoutMs })
    return async () => await semaphore().acquire(many, wait)
  }
  const claim = async (token: bigint): Promise<void> => {
    await user.pause(hopMs)
    if (!holdings.claim(`lock ${name}`, token)) throw new Stale(`${name} is another's by now`)
  }
  const lock = (): Lock => user.distributed.lock(name, { ...terms, claim })
  if (waitMs === 0) return async () => await lock().tryLease({ timeoutMs })
  return async () => await lock().acquire(wait)
}

/** Writes to the resource as long as it believes to hold it. */
async function work(
  run: StructuresRun,
  user: StructuresUser,
  lease: Lease,
  options: HoldOptions,
): Promise<void> {
  const { kind, name, holdMs, hopMs } = options
  const { holdings } = recordOf(run)
  const key = `${kind} ${name}`
  const steps = 4
  for (let step = 0; step < steps; step++) {
    // eslint-disable-next-line no-await-in-loop -- One after the other, as long as it is held.
    await user.pause(holdMs / steps)
    if (!user.isAlive || !lease.isHeld) return
    if (kind === 'semaphore') continue
    run.world.clock.schedule(hopMs + user.aheadMs, () => {
      if (holdings.write(key, lease.token)) return
      recordOf(run).reach('a resource refuses a former holder')
      holdings.refused(key, mostOf(run, options), user, lease)
    })
  }
}
