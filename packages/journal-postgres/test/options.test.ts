import { describe, expect, test } from 'vitest'
import { journalTablesSql, postgresJournal } from '@casty/journal-postgres'

const connectionString = 'postgresql://shop:secret@db/shop'

describe('options are checked at the door', () => {
  test.each([
    ['connectionString', {}],
    ['connectionString', { connectionString: '' }],
    ['pool', { connectionString, pool: { connect: () => Promise.reject(new Error('unused')) } }],
    ['pool', { pool: JSON.parse('"postgresql://shop:secret@db/shop"') }], // From a user without types.
    ['tables', { connectionString, tables: { streams: 'a', events: 'a' } }],
    ['tables.events', { connectionString, tables: { events: 'events; DROP TABLE users' } }],
    ['tables.events', { connectionString, tables: { events: 'a.b.c' } }],
    ['tables.ids', { connectionString, tables: JSON.parse('{ "ids": "a" }') }],
    ['maxConnections', { connectionString, maxConnections: 0 }],
    ['operationTimeoutMs', { connectionString, operationTimeoutMs: 0.5 }],
    ['limits.maxIdBytes', { connectionString, limits: { maxIdBytes: 4_000 } }],
    ['table', { connectionString, table: 'events' }],
  ])('%s', (option, options) => {
    const make = () => postgresJournal(options)
    expect(make).toThrow(expect.objectContaining({ code: 'CASTY_JOURNAL_POSTGRES_INVALID_OPTION' }))
    expect(make).toThrow(new RegExp(`^Option ${option} of postgresJournal\\(\\) is `))
    expect(make).not.toThrow(/secret/)
  })

  test('that there are any', () => {
    const untyped = (value: unknown) => () => postgresJournal(value as never) // From a user without types.
    expect(untyped(undefined)).toThrow(/^The options of postgresJournal\(\) are missing; /)
    expect(untyped([])).toThrow(/are a list; /)
  })

  test('limits as those of every journal', () => {
    const make = () => postgresJournal({ connectionString, limits: { maxBatchEvents: 0 } })
    expect(make).toThrow(expect.objectContaining({ code: 'CASTY_JOURNAL_INVALID' }))
  })
})

test('nothing is connected to before the first request', async () => {
  const unused = () => Promise.reject(new Error('unused'))
  await using journal = postgresJournal({ pool: { connect: unused } })
  await expect(journal.highest('')).rejects.toMatchObject({ code: 'CASTY_JOURNAL_INVALID' })
  await expect(journal.highest('id')).rejects.toMatchObject({
    code: 'CASTY_JOURNAL_UNAVAILABLE',
    outcome: 'nothing-written',
  })
})

test('names of tables are quoted', () => {
  const sql = journalTablesSql({ events: 'ops.Events' })
  expect(sql).toMatch(/CREATE TABLE IF NOT EXISTS "ops"\."Events" \(/)
  expect(sql).toMatch(/CREATE TABLE IF NOT EXISTS "casty_streams" \(/)
})
