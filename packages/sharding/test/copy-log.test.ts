// Copies of one shard in a journal of their node.
import { ManualClock } from '@casty/clock'
import { inMemoryJournal, type InMemoryJournal } from '@casty/persistence'
import { expect, test } from 'vitest'
import { ShardCopies } from '../src/replication/copies.ts'
import { CopyRoom } from '../src/replication/copy-room.ts'
import { CopyLog } from '../src/replication/copy-log.ts'
import { atEndOfTurn } from '../src/replication/end-of-turn.ts'
import type { ReplicatedEntry } from '../src/replication/messages.ts'

const id = 'casty-copies/t/3'

class Disk {
  readonly clock = new ManualClock()
  readonly journal: InMemoryJournal
  readonly failures: string[] = []
  readonly sharedBy: string[] = []

  constructor(maxRecordBytes = 1_000_000) {
    this.journal = inMemoryJournal({ clock: this.clock, limits: { maxRecordBytes } })
  }

  /** A process begins: what there is is read. */
  async open(journal = this.journal.open()): Promise<Opened> {
    const copies = new ShardCopies(new CopyRoom(1_000_000_000))
    const log = new CopyLog(journal, id, copies, {
      wallNow: () => this.clock.wallNow(),
      atEndOfTurn,
      schedule: (delayMs, callback) => this.clock.schedule(delayMs, callback),
      failed: (error) => this.failures.push(String(error)),
      shared: (error) => this.sharedBy.push(String(error)),
    })
    await log.load()
    return { copies, log, journal }
  }
}

interface Opened {
  readonly copies: ShardCopies
  readonly log: CopyLog
  readonly journal: InMemoryJournal
}

/** As the owner, or a replica, does: first to what is in memory, then to the log. */
function write(
  { copies, log }: Opened,
  entity: string,
  value: string | Uint8Array,
  stored: () => void = () => {},
): void {
  const previous = copies.version(entity)
  const version = { epoch: 5, count: previous.count + 1 }
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
  const expectedSequenceNr = copies.find(entity)?.head.sequenceNr ?? 0
  const operation = {
    type: 'append' as const,
    epoch: 5,
    expectedSequenceNr,
    events: [{ manifest: 'text', version: 0, timestamp: 0, bytes }],
  }
  copies.apply(entity, operation, version)
  const entry: ReplicatedEntry = { id: entity, previous, version, operation }
  log.writeEntries([entry], stored)
}

/** All events of it but the last. */
function deleteOlder({ copies, log }: Opened, entity: string): void {
  const previous = copies.version(entity)
  const version = { epoch: 5, count: previous.count + 1 }
  const toSequenceNr = copies.find(entity)?.head.sequenceNr ?? 0
  const operation = { type: 'delete-events' as const, epoch: 5, toSequenceNr: toSequenceNr - 1 }
  copies.apply(entity, operation, version)
  log.writeEntries([{ id: entity, previous, version, operation }], () => {})
}

async function stored({ log }: Opened): Promise<boolean> {
  return await new Promise((resolve) => log.whenStored(resolve))
}

function contentOf({ copies }: Opened): ReadonlyMap<string, unknown> {
  return new Map(
    [...copies.ids()]
      .toSorted()
      .map((entity) => [entity, copies.find(entity)?.piece(0, Number.MAX_SAFE_INTEGER)]),
  )
}

test('what was stored is there for the next process', async () => {
  const disk = new Disk()
  const opened = await disk.open()
  for (let count = 0; count < 50; count++) write(opened, `e${count % 7}`, `value ${count}`)
  expect(await stored(opened)).toBe(true)
  const next = await disk.open()
  expect(contentOf(next)).toEqual(contentOf(opened))
  expect(next.copies.count).toBe(7)
})

test('what is handed over in one turn is one append', async () => {
  const disk = new Disk()
  const opened = await disk.open()
  let appends = 0
  const { journal } = opened
  const append = journal.append.bind(journal)
  journal.append = async (...request) => {
    appends++
    await append(...request)
  }
  for (let count = 0; count < 500; count++) write(opened, `e${count}`, 'x')
  await stored(opened)
  expect(appends).toBe(1)
})

test('a write that failed is made again, whether or not something was written', async () => {
  const disk = new Disk()
  const opened = await disk.open()
  write(opened, 'a', 'first')
  await stored(opened)
  const faults = [
    { type: 'refused' },
    { type: 'full' },
    { type: 'lost', carriedOut: true },
    { type: 'lost', carriedOut: false },
  ] as const
  for (const fault of faults) {
    disk.journal.fail(fault, { operation: 'append' })
    let isStored = false
    write(opened, 'a', fault.type, () => (isStored = true))
    await disk.clock.advanceAsync(0)
    expect(isStored).toBe(false)
    expect(await stored(opened)).toBe(false)
    await disk.clock.advanceAsync(10_000)
    expect(isStored).toBe(true)
  }
  expect(disk.failures).toHaveLength(faults.length)
  expect(contentOf(await disk.open())).toEqual(contentOf(opened))
})

