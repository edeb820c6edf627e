import { ManualClock } from '@casty/clock'
import {
  inMemoryJournal,
  isJournalError,
  JournalError,
  journalLimitDefaults,
  type EventJournal,
  type JournalFault,
} from '@casty/persistence'
import { expect, test } from 'vitest'

const bytes = (size: number): Uint8Array => new Uint8Array(size)

async function append(journal: EventJournal, expectedSequenceNr: number, size = 10): Promise<void> {
  const events = [{ manifest: 'a', version: 1, timestamp: 0, bytes: bytes(size) }]
  await journal.append('id', { epoch: 1, expectedSequenceNr, events })
}

async function count(journal: EventJournal, signal?: AbortSignal): Promise<number> {
  let events = 0
  for await (const _event of journal.events('id', signal ? { signal } : {})) events++
  return events
}

test('it holds no more than it may, and has room again when events are deleted', async () => {
  const journal = inMemoryJournal({ maxBytes: 2_500 })
  await append(journal, 0, 1_000)
  await append(journal, 1, 1_000)
  await expect(append(journal, 2, 1_000)).rejects.toMatchObject({ code: 'CASTY_JOURNAL_FULL' })
  await journal.deleteEvents('id', 1)
  await append(journal, 2, 1_000)
  expect((await journal.highest('id')).sequenceNr).toBe(3)
})

test('snapshots take room as well, and one that is replaced gives its own back', async () => {
  const journal = inMemoryJournal({ maxBytes: 2_500 })
  await append(journal, 0)
  const snapshot = { manifest: 's', version: 1, timestamp: 0, sequenceNr: 1, bytes: bytes(1_900) }
  await journal.saveSnapshot('id', snapshot)
  await journal.saveSnapshot('id', snapshot)
  await expect(append(journal, 1, 500)).rejects.toMatchObject({ code: 'CASTY_JOURNAL_FULL' })
  await journal.deleteSnapshots('id', 1)
  await append(journal, 1, 500)
})

test.each<{ readonly fault: JournalFault; readonly outcome: string; readonly written: number }>([
  { fault: { type: 'refused' }, outcome: 'nothing-written', written: 0 },
  { fault: { type: 'full' }, outcome: 'nothing-written', written: 0 },
  { fault: { type: 'lost', carriedOut: true }, outcome: 'unknown', written: 1 },
  { fault: { type: 'lost', carriedOut: false }, outcome: 'unknown', written: 0 },
])('a programmed fault is that of one request: $fault', async ({ fault, outcome, written }) => {
  const journal = inMemoryJournal()
  journal.fail(fault, { operation: 'append', id: 'id' })
  await expect(append(journal, 0)).rejects.toMatchObject({ outcome })
  expect((await journal.highest('id')).sequenceNr).toBe(written)
  await append(journal, written)
  expect(journal.waitingFaults).toBe(0)
})

test('a fault waits for its operation, its id and its turn', async () => {
  const journal = inMemoryJournal()
  journal.fail({ type: 'refused' }, { operation: 'append', after: 1 })
  journal.fail({ type: 'refused' }, { operation: 'highest', id: 'other' })
  await append(journal, 0)
  await journal.highest('id')
  expect(journal.waitingFaults).toBe(2)
  await expect(append(journal, 1)).rejects.toMatchObject({ code: 'CASTY_JOURNAL_UNAVAILABLE' })
  journal.heal()
  await journal.highest('other')
  expect(journal.waitingFaults).toBe(0)
})

test('a request that is delayed is carried out then, and not before', async () => {
  const clock = new ManualClock()
  const journal = inMemoryJournal({ clock })
  journal.fail({ type: 'delayed', byMs: 1_000 }, { operation: 'append' })
  const appended = append(journal, 0)
  await clock.advanceAsync(999)
  expect(await count(journal)).toBe(0)
  await clock.advanceAsync(1)
  await appended
  expect(await count(journal)).toBe(1)
})

test('a reading that is not answered ends with its signal', async () => {
  const journal = inMemoryJournal()
  await append(journal, 0)
  journal.fail({ type: 'silent', carriedOut: true }, { operation: 'event' })
  const abort = new AbortController()
  const counting = count(journal, abort.signal)
  const reason = new Error('waited long enough')
  abort.abort(reason)
  await expect(counting).rejects.toBe(reason)
})

test('closing ends what is not answered, and says that its outcome is not known', async () => {
  const journal = inMemoryJournal()
  journal.fail({ type: 'silent', carriedOut: true }, { operation: 'append' })
  const appended = append(journal, 0)
  const told = expect(appended).rejects.toMatchObject({
    code: 'CASTY_JOURNAL_CLOSED',
    outcome: 'unknown',
  })
  await Promise.resolve()
  await Promise.resolve()
  await journal[Symbol.asyncDispose]()
  await told
  expect(await count(journal.open())).toBe(1)
})

test('a crash keeps what was carried out, and answers nobody', async () => {
  const clock = new ManualClock()
  const journal = inMemoryJournal({ clock })
  await append(journal, 0)
  journal.fail({ type: 'delayed', byMs: 10 }, { operation: 'append' })
  let isAnswered = false
  const answered = (): void => {
    isAnswered = true
  }
  void append(journal, 1).then(answered, answered)
  journal.crash()
  void append(journal, 1).then(answered, answered)
  await clock.advanceAsync(1_000)
  expect(isAnswered).toBe(false)
  expect(await count(journal.open())).toBe(1)
  await journal[Symbol.asyncDispose]()
})

test.each([
  { what: 'maxBytes', options: { maxBytes: -1 } },
  { what: 'limits.maxIdBytes', options: { limits: { maxIdBytes: 0 } } },
  { what: 'limits.maxBatchEvents', options: { limits: { maxBatchEvents: 1.5 } } },
  { what: 'maxBatch', options: { limits: { maxBatch: 1 } } },
])('a wrong option is refused by its name: $what', ({ what, options }) => {
  expect(() => inMemoryJournal(options)).toThrow(
    expect.objectContaining({
      code: 'CASTY_JOURNAL_INVALID',
      message: expect.stringContaining(what),
    }),
  )
})

test('limits are those of the options, and else those that all journals have', () => {
  const { limits } = inMemoryJournal({ limits: { maxIdBytes: 9 } })
  expect(limits).toEqual({ ...journalLimitDefaults, maxIdBytes: 9 })
})

test.each([
  JournalError.closed('append'),
  JournalError.damaged('id', 'a reason'),
  JournalError.deleted('id', 1, 2),
  JournalError.fencedByNumber('id', 1, { sequenceNr: 2, epoch: 1, deletedTo: 0 }),
  JournalError.full('append'),
  JournalError.invalid('epoch', -1, 'from 0'),
  JournalError.tooLarge('A batch', 3, 'maxBatchEvents', 2),
  JournalError.unavailable('append', 'unknown'),
])('an error of a journal is known by its code: $code', (error) => {
  expect(isJournalError(error)).toBe(true)
  const ofAnotherVersion = Object.assign(new Error(error.message), { code: error.code })
  expect(isJournalError(ofAnotherVersion)).toBe(true)
  expect(isJournalError(Object.assign(new Error('other'), { code: 'ENOSPC' }))).toBe(false)
})
