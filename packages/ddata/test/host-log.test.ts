// A part written down and read again, with a journal that breaks at any request.
import { ManualClock } from '@casty/clock'
import { inMemoryJournal, type InMemoryJournal, type JournalFault } from '@casty/persistence'
import { ByteWriter } from '@casty/transport'
import { expect, test } from 'vitest'
import { PartLog, type PartLogSettings } from '../src/host/part-log.ts'
import { mapCall, writePut } from '../src/kinds/map/map-calls.ts'
import { MapMachine } from '../src/kinds/map/map-machine.ts'
import { RecordWriter } from '../src/state/command.ts'
import { PartState } from '../src/state/part-state.ts'
import { savedOf, sessionOf } from './machines-world.ts'

const settings = {
  recordsPerSnapshot: 4,
  bytesPerSnapshot: Infinity,
  growthPerSnapshot: 0,
  pieceBytes: 60,
}
const id = 'part'

/** A part that writes as its host does. What it answered is what was written. */
class Writer {
  readonly state = new PartState(new MapMachine())
  readonly log: PartLog
  readonly #epoch: number

  private constructor(log: PartLog, state: PartState, epoch: number) {
    this.log = log
    this.state = state
    this.#epoch = epoch
  }

  static async open(
    journal: InMemoryJournal,
    epoch: number,
    overrides: Partial<PartLogSettings> = {},
  ): Promise<Writer> {
    const state = new PartState(new MapMachine())
    const log = await PartLog.open(journal, id, epoch, state, { ...settings, ...overrides })
    return new Writer(log, state, epoch)
  }

  get count(): number {
    return this.state.sessions.find(sessionOf(1))?.begun ?? 0
  }

