import { Pool } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasNoServer, World } from './world.ts'
import { timing } from './timing.ts'

describe.skipIf(hasNoServer)('over a server or a network that fails', () => {
  let world: World
  beforeAll(async () => {
    world = await World.start()
  })
  beforeEach(() => world.nextTest())
  afterAll(async () => await world[Symbol.asyncDispose]())

  test('a holder survives a restart of the server that is shorter than its lease', async () => {
    const losses: Error[] = []
    await using lease = world.lease('a')
    await lease.acquire({ onLost: (reason) => losses.push(reason) })
    await world.server.kill()
    await expect(lease.renew()).rejects.toMatchObject({ code: 'CASTY_LEASE_POSTGRES_UNREACHABLE' })
    await world.server.startAgain()
    await world.until('it is renewed', () => lease.renew().catch(() => false))
    expect([lease.checkLease(), lease.fence, losses]).toEqual([true, 1n, []])
  })

  test('a holder is told when the server is away for longer, and can have it again after', async () => {
    await using lease = world.lease('a', timing)
    const lost = new Promise<Error>((resolve) => {
      void lease.acquire({ onLost: resolve })
    })
    await world.until('it is held', () => lease.checkLease())
    await world.server.kill()
    expect(await lost).toMatchObject({
      code: 'CASTY_SBR_LEASE_LOST',
      cause: { code: 'CASTY_LEASE_POSTGRES_UNREACHABLE' },
    })
    await expect(lease.acquire()).rejects.toMatchObject({
      code: 'CASTY_LEASE_POSTGRES_UNREACHABLE',
    })
    await world.server.startAgain()
    await world.until('it has it again', () => lease.acquire())
    expect(lease.fence).toBe(2n)
  })

  test('no call waits for a server that hangs', async () => {
    await using lease = world.lease('a', timing)
    await using other = world.lease('b', timing)
    await lease.acquire()
    world.server.pause()
    const calls = await Promise.allSettled([other.acquire(), other.ensureTable(), lease.renew()])
    const timeout = { reason: { code: 'CASTY_SBR_LEASE_TIMEOUT' } }
    expect(calls).toMatchObject([timeout, timeout, timeout])
    expect(await lease.release()).toBe(false)
    world.server.resume()
    await world.until(
      'what was released is given back',
      async () => !(await world.row())?.['isHeld'],
    )
  })

  test('a grant that is answered too late is given back, and not acted on', async () => {
    await using lease = world.lease('a', { ...timing, connectionString: await world.through('a') })
    const relay = await world.relay('a')
    relay.loseAnswersFrom('INSERT INTO')
    await expect(lease.acquire()).rejects.toMatchObject({ code: 'CASTY_SBR_LEASE_TIMEOUT' })
    expect(await world.row()).toEqual({ owner: 'a', fence: '1', isHeld: true })
    expect(lease.checkLease()).toBe(false)
    relay.pass()
    await world.until('it is given back', async () => !(await world.row())?.['isHeld'])
    expect([lease.checkLease(), await world.lease('b').acquire()]).toEqual([false, true])
  })

  test('a claim that was held up on its way for too long is granted nothing', async () => {
    await using lease = world.lease('a', { ...timing, connectionString: await world.through('a') })
    const relay = await world.relay('a')
    relay.holdRequest('INSERT INTO')
    await expect(lease.acquire()).rejects.toMatchObject({ code: 'CASTY_SBR_LEASE_TIMEOUT' })
    relay.pass()
    await world.until('the server has read all', async () => (await connections(world)) === 0)
    expect(await world.row()).toBeUndefined()
  })

  test('a release that was held up on its way does not free what was acquired after it', async () => {
    await using lease = world.lease('a', { ...timing, connectionString: await world.through('a') })
    const relay = await world.relay('a')
    await lease.acquire()
    relay.holdRequest("'-infinity'")
    expect(await lease.release()).toBe(false)
    await world.until('it is released another time', async () => !(await world.row())?.['isHeld'])
    expect(await lease.acquire()).toBe(true)
    relay.pass()
    await world.until('the server has read all', async () => (await connections(world)) === 0)
    expect(await lease.renew()).toBe(true)
    expect(await world.row()).toEqual({ owner: 'a', fence: '2', isHeld: true })
  })

  test('a claim that was held up for a short while is granted', async () => {
    await using lease = world.lease('a', { connectionString: await world.through('a') })
    const relay = await world.relay('a')
    relay.holdRequest('INSERT INTO')
    const asked = lease.acquire()
    await world.until('it is on its way', () => relay.isHolding)
    expect(await world.row()).toBeUndefined()
    relay.pass()
    expect(await asked).toBe(true)
  })

  test('a holder whose connections are torn down again and again holds on', async () => {
    await using lease = world.lease('a', { ...timing, connectionString: await world.through('a') })
    const losses: Error[] = []
    await lease.acquire({ onLost: (reason) => losses.push(reason) })
    const relay = await world.relay('a')
    let renewals = 0
    for (const started = performance.now(); performance.now() - started < 2 * timing.ttlMs;) {
      relay.resetAtRequest('UPDATE')
      await world.until('a renewal is torn down', () => !relay.isWatching)
      const before = await expiry(world)
      await world.until('one goes through', async () => (await expiry(world)) !== before)
      renewals++
    }
    expect([lease.checkLease(), lease.fence, losses]).toEqual([true, 1n, []])
    expect(renewals).toBeGreaterThan(1)
  })

  test('a claim goes through though the connection of the pool has died unnoticed', async () => {
    const pool = new Pool({ connectionString: world.server.connectionString(), max: 1 })
    pool.on('error', () => {})
    await pool.query('SELECT 1')
    await using lease = world.lease('a', { pool })
    const killed = world.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    )
    const [granted] = await Promise.all([lease.acquire(), killed])
    expect(granted).toBe(true)
    await lease.release()
    await pool.end()
  })

  test('a connection of a pool that is torn down in use costs no more than its request', async () => {
    const pool = new Pool({ connectionString: await world.through('a') })
    const relay = await world.relay('a')
    await using lease = world.lease('a', { pool })
    await lease.acquire()
    relay.holdRequest('UPDATE')
    const refused = expect(lease.renew()).rejects.toMatchObject({
      code: 'CASTY_LEASE_POSTGRES_UNREACHABLE',
    })
    await world.until('it is on its way', () => relay.isHolding)
    relay.reset()
    await refused
    expect(await lease.renew()).toBe(true)
    await lease.release()
    await pool.end()
  })

  test('a pool gets its connections back as they were', async () => {
    const pool = new Pool({ connectionString: world.server.connectionString(), max: 1 })
    const connection = await pool.connect()
    const listeners = connection.listenerCount('error')
    connection.release()
    await using lease = world.lease('a', { pool })
    await lease.acquire()
    for (let renewals = 0; renewals < 20; renewals++) await lease.renew()
    await lease.release()
    const same = await pool.connect()
    expect([same === connection, same.listenerCount('error')]).toEqual([true, listeners])
    const { rows } = await same.query("SELECT current_setting('lock_timeout') AS timeout")
    expect(rows).toEqual([{ timeout: '0' }])
    same.release()
    await pool.end()
  })

  test('a claim does not wait for a transaction that locks the row, and leaves none waiting', async () => {
    await using lease = world.lease('a')
    await using other = world.lease('b', timing)
    await lease.acquire()
    await lease.release()
    const pool = new Pool({ connectionString: world.server.connectionString() })
    const connection = await pool.connect()
    await connection.query('BEGIN; SELECT FROM casty_leases FOR UPDATE')
    await expect(other.acquire()).rejects.toMatchObject({
      code: expect.stringMatching(/^CASTY_(?:LEASE_POSTGRES_BUSY|SBR_LEASE_TIMEOUT)$/),
    })
    await world.until('nobody waits for the row', async () => (await connections(world)) === 0)
    await connection.query('ROLLBACK')
    connection.release()
    await pool.end()
    expect(await other.acquire()).toBe(true)
  })
})

/** Until when the lease of this test is held, by the database's clock. */
async function expiry(world: World): Promise<unknown> {
  const [row] = await world.sql(
    `SELECT expires_at::text FROM casty_leases WHERE name = '${world.name}'`,
  )
  return row?.['expires_at']
}

/** How many connections of leases the server has. */
async function connections(world: World): Promise<number> {
  const [row] = await world.sql(
    "SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'casty lease'",
  )
  return Number(row?.['count'])
}
