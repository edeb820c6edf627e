import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PostgresLease } from '@casty/lease-postgres'
import { hasNoServer, World } from './world.ts'

interface Tally {
  readonly wins: Record<string, number>
  readonly wrongRounds: string[]
  readonly fences: bigint[]
}

/** Both ask at once, and who gets it gives it back. */
async function race(leases: readonly PostgresLease[], rounds: number): Promise<Tally> {
  const tally: Tally = { wins: {}, wrongRounds: [], fences: [] }
  for (let round = 1; round <= rounds; round++) {
    const answers = await Promise.all(leases.map((lease) => lease.acquire()))
    const holders = leases.filter((lease) => lease.checkLease())
    if (holders.length !== 1 || answers.filter((isGranted) => isGranted).length !== 1) {
      tally.wrongRounds.push(`round ${round}: ${holders.map(({ owner }) => owner).join(' and ')}`)
    }
    for (const { owner, fence } of holders) {
      tally.wins[owner] = (tally.wins[owner] ?? 0) + 1
      tally.fences.push(fence ?? 0n)
    }
    await Promise.all(holders.map((lease) => lease.release()))
  }
  return tally
}

describe.skipIf(hasNoServer)('two owners that race', () => {
  let world: World
  beforeAll(async () => {
    world = await World.start()
  })
  afterAll(async () => await world[Symbol.asyncDispose]())

  /** Owners of one lease, each with a pool of its own, so on sessions of their own. */
  async function racing(
    name: string,
    options: string,
    use: (leases: readonly PostgresLease[]) => Promise<void>,
  ): Promise<void> {
    const connectionString = world.server.connectionString()
    const pools = ['a', 'b'].map(() => new Pool({ connectionString, options, max: 4 }))
    // Long times, and no renewals: what is measured is the race.
    const long = { ttlMs: 60_000, heartbeatMs: 30_000, operationTimeoutMs: 10_000 }
    const leases = pools.map((pool, index) =>
      world.lease('ab'.charAt(index), { name, pool, ...long }),
    )
    await use(leases)
    for (const lease of leases) await lease[Symbol.asyncDispose]()
    for (const pool of pools) await pool.end()
  }

  test('a thousand times are never both granted it', async () => {
    await racing('thousand', '', async (leases) => {
      const { wins, wrongRounds, fences } = await race(leases, 1_000)
      expect(wrongRounds).toEqual([])
      expect(fences).toEqual(Array.from({ length: 1_000 }, (_, index) => BigInt(index + 1)))
      expect((wins['a'] ?? 0) + (wins['b'] ?? 0)).toBe(1_000)
    })
  })

  test.each(['serializable', 'repeatable\\ read'])(
    'are not failed by %s as the default isolation of their sessions',
    async (isolation) => {
      const options = `-c default_transaction_isolation=${isolation}`
      await racing(isolation, options, async (leases) => {
        const { wrongRounds, fences } = await race(leases, 100)
        expect([wrongRounds, fences.length]).toEqual([[], 100])
      })
    },
  )

  test('two leases of one owner exclude each other', async () => {
    await using first = world.lease('twin', { name: 'twins' })
    await using second = world.lease('twin', { name: 'twins' })
    expect(await first.acquire()).toBe(true)
    for (let tries = 0; tries < 3; tries++) expect(await second.acquire()).toBe(false)
  })
})
