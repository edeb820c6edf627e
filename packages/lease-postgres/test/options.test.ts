import { describe, expect, test } from 'vitest'
import { leaseTableSql, postgresLease } from '@casty/lease-postgres'

const owner = { name: 'shop-sbr', owner: 'a' }
const connectionString = 'postgresql://shop:secret@db/shop'

describe('options are checked at the door', () => {
  test.each([
    ['connectionString', {}],
    ['connectionString', { connectionString: '' }],
    ['pool', { connectionString, pool: { connect: () => Promise.reject(new Error('unused')) } }],
    ['pool', { pool: JSON.parse('"postgresql://shop:secret@db/shop"') }], // From a user without types.
    ['table', { connectionString, table: 'leases; DROP TABLE users' }],
    ['table', { connectionString, table: 'a.b.c' }],
    ['ttl', { connectionString, ttl: 5 }],
  ])('%s', (option, options) => {
    const make = () => postgresLease({ ...owner, ...options })
    expect(make).toThrow(expect.objectContaining({ code: 'CASTY_LEASE_POSTGRES_INVALID_OPTION' }))
    expect(make).toThrow(new RegExp(`^Option ${option} of postgresLease\\(\\) is `))
    expect(make).not.toThrow(/secret/)
  })

  test('that there are any', () => {
    const untyped = (value: unknown) => () => postgresLease(value as never) // From a user without types.
    const code = 'CASTY_LEASE_POSTGRES_INVALID_OPTION'
    expect(untyped(undefined)).toThrow(expect.objectContaining({ code }))
    expect(untyped(undefined)).toThrow(/^The options of postgresLease\(\) are missing; /)
    expect(untyped([])).toThrow(/are a list; /)
  })

  test('durations too', () => {
    const make = () => postgresLease({ ...owner, connectionString, ttlMs: 5 })
    expect(make).toThrow(expect.objectContaining({ code: 'CASTY_SBR_INVALID_OPTION' }))
  })
})

test('nothing is connected to before the first request', async () => {
  await using lease = postgresLease({ ...owner, connectionString })
  expect([lease.name, lease.owner, lease.checkLease(), lease.fence]).toEqual([
    'shop-sbr',
    'a',
    false,
    undefined,
  ])
  expect(await lease.release()).toBe(true)
})

test('names of tables are quoted', () => {
  expect(leaseTableSql('ops.Leases')).toMatch(/^CREATE TABLE IF NOT EXISTS "ops"\."Leases" \(/)
})
