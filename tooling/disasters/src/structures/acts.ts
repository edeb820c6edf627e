// What a user of structures does, on a node or outside of the cluster, as its test says.
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Delivery, Distributed, Lease, Queue } from '@casty/ddata'
import { sharedNow } from '../protocol.ts'
import { permits, timeoutMs, ttlMs, visibilityMs, type UserPort } from './settings.ts'

export type Act =
  | { readonly type: 'add'; readonly name: string; readonly by: number }
  | { readonly type: 'read'; readonly name: string }
  | { readonly type: 'put'; readonly name: string; readonly value: number }
  | { readonly type: 'get'; readonly name: string }
  | { readonly type: 'remove'; readonly name: string }
  | { readonly type: 'enqueue'; readonly name: string; readonly item: string }
  /** Answers the item, and a number to acknowledge it by. */
  | { readonly type: 'reserve'; readonly name: string }
  | { readonly type: 'acknowledge'; readonly delivery: number }
  | { readonly type: 'arrive'; readonly name: string; readonly expected: number }
  /** Holds it for so long, if it can. */
  | {
      readonly type: 'hold'
      readonly kind: 'lock' | 'semaphore'
      readonly name: string
      readonly waitMs: number
      readonly holdMs: number
    }

export type ActValue =
  | number
  | boolean
  | null
  | { readonly item: string; readonly delivery: number }
  | { readonly round: number; readonly index: number }
  /** How what was held ended, and whether its resource took what came after that. */
  | { readonly end: 'released' | 'lost'; readonly wasTakenLate: boolean }

export type ActOutcome =
  | { readonly type: 'ok'; readonly value: ActValue }
  | {
      readonly type: 'failed'
      readonly applied: 'no' | 'yes' | 'unknown'
      readonly code: string
      readonly message: string
    }

const lookEveryMs = 20
const arriveMs = 3_000

export class StructuresUser {
  readonly #distributed: Distributed
  readonly #port: UserPort
  readonly #deliveries = new Map<number, Delivery<string>>()
  #delivered = 0

  constructor(distributed: Distributed, port: UserPort) {
    this.#distributed = distributed
    this.#port = port
  }

  async perform(act: Act): Promise<ActOutcome> {
    try {
      return { type: 'ok', value: await this.#perform(act) }
    } catch (error) {
      // What is no DDataError says nothing of that.
      const { code = '', applied = 'unknown' } = error as Partial<Extract<ActOutcome, { readonly type: 'failed' }>> // prettier-ignore
      return { type: 'failed', applied, code, message: String(error) }
    }
  }

  async #perform(act: Act): Promise<ActValue> {
    const limit = { timeoutMs }
    const map = this.#distributed.map<string, number>('map', { shards: 8 })
    switch (act.type) {
      case 'add':
        return await this.#distributed.counter(act.name).increment(act.by, limit)
      case 'read':
        return await this.#distributed.counter(act.name).get(limit)
      case 'put':
        await map.set(act.name, act.value, limit)
        return null
      case 'get':
        return (await map.get(act.name, limit)) ?? null
      case 'remove':
        return await map.delete(act.name, limit)
      case 'enqueue':
        await this.#queue(act.name).enqueue(act.item, limit)
        return null
      case 'reserve':
        return await this.#reserve(act.name)
      case 'acknowledge':
        return await this.#acknowledge(act.delivery)
      case 'arrive':
        return await this.#distributed
          .barrier(act.name)
          .arrive(act.expected, { timeoutMs: arriveMs })
      case 'hold':
        return await this.#hold(act)
    }
  }

  #queue(name: string): Queue<string> {
    return this.#distributed.queue<string>(name, { visibilityMs })
  }

  async #reserve(name: string): Promise<ActValue> {
    const found = await this.#queue(name).reserve({ timeoutMs })
    if (!found) return null
    const delivery = this.#delivered++
    this.#deliveries.set(delivery, found)
    return { item: found.value, delivery }
  }

  async #acknowledge(delivery: number): Promise<boolean> {
    const found = this.#deliveries.get(delivery)
    this.#deliveries.delete(delivery)
    return (await found?.ack({ timeoutMs })) === true
  }

  async #hold({ kind, name, waitMs, holdMs }: Act & { readonly type: 'hold' }): Promise<ActValue> {
    const key = `${kind} ${name}`
    const invokedAt = sharedNow()
    const lease = await this.#acquire(kind, name, waitMs)
    const { fence } = lease
    this.#port.granted({ key, fence, invokedAt, completedAt: sharedNow() })
    const until = performance.now() + holdMs
    while (performance.now() < until && this.#isHeld(key, lease)) {
      // eslint-disable-next-line no-await-in-loop -- Again and again, as long as it is held.
      if (kind === 'lock') await this.#port.write(key, fence)
      // eslint-disable-next-line no-await-in-loop
      await pause(lookEveryMs)
    }
    if (this.#isHeld(key, lease)) {
      await lease.release({ timeoutMs })
      return { end: 'released', wasTakenLate: false }
    }
    // It says so by itself, whenever its timers come to that.
    if (!lease.signal.aborted) await once(lease.signal, 'abort')
    // As one that looked before it stood still, and writes after it.
    const wasTakenLate = kind === 'lock' && (await this.#port.write(key, fence))
    return { end: 'lost', wasTakenLate }
  }

  #isHeld(key: string, lease: Lease): boolean {
    const from = sharedNow()
    const { isHeld, fence } = lease
    if (isHeld) this.#port.believes({ key, fence, from, to: sharedNow() })
    return isHeld
  }

  async #acquire(kind: 'lock' | 'semaphore', name: string, waitMs: number): Promise<Lease> {
    if (kind === 'semaphore') {
      const semaphore = this.#distributed.semaphore(name, { permits, ttlMs })
      return await semaphore.acquire(1, { waitMs, timeoutMs })
    }
    const claim = async (token: bigint): Promise<void> => {
      const isTaken = await this.#port.write(`lock ${name}`, String(token).padStart(20, '0'))
      if (!isTaken) throw Object.assign(new Error('It is late.'), { code: 'late', applied: 'no' })
    }
    return await this.#distributed.lock(name, { ttlMs, claim }).acquire({ waitMs, timeoutMs })
  }
}
