// What users do under locks and permits.
import type { Lease, LockOptions } from '@casty/ddata'
import { pause, wayMs } from './acts.ts'
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
  const { sessionTtlMs, permits: size } = structuresSettings(run.plan)
  const { holdings } = recordOf(run)
  const key = `${kind} ${name}`
  const above = holdings.highestOf(key)
  const acquire = acquiring(run, user, options)
  const withinMs = waitMs === 0 ? timeoutMs + wayMs : waitMs + sessionTtlMs + 2 * wayMs
  const outcome = await user.call(`acquire of ${key}`, withinMs, acquire)
  if (outcome.type !== 'ok' || outcome.value === undefined) return false
  const lease = outcome.value
  if (!lease.isHeld) return false // By the time that it is heard of.
  const letGo = holdings.granted(key, kind === 'lock' ? 1 : size, user, lease, above)
  lease.signal.addEventListener('abort', () => {
    letGo()
    recordOf(run).reach('a lease is lost')
  })
  await work(run, user, lease, options)
  if (!user.isAlive) return true
  if (forgets && !options.renew) {
    await pause(user.clock, Math.max(0, lease.expiresIn))
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

function acquiring(
  run: StructuresRun,
  user: StructuresUser,
  { kind, name, permits, waitMs, renew, timeoutMs, hopMs }: HoldOptions,
): () => Promise<Lease | undefined> {
  const { ttlMs, offerTimeoutMs, permits: size } = structuresSettings(run.plan)
  const { holdings } = recordOf(run)
  const terms: LockOptions = { ttlMs, offerTimeoutMs, renew }
  const wait = waitMs === Infinity ? {} : { timeoutMs, waitMs }
  if (kind === 'semaphore') {
    const semaphore = user.distributed.semaphore(name, { ...terms, permits: size })
    const many = Math.min(permits, size)
    if (waitMs === 0) return async () => await semaphore.tryLease(many, { timeoutMs })
    return async () => await semaphore.acquire(many, wait)
  }
  const lock = user.distributed.lock(name, {
    ...terms,
    claim: async (token) => {
      await pause(user.clock, hopMs)
      if (!holdings.claim(`lock ${name}`, token)) throw new Stale(`${name} is another's by now`)
    },
  })
  if (waitMs === 0) return async () => await lock.tryLease({ timeoutMs })
  return async () => await lock.acquire(wait)
}

/** Writes to the resource as long as it believes to hold it. */
async function work(
  run: StructuresRun,
  user: StructuresUser,
  lease: Lease,
  { kind, name, holdMs, hopMs }: HoldOptions,
): Promise<void> {
  const { holdings } = recordOf(run)
  const key = `${kind} ${name}`
  const steps = 4
  for (let step = 0; step < steps; step++) {
    // eslint-disable-next-line no-await-in-loop -- One after the other, as long as it is held.
    await pause(user.clock, holdMs / steps)
    if (!user.isAlive || !lease.isHeld) return
    if (kind === 'semaphore') continue
    run.world.clock.schedule(hopMs + user.aheadMs, () => {
      if (holdings.write(key, lease.token)) return
      recordOf(run).reach('a resource refuses a former holder')
      holdings.refused(key, user, lease)
    })
  }
}
