// What a node keeps of who had copies: across its lives, and as it was written down before.
import { inMemoryJournal, type EventJournal } from '@casty/persistence'
import { NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import { readHosts, writeHosts } from '../src/replication/hosts-format.ts'
import { HostsRecord } from '../src/replication/hosts-record.ts'

const nodes = (text: string): readonly NodeIdentity[] => {
  return text.split(' ').map((node) => NodeIdentity.parse(node.replace('#', ':1#')))
}

const written = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

async function openRecord(journal: EventJournal, node: string): Promise<HostsRecord> {
  const record = new HostsRecord(journal, 'hosts', {
    self: NodeIdentity.parse(node.replace('#', ':1#')),
    wallNow: () => 1,
    schedule: () => {
      throw new Error('Nothing fails here')
    },
    failed: (error) => {
      throw error
    },
  })
  await record.load()
  return record
}

test('a disk is as old as the first life on it, also where nothing was written down since', async () => {
  const disk = inMemoryJournal()
  const first = await openRecord(disk.open(), 'a#5')
  expect(first.reports).toEqual([])
  const second = await openRecord(disk.open(), 'a#7')
  second.update({ census: 1, hosts: nodes('a#7 b#1') }, true, true)
  expect(second.reports).toEqual([
    { census: 1, hosts: nodes('a#7 b#1'), isLate: false, namesAll: false, diskSince: 5 },
  ])
})

test('of each address the first life that may have had something is kept, until all is with others', async () => {
  const record = await openRecord(inMemoryJournal().open(), 'a#1')
  record.update({ census: 1, hosts: nodes('a#1 b#1') }, true, true)
  record.update({ census: 1, hosts: nodes('a#1 b#2 c#1 b#3') }, false, true)
  expect(record.reports).toMatchObject([{ hosts: nodes('a#1 b#1 c#1') }])
  record.update({ census: 1, hosts: nodes('b#3 c#1') }, true, true)
  expect(record.reports).toMatchObject([{ hosts: nodes('b#3 c#1') }])
})

test('who is named by the first table that it learns has yet to be filled', async () => {
  const record = await openRecord(inMemoryJournal().open(), 'a#2')
  record.update({ census: 1, hosts: nodes('a#2 b#1 c#1') }, false, true)
  expect(record.reports).toMatchObject([{ isLate: true, namesAll: true }])
  record.update({ census: 1, hosts: nodes('a#2 b#1 c#1') }, true, true)
  expect(record.reports).toMatchObject([{ isLate: false, namesAll: false }])
})

test('who comes while shards have no owner may name too few, also once all of them have one', async () => {
  const record = await openRecord(inMemoryJournal().open(), 'a#2')
  record.update({ census: 1, hosts: nodes('b#1'), isLate: true }, false, true)
  record.update({ census: 1, hosts: nodes('a#2 b#1') }, false, true)
  expect(record.reports).toMatchObject([{ isLate: true, namesAll: false }])
})

test('who had copies, and comes to have them again, has yet to be filled', async () => {
  const record = await openRecord(inMemoryJournal().open(), 'a#1')
  record.update({ census: 1, hosts: nodes('a#1 b#1') }, true, true)
  // As after a restart of all, while shards have no owner.
  record.update({ census: 1, hosts: nodes('b#1'), isLate: true }, false, true)
  record.update({ census: 1, hosts: nodes('a#1 b#1') }, false, true)
  expect(record.reports).toMatchObject([{ isLate: false }])
  record.update({ census: 1, hosts: nodes('b#1 c#1') }, false, true)
  record.update({ census: 1, hosts: nodes('a#1 b#1 c#1') }, false, true)
  expect(record.reports).toMatchObject([{ isLate: true, namesAll: true }])
})

test('who had copies has them also where a table that was founded without them, and is done with, did not name it', async () => {
  const record = await openRecord(inMemoryJournal().open(), 'a#1')
  record.update({ census: 1, hosts: nodes('a#1 b#1') }, true, true)
  // Founded by one that had lost its disk.
  record.update({ census: 5, hosts: nodes('c#2') }, true, false)
  record.update({ census: 1, hosts: nodes('a#1 b#1 c#2') }, false, true)
  expect(record.reports).toMatchObject([{ census: 1, isLate: false }])
  record.update({ census: 1, hosts: nodes('b#1 c#2') }, false, true)
  record.update({ census: 1, hosts: nodes('a#1 b#1 c#2') }, false, true)
  expect(record.reports).toMatchObject([{ census: 1, isLate: true }])
})

test('who lost its place has yet to be filled also where a table was founded in between that is done with', async () => {
  const record = await openRecord(inMemoryJournal().open(), 'a#1')
  record.update({ census: 1, hosts: nodes('a#1 b#1') }, true, true)
  record.update({ census: 1, hosts: nodes('b#1 c#1') }, false, true)
  record.update({ census: 5, hosts: nodes('c#2') }, true, false)
  record.update({ census: 1, hosts: nodes('a#1 b#1 c#2') }, false, true)
  expect(record.reports).toMatchObject([{ census: 1, isLate: true }])
})

test('what it reports is one instance while nothing changes: it is sent once for all shards', async () => {
  const record = await openRecord(inMemoryJournal().open(), 'a#1')
  record.update({ census: 1, hosts: nodes('a#1 b#1') }, true, true)
  const { reports } = record
  record.update({ census: 1, hosts: nodes('b#1 a#1') }, true, true)
  expect(record.reports).toBe(reports)
})

test('what was written before disks said since when they are there is read: all of them are there since then', () => {
  const old = { diskSince: 0, records: [{ census: 1, hosts: nodes('a#0 b#0') }] }
  expect(readHosts(written(['a:1', 'b:1']))).toEqual(old)
  expect(readHosts(written([{ census: 1, hosts: ['a:1', 'b:1'] }]))).toEqual(old)
  expect(readHosts(written([{ census: 7, hosts: ['a:1'], isLate: true }]))).toEqual({
    diskSince: 0,
    records: [{ census: 7, hosts: nodes('a#0'), isLate: true }],
  })
  expect(readHosts(written([]))).toEqual({ diskSince: 0, records: [] })
})

test('what was written is read again, and what cannot be read is not passed over', () => {
  const now = {
    diskSince: 5,
    records: [{ census: 1, hosts: nodes('a#7'), isLate: true, namesAll: true }],
  }
  expect(readHosts(writeHosts(now))).toEqual(now)
  for (const value of [
    {},
    [{ census: 1, hosts: [], namesAll: 1 }],
    { diskSince: '5', records: [] },
    [{ census: 1 }],
    5,
    [5],
  ]) {
    expect(() => readHosts(written(value))).toThrow('cannot be read')
  }
})
