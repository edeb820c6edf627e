import { describe, expect, test } from 'vitest'
import type { EventJournal } from '../journal/event-journal.ts'
import { all, append, Fixture, record, texts } from './kit.ts'
import type { JournalSubject } from './subject.ts'

/** Each of them is another id, however alike they look. */
const oddIds: readonly string[] = [
  'a',
  'A',
  'a ',
  ' a',
  'a/b',
  'a\\b',
  '../a',
  '.',
  '..',
  '*',
  '%',
  '%41',
  'a_',
  'a\u0000b',
  'a\nb',
  "'; DROP TABLE events; --",
  '"a"',
  '$1',
  '\u00e9',
  'e\u0301',
  '\u65e5\u672c\u8a9e',
  '\u{1f9ea}',
  '__proto__',
  'constructor',
  'CON',
  'x'.repeat(255),
  'x'.repeat(256),
]

/** As a Buffer does. */
class Sharing extends Uint8Array<ArrayBuffer> {
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end)
  }
}

export function appendContract(name: string, subject: JournalSubject): void {
  describe(`${name} appends by the contract`, () => {
    test('events come back as they were written, numbered from 1', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      const first = { manifest: 'a', version: 0, timestamp: 0, bytes: Uint8Array.of(0, 255, 10) }
      const second = {
        manifest: '',
        version: 7,
        timestamp: 1_700_000_000_001,
        bytes: new Uint8Array(),
      }
      await journal.append('id', { epoch: 3, expectedSequenceNr: 0, events: [first, second] })
      expect(await all(journal.events('id'))).toEqual([
        { ...first, sequenceNr: 1, epoch: 3 },
        { ...second, sequenceNr: 2, epoch: 3 },
      ])
    })

    test('an id that nobody wrote has no events, no snapshot and a head of zeros', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      expect(await journal.highest('id')).toEqual({ sequenceNr: 0, epoch: 0, deletedTo: 0 })
      expect(await all(journal.events('id'))).toEqual([])
      expect(await journal.latestSnapshot('id')).toBeUndefined()
      expect(await all(journal.ids())).toEqual([])
    })

    test.each([
      ['bytes', Uint8Array.of(1)],
      ['bytes that share what is sliced from them', Sharing.of(1)],
    ])('what the caller does to its %s later changes nothing', async (_, bytes) => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      const request = { epoch: 1, expectedSequenceNr: 0, events: [{ ...record(''), bytes }] }
      const appended = journal.append('id', request)
      bytes[0] = 2
      await appended
      const [read] = await all(journal.events('id'))
      read?.bytes.fill(3)
      expect((await all(journal.events('id')))[0]?.bytes).toEqual(Uint8Array.of(1))
    })

    test('an empty batch writes nothing, and is checked like others', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, ['a'])
      await append(journal, 'id', 1, [])
      await expect(append(journal, 'id', 0, [])).rejects.toMatchObject({
        code: 'CASTY_JOURNAL_FENCED',
      })
      expect(await texts(journal, 'id')).toEqual(['a'])
    })

    test('a batch of many events keeps their order', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      const many = Array.from({ length: 2_000 }, (_, index) => `event ${index}`)
      await append(journal, 'id', 0, many)
      expect(await texts(journal, 'id')).toEqual(many)
    })

    test('a large event comes back whole', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      const size = Math.min(journal.limits.maxRecordBytes, 1_000_000)
      const bytes = new Uint8Array(size).map((_, index) => index % 251)
      const events = [{ ...record(''), bytes }]
      await journal.append('id', { epoch: 1, expectedSequenceNr: 0, events })
      const [read] = await all(journal.events('id'))
      expect(read?.bytes).toEqual(bytes)
    })

    test('each id is a sequence of its own, however odd its letters', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      for (const [index, id] of oddIds.entries()) await append(journal, id, 0, [`${index}`])
      for (const id of oddIds) await append(journal, id, 1, [id])
      for (const [index, id] of oddIds.entries()) {
        expect(await texts(journal, id)).toEqual([`${index}`, id])
      }
      expect((await all(journal.ids())).toSorted()).toEqual(oddIds.toSorted())
    })

    test('many ids are written at once', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      const ids = Array.from({ length: 64 }, (_, index) => `id-${index}`)
      for (const round of [0, 1, 2]) {
        await Promise.all(ids.map((id) => append(journal, id, round, [`${id} ${round}`])))
      }
      for (const id of ids) {
        expect(await texts(journal, id)).toEqual([0, 1, 2].map((round) => `${id} ${round}`))
      }
    })

    test('a batch is written whole or not at all, also for those who read meanwhile', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      const appended = append(journal, 'id', 0, ['a', 'b', 'c'])
      const seen = await texts(journal, 'id')
      expect([0, 3]).toContain(seen.length)
      await appended
      expect(await texts(journal, 'id')).toEqual(['a', 'b', 'c'])
    })

    test('one event too large keeps its whole batch out', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      const bytes = new Uint8Array(journal.limits.maxRecordBytes + 1)
      const events = [record('a'), { ...record(''), bytes }]
      const appended = journal.append('id', { epoch: 1, expectedSequenceNr: 0, events })
      await expect(appended).rejects.toMatchObject({
        code: 'CASTY_JOURNAL_TOO_LARGE',
        outcome: 'nothing-written',
      })
      expect(await texts(journal, 'id')).toEqual([])
      await append(journal, 'id', 0, ['b'])
    })

    test('a batch of too many events is refused', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      const batch = Array.from({ length: journal.limits.maxBatchEvents + 1 }, () => '')
      await expect(append(journal, 'id', 0, batch)).rejects.toMatchObject({
        code: 'CASTY_JOURNAL_TOO_LARGE',
      })
    })

    test('an id that is too long is refused', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      const longest = '\u00e9'.repeat(Math.floor(journal.limits.maxIdBytes / 2))
      await append(journal, longest, 0, ['a'])
      await expect(append(journal, `${longest}\u00e9`, 0, ['a'])).rejects.toMatchObject({
        code: 'CASTY_JOURNAL_TOO_LARGE',
      })
    })

    test.each(invalidCalls)('$what is refused', async ({ call }) => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await expect(call(journal)).rejects.toMatchObject({ code: 'CASTY_JOURNAL_INVALID' })
      expect(await all(journal.ids())).toEqual([])
    })

    test('a journal that is closed says so, and can be closed twice', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, ['a'])
      await journal[Symbol.asyncDispose]()
      await journal[Symbol.asyncDispose]()
      const closed = { code: 'CASTY_JOURNAL_CLOSED' }
      await expect(append(journal, 'id', 1, ['b'])).rejects.toMatchObject(closed)
      await expect(journal.highest('id')).rejects.toMatchObject(closed)
      await expect(texts(journal, 'id')).rejects.toMatchObject(closed)
      await expect(all(journal.ids())).rejects.toMatchObject(closed)
    })

    test('closing waits for what is under way, and keeps it', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      const appended = append(journal, 'id', 0, ['a'])
      await journal[Symbol.asyncDispose]()
      await appended
      expect(await texts(await fixture.open(), 'id')).toEqual(['a'])
    })
  })
}