test('what was forgotten stays away, and what comes after it is kept', async () => {
  const disk = new Disk()
  const opened = await disk.open()
  write(opened, 'a', 'x')
  await stored(opened)
  opened.copies.forget()
  opened.log.forget()
  write(opened, 'b', 'y')
  await stored(opened)
  const next = await disk.open()
  expect([...next.copies.ids()]).toEqual(['b'])
  expect(contentOf(next)).toEqual(contentOf(opened))
})

test('a journal does not grow without end: copies are written anew, and what was before goes', async () => {
  const disk = new Disk()
  const opened = await disk.open()
  const large = new Uint8Array(100_000)
  for (let count = 0; count < 200; count++) {
    write(opened, `e${count % 10}`, large)
    deleteOlder(opened, `e${count % 10}`)
    await stored(opened)
    await disk.clock.advanceAsync(0)
  }
  const { sequenceNr, deletedTo } = await disk.journal.highest(id)
  expect(sequenceNr - deletedTo).toBeLessThan(100)
  expect(contentOf(await disk.open())).toEqual(contentOf(opened))
})

test('what is written while copies are written anew can be read, also by a process that begins right then', async () => {
  const disk = new Disk()
  const opened = await disk.open()
  const large = new Uint8Array(400_000)
  for (let count = 0; count < 30; count++) {
    for (const entity of ['a', 'b', 'c', 'd']) {
      write(opened, entity, large)
      deleteOlder(opened, entity)
    }
    await stored(opened)
  }
  expect((await disk.journal.highest(id)).deletedTo).toBeGreaterThan(0)
  expect(contentOf(await disk.open())).toEqual(contentOf(opened))
})

test('an operation on a version that no record brings is not passed over', async () => {
  const disk = new Disk()
  const opened = await disk.open()
  write(opened, 'a', 'x')
  write(opened, 'a', 'y')
  await stored(opened)
  const { epoch } = await disk.journal.highest(id)
  // As where the journal lost its first records.
  await disk.journal.deleteEvents(id, 1, { epoch })
  await expect(disk.open()).rejects.toThrow('is of another version of a')
})

test('a second process that writes the same journal ends the first one', async () => {
  const disk = new Disk()
  const first = await disk.open()
  const second = await disk.open()
  let isStored = false
  write(first, 'a', 'x', () => (isStored = true))
  expect(await stored(first)).toBe(false)
  expect(isStored).toBe(false)
  expect(disk.sharedBy).toHaveLength(1)
  write(second, 'b', 'y')
  expect(await stored(second)).toBe(true)
})

test('a record that cannot be understood is not passed over', async () => {
  const disk = new Disk()
  const opened = await disk.open()
  write(opened, 'a', 'x')
  await stored(opened)
  const head = await disk.journal.highest(id)
  await disk.journal.append(id, {
    epoch: head.epoch,
    expectedSequenceNr: head.sequenceNr,
    events: [{ manifest: 'unheard-of', version: 0, timestamp: 0, bytes: new Uint8Array() }],
  })
  await expect(disk.open()).rejects.toThrow('unheard-of')
})

test('records from before lineages are of one, and a lineage outlives that all is written anew', async () => {
  const disk = new Disk()
  const opened = await disk.open()
  const { journal } = opened
  const append = journal.append.bind(journal)
  journal.append = async (of, { events, ...rest }) => {
    const before = events.filter(({ manifest }) => manifest !== 'lineage')
    await append(of, { ...rest, events: before })
  }
  write(opened, 'a', 'x')
  await stored(opened)
  expect(await manifestsOf(disk)).toEqual(['operation'])
  const next = await disk.open()
  expect(next.copies.lineage).toEqual({ bornIn: 0, isConfirmed: true })
  next.copies.comeFrom({ bornIn: 7, isConfirmed: true })
  const large = new Uint8Array(400_000)
  for (let count = 0; count < 12; count++) {
    write(next, 'b', large)
    deleteOlder(next, 'b')
    // eslint-disable-next-line no-await-in-loop -- One append after the other.
    await stored(next)
  }
  expect((await disk.journal.highest(id)).deletedTo).toBeGreaterThan(2)
  expect((await disk.open()).copies.lineage).toEqual({ bornIn: 7, isConfirmed: true })
})

async function manifestsOf({ journal }: Disk): Promise<readonly string[]> {
  const manifests: string[] = []
  for await (const { manifest } of journal.events(id)) manifests.push(manifest)
  return manifests
}
