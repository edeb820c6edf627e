import type { LeaseAddress } from './lease-calls.ts'
import { checkAddress, isIdle, newPool, type Pool } from './pool.ts'

/** Names of free ones that are kept, so that `destroy` can say whether there was one. The oldest go first. */
const maxFreed = 256

/** The locks or semaphores of one part that are in use, by name, and the names of some that were. */
export class Pools {
  readonly #pools = new Map<string, Pool>()
  readonly #freed = new Set<string>()

  get size(): number {
    return this.#pools.size
  }

  all(): Iterable<Pool> {
    return this.#pools.values()
  }

  get(name: string): Pool | undefined {
    return this.#pools.get(name)
  }

  /** One that is idle is made anew, and not kept. @throws Refusal `CASTY_DDATA_CONFIG_MISMATCH` */
  at(address: LeaseAddress): Pool {
    const known = this.#pools.get(address.name)
    if (!known) return newPool(address)
    checkAddress(known, address)
    return known
  }

  /** It is in use. */
  keep(pool: Pool): void {
    this.#pools.set(pool.name, pool)
    this.#freed.delete(pool.name)
  }

  /** Forgets one that nobody uses. */
  letGo(pool: Pool): void {
    if (!isIdle(pool) || !this.#pools.delete(pool.name)) return
    this.freed(pool.name)
    if (this.#freed.size <= maxFreed) return
    for (const oldest of this.#freed) {
      this.#freed.delete(oldest)
      return
    }
  }

  /** One of that name was in use last. */
  freed(name: string): void {
    this.#freed.delete(name)
    this.#freed.add(name)
  }

  get freedNames(): Iterable<string> {
    return this.#freed
  }

  /** @returns it where it was in use, or whether it had been */
  destroy(name: string): Pool | boolean {
    const pool = this.#pools.get(name)
    if (!pool) return this.#freed.delete(name)
    this.#pools.delete(name)
    return pool
  }
}