const invalidCalls: readonly {
  readonly what: string
  readonly call: (journal: EventJournal) => Promise<unknown>
}[] = [
  { what: 'an empty id', call: (journal) => append(journal, '', 0, ['a']) },
  { what: 'half a surrogate pair', call: (journal) => append(journal, 'a\ud800', 0, ['a']) },
  { what: 'a negative number', call: (journal) => append(journal, 'id', -1, ['a']) },
  { what: 'a number that is none', call: (journal) => append(journal, 'id', Number.NaN, ['a']) },
  { what: 'a fraction of an epoch', call: (journal) => append(journal, 'id', 0, ['a'], 0.5) },
  { what: 'a negative claim', call: (journal) => journal.claim('id', -1) },
  { what: 'reading from 0', call: (journal) => texts(journal, 'id', { fromSequenceNr: 0 }) },
  { what: 'deleting what never was', call: (journal) => journal.deleteEvents('id', 1) },
  {
    what: 'a snapshot of what never was',
    call: (journal) => journal.saveSnapshot('id', { ...record('s'), sequenceNr: 1 }),
  },
  {
    what: 'a version that is none',
    call: (journal) =>
      journal.append('id', {
        epoch: 1,
        expectedSequenceNr: 0,
        events: [{ ...record('a'), version: -1 }],
      }),
  },
]