  async put(bytes = 1): Promise<void> {
    const number = this.count + 1
    const key = Uint8Array.of(number % 7)
    const call = writePut(
      mapCall('put', { shards: 1, maxEntries: 0 }),
      key,
      new Uint8Array(bytes).fill(number),
      0,
    )
    const command = { type: 'call', session: sessionOf(1), number, floor: number - 1, received: [], key: undefined, call: call.finish() } as const // prettier-ignore
    const record = new RecordWriter()
    record.add({ command, at: number })
    this.state.apply(command, number, this.#epoch)
    const save = this.log.isSnapshotDue() ? this.log.capture(this.state, 1) : undefined
    await this.log.write(record.take(this.#epoch))
    await save?.(() => false)
  }

  /** One after the other. */
  async putMany(count: number): Promise<void> {
    for (let left = count; left > 0; left--) await this.put()
  }

  /** @returns whether it was worth it */
  async compact(): Promise<boolean> {
    const save = this.log.compact(this.state)
    await save?.(() => false)
    return save !== undefined
  }
}

const faults: readonly JournalFault[] = [
  { type: 'refused' },
  { type: 'lost', carriedOut: true },
  { type: 'lost', carriedOut: false },
]

test.each(faults)('whoever goes on has all that was answered, at whichever append it broke (%o)', async (fault) => {
  for (let after = 0; after < 24; after++) {
    const journal = inMemoryJournal()
    const first = await Writer.open(journal, 1)
    journal.fail(fault, { operation: 'append', after })
    let answered = 0
    try {
      while (answered < 14) {
        await first.put()
        answered += 1
      }
    } catch {
      answered = Math.max(answered, 0)
    }
    journal.heal()
    const next = await Writer.open(journal, 2)
    expect(next.count).toBeGreaterThanOrEqual(answered)
    expect(next.count).toBeLessThanOrEqual(answered + 1)
    const plain = await Writer.open(inMemoryJournal(), 1, { pieceBytes: 1_000 })
    while (plain.count < next.count) await plain.put()
    expect(savedOf(next.state).split('\n').slice(1)).toEqual(savedOf(plain.state).split('\n').slice(1))
    // And goes on from there, through some more of what it saves.
    for (let left = 9; left > 0; left--) await next.put()
    const last = await Writer.open(journal, 3)
    expect(savedOf(last.state)).toBe(savedOf(next.state))
  }
}) // prettier-ignore

test.each(faults)('what is saved is saved again later by the same owner (%o)', async (fault) => {
  for (let after = 0; after < 3; after++) {
    const journal = inMemoryJournal()
    const owner = await Writer.open(journal, 1)
    journal.fail(fault, { operation: 'append', id: `${id}#state`, after })
    let broken = 0
    for (let left = 20; left > 0; left--) await owner.put().catch(() => void (broken += 1))
    expect(broken).toBe(1)
    expect((await journal.highest(id)).deletedTo).toBeGreaterThan(12)
    expect((await Writer.open(journal, 2)).count).toBe(20)
  }
})

test('deleting what is saved may break, and nothing is lost', async () => {
  for (let after = 0; after < 4; after++) {
    const journal = inMemoryJournal()
    const owner = await Writer.open(journal, 1)
    journal.fail({ type: 'refused' }, { operation: 'deleteEvents', after })
    for (let left = 20; left > 0; left--) await owner.put().catch(() => {})
    expect(journal.waitingFaults).toBe(0)
    const next = await Writer.open(journal, 2)
    expect(savedOf(next.state)).toBe(savedOf(owner.state))
  }
})

test('the log of a part that is used for long stays short', async () => {
  const journal = inMemoryJournal()
  const owner = await Writer.open(journal, 1)
  await owner.putMany(100)
  const [records, pieces] = [await journal.highest(id), await journal.highest(`${id}#state`)]
  expect(records.sequenceNr - records.deletedTo).toBeLessThan(6)
  expect(pieces.sequenceNr - pieces.deletedTo).toBeLessThan(20)
})

test('who was followed by another one writes nothing any more', async () => {
  const journal = inMemoryJournal()
  const first = await Writer.open(journal, 1)
  for (let left = 3; left > 0; left--) await first.put()
  const second = await Writer.open(journal, 2)
  await expect(first.put()).rejects.toMatchObject({ code: 'CASTY_JOURNAL_FENCED' })
  await expect(Writer.open(journal, 1)).rejects.toMatchObject({ code: 'CASTY_JOURNAL_FENCED' })
  expect((await Writer.open(journal, 3)).count).toBe(second.count)
})

test('a record of a later version keeps a part from beginning', async () => {
  const journal = inMemoryJournal()
  await journal.claim(id, 1)
  const events = [
    { manifest: 'ddata-record', version: 1, timestamp: 0, bytes: Uint8Array.of(9, 0, 0, 0) },
  ]
  await journal.append(id, { epoch: 1, expectedSequenceNr: 0, events })
  await expect(Writer.open(journal, 2)).rejects.toMatchObject({ code: 'CASTY_DDATA_MALFORMED' })
})

/** Only `compact` saves the state. */
const unsaved = { recordsPerSnapshot: Infinity }

test('a record of the life before that comes behind the claim is not carried out twice', async () => {
  const clock = new ManualClock()
  const journal = inMemoryJournal({ clock })
  const first = await Writer.open(journal, 1, unsaved)
  for (let left = 99; left > 0; left--) await first.put()
  journal.fail({ type: 'delayed', byMs: 10 }, { operation: 'append', id })
  const late = first.put()
  journal.fail({ type: 'delayed', byMs: 20 }, { operation: 'events', id })
  const opening = Writer.open(journal, 1, unsaved)
  await clock.advanceAsync(50)
  await late
  const second = await opening
  expect(second.count).toBe(100)
  expect(await second.compact()).toBe(true)
  expect((await journal.highest(id)).deletedTo).toBe(100)
  const third = await Writer.open(journal, 1, unsaved)
  expect(savedOf(third.state)).toBe(savedOf(second.state))
  await second.put()
  expect((await Writer.open(journal, 2)).count).toBe(101)
})

test('what takes little more room than the state is not saved', async () => {
  const journal = inMemoryJournal()
  const owner = await Writer.open(journal, 1, unsaved)
  await owner.putMany(3)
  expect(await owner.compact()).toBe(false)
  await owner.putMany(200)
  expect([await owner.compact(), await owner.compact()]).toEqual([true, false])
  await owner.put()
  expect(await owner.compact()).toBe(false)
  expect((await Writer.open(journal, 2)).count).toBe(204)
})

test('what is longer than what a journal takes is saved in several records', async () => {
  const journal = inMemoryJournal()
  const owner = await Writer.open(journal, 1)
  for (let left = 9; left > 0; left--) await owner.put(1_000)
  const saved = await savedRecords(journal)
  for (const bytes of saved) expect(bytes).toBeLessThanOrEqual(2 * settings.pieceBytes)
  expect(saved.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan(5_000)
  expect(savedOf((await Writer.open(journal, 2)).state)).toBe(savedOf(owner.state))
})

/** How long records are that states were saved in. */
async function savedRecords(journal: InMemoryJournal): Promise<readonly number[]> {
  const lengths: number[] = []
  for (const name of [`${id}#state`, `${id}#state-2`]) {
    const { deletedTo } = await journal.highest(name)
    for await (const { bytes } of journal.events(name, { fromSequenceNr: deletedTo + 1 })) {
      lengths.push(bytes.length)
    }
  }
  return lengths
}

test('nothing is left of states that were not saved to their end', async () => {
  const journal = inMemoryJournal()
  const first = await Writer.open(journal, 1, unsaved)
  for (let left = 100; left > 0; left--) await first.put(300)
  expect(await first.compact()).toBe(true)
  const { length } = await savedRecords(journal)
  for (let epoch = 2; epoch < 7; epoch++) {
    const owner = await Writer.open(journal, epoch, unsaved)
    for (let left = 20; left > 0; left--) await owner.put(300)
    const save = owner.log.capture(owner.state, 0)
    let steps = 0
    await save(() => ++steps > 5) // It is to end.
    expect((await savedRecords(journal)).length).toBeGreaterThan(length)
  }
  const next = await Writer.open(journal, 7, unsaved)
  expect(await savedRecords(journal)).toHaveLength(length)
  // Where one breaks, at once.
  journal.fail({ type: 'refused' }, { operation: 'append', id: `${id}#state-2`, after: 4 })
  journal.fail({ type: 'refused' }, { operation: 'append', id: `${id}#state`, after: 4 })
  await expect(next.compact()).rejects.toMatchObject({ code: 'CASTY_JOURNAL_UNAVAILABLE' })
  journal.heal()
  expect(await savedRecords(journal)).toHaveLength(length)
  // And it is worth another try.
  expect(await next.compact()).toBe(true)
  const last = await Writer.open(journal, 8)
  expect(savedOf(last.state)).toBe(savedOf(next.state))
})

test('an end that comes when what it ends is deleted is none', async () => {
  const journal = inMemoryJournal()
  const owner = await Writer.open(journal, 1, unsaved)
  await owner.putMany(9)
  const end = new ByteWriter(16).varint(1).varint(9).finish()
  const events = [
    { manifest: 'ddata-state', version: 1, timestamp: 0, bytes: new Uint8Array(8) },
    { manifest: 'ddata-state-end', version: 1, timestamp: 0, bytes: end },
  ]
  await journal.append(`${id}#state`, { epoch: 1, expectedSequenceNr: 0, events })
  await journal.deleteEvents(`${id}#state`, 1)
  const next = await Writer.open(journal, 2)
  expect(savedOf(next.state)).toBe(savedOf(owner.state))
})

test('records that are in no state, and missing, keep a part from beginning', async () => {
  const journal = inMemoryJournal()
  const owner = await Writer.open(journal, 1, unsaved)
  await owner.putMany(9)
  await journal.deleteEvents(id, 4)
  await expect(Writer.open(journal, 2)).rejects.toMatchObject({ code: 'CASTY_JOURNAL_DELETED' })
})

test('records that are in a state go when a part begins, where they are still there', async () => {
  const journal = inMemoryJournal()
  const owner = await Writer.open(journal, 1, unsaved)
  await owner.putMany(90)
  journal.fail({ type: 'refused' }, { operation: 'deleteEvents', id })
  await expect(owner.compact()).rejects.toMatchObject({ code: 'CASTY_JOURNAL_UNAVAILABLE' })
  expect((await journal.highest(id)).deletedTo).toBe(0)
  journal.fail({ type: 'refused' }, { operation: 'deleteEvents', id })
  const next = await Writer.open(journal, 2, unsaved)
  expect([next.count, (await journal.highest(id)).deletedTo]).toEqual([90, 0])
  const last = await Writer.open(journal, 3, unsaved)
  expect([last.count, (await journal.highest(id)).deletedTo]).toEqual([90, 90])
})

test('who was to end lets go of nothing that the next one saved under the same epoch', async () => {
  const clock = new ManualClock()
  const journal = inMemoryJournal({ clock })
  const first = await Writer.open(journal, 1, unsaved)
  for (let left = 90; left > 0; left--) await first.put()
  journal.fail({ type: 'refused' }, { operation: 'append', id: `${id}#state`, after: 2 })
  journal.fail({ type: 'delayed', byMs: 50 }, { operation: 'highest', id: `${id}#state` })
  let isOver = false
  const saving = first.log
    .capture(
      first.state,
      0,
    )(() => isOver)
    .catch(() => {})
  await clock.advanceAsync(1)
  isOver = true // A record of it failed meanwhile.
  const second = await Writer.open(journal, 1, unsaved)
  expect(await second.compact()).toBe(true)
  await clock.advanceAsync(100)
  await saving
  expect(savedOf((await Writer.open(journal, 2)).state)).toBe(savedOf(second.state))
})
