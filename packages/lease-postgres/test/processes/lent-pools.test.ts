import { Pool } from 'pg'
import { expect, test } from 'vitest'
import { postgresLease } from '@casty/lease-postgres'
import { AbruptServer } from '../../../../tooling/postgres/index.ts'

// Nobody listens to these pools: an error that the lease does not hear would end the process, and so this run.

test('a connection that breaks as it is opened is told by the request, and by nothing else', async () => {
  await using server = await AbruptServer.start()
  const pool = new Pool({ connectionString: server.connectionString })
  {
    await using lease = postgresLease({ name: 'name', owner: 'a', pool })
    await expect(lease.acquire()).rejects.toMatchObject({
      code: 'CASTY_LEASE_POSTGRES_UNREACHABLE',
    })
  }
  expect(server.connections).toBeGreaterThan(0)
  await pool.end()
})

test('leases that share a pool listen to it once', async () => {
  const pool = new Pool()
  for (const owner of ['a', 'b', 'c']) postgresLease({ name: 'name', owner, pool })
  expect([pool.listenerCount('error'), pool.listenerCount('connect')]).toEqual([1, 1])
  await pool.end()
})
