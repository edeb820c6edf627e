// A part written down and read again, with a journal that breaks at any request.
import { inMemoryJournal, type InMemoryJournal, type JournalFault } from '@casty/persistence'
import { expect, test } from 'vitest'
import { PartLog } from '../src/host/part-log.ts'
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

  static async open(journal: InMemoryJournal, epoch: number, pieceBytes = 60): Promise<Writer> {
    const state = new PartState(new MapMachine())
    const log = await PartLog.open(journal, id, epoch, state, { ...settings, pieceBytes })
    return new Writer(log, state, epoch)
  }

  get count(): number {
    return this.state.sessions.find(sessionOf(1))?.begun ?? 0
  }

  async put(): Promise<void> {
    const number = this.count + 1
    const key = Uint8Array.of(number % 7)
    const call = writePut(
      mapCall('put', { shards: 1, maxEntries: 0 }),
      key,
      Uint8Array.of(number),
      0,
    )
    const command = { type: 'call', session: sessionOf(1), number, floor: number - 1, received: [], key: undefined, call: call.finish() } as const // prettier-ignore
    const record = new RecordWriter()
    record.add({ command, at: number })
    this.state.apply(command, number, this.#epoch)
    const save = this.log.isSnapshotDue ? this.log.capture(this.state, 'next record') : undefined
    await this.log.write(record.take(this.#epoch))
    await save?.(() => false)
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
    const plain = await Writer.open(inMemoryJournal(), 1, 1_000)
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
  for (let left = 100; left > 0; left--) await owner.put()
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
