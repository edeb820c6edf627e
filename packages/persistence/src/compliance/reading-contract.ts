import { describe, expect, test } from 'vitest'
import { all, append, Fixture, readUntilError, snapshot, textOf, texts } from './kit.ts'
import type { JournalSubject } from './subject.ts'

const numbers = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`)

export function readingContract(name: string, subject: JournalSubject): void {
  describe(`${name} reads and deletes by the contract`, () => {
    test('any part of the events can be read', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, numbers(1, 10))
      expect(await texts(journal, 'id', { fromSequenceNr: 4 })).toEqual(numbers(4, 10))
      expect(await texts(journal, 'id', { toSequenceNr: 4 })).toEqual(numbers(1, 4))
      expect(await texts(journal, 'id', { fromSequenceNr: 4, toSequenceNr: 4 })).toEqual(['4'])
      expect(await texts(journal, 'id', { fromSequenceNr: 5, toSequenceNr: 4 })).toEqual([])
      expect(await texts(journal, 'id', { fromSequenceNr: 11 })).toEqual([])
      expect(await texts(journal, 'id', { fromSequenceNr: 5_000 })).toEqual([])
    })

    test('events that are appended meanwhile are read in order, without a hole', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, numbers(1, 600))
      const read: string[] = []
      for await (const event of journal.events('id')) {
        read.push(textOf(event))
        expect(event.sequenceNr).toBe(read.length)
        if (read.length === 3) await append(journal, 'id', 600, numbers(601, 900))
        if (read.length === 590) await append(journal, 'id', 900, numbers(901, 910))
      }
      expect(read.length).toBeGreaterThanOrEqual(900)
      expect(read).toEqual(numbers(1, read.length))
    })

    test('whoever reads slowly, or never to the end, holds nobody up', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, numbers(1, 500))
      const slow = Array.from({ length: 8 }, () => journal.events('id')[Symbol.asyncIterator]())
      for (const one of slow) expect((await one.next()).value?.sequenceNr).toBe(1)
      await append(journal, 'id', 500, ['501'])
      expect(await texts(journal, 'id')).toEqual(numbers(1, 501))
      for (const one of slow) {
        expect((await one.next()).value?.sequenceNr).toBe(2)
        await one.return?.()
      }
    })

    test('several read at once, each at its own pace', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, numbers(1, 300))
      const both = await Promise.all([texts(journal, 'id'), texts(journal, 'id')])
      expect(both).toEqual([numbers(1, 300), numbers(1, 300)])
    })

    test('whoever leaves the loop can read and write on', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, numbers(1, 300))
      for (let round = 0; round < 20; round++) {
        for await (const event of journal.events('id')) {
          if (event.sequenceNr === 2) break
        }
      }
      await append(journal, 'id', 300, ['301'])
      expect(await texts(journal, 'id')).toEqual(numbers(1, 301))
    })

    test('reading with an aborted signal rejects with its reason', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, numbers(1, 600))
      const reason = new Error('changed my mind')
      const abort = new AbortController()
      let count = 0
      const reading = (async () => {
        for await (const _event of journal.events('id', { signal: abort.signal })) {
          if (++count === 5) abort.abort(reason)
        }
      })()
      await expect(reading).rejects.toBe(reason)
      await expect(all(journal.ids({ signal: abort.signal }))).rejects.toBe(reason)
      expect(await texts(journal, 'id')).toHaveLength(600)
    })

    test('deleted events cannot be read, and those after them can', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, numbers(1, 5))
      await journal.deleteEvents('id', 3)
      await journal.deleteEvents('id', 2)
      expect(await journal.highest('id')).toEqual({ sequenceNr: 5, epoch: 1, deletedTo: 3 })
      expect(await texts(journal, 'id', { fromSequenceNr: 4 })).toEqual(['4', '5'])
      const tooEarly = await readUntilError(journal.events('id', { fromSequenceNr: 3 }))
      expect(tooEarly.read).toEqual([])
      expect(tooEarly.error).toMatchObject({ code: 'CASTY_JOURNAL_DELETED' })
    })

    test('a reader whose events are deleted before it never skips them', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, numbers(1, 2_000))
      const read: number[] = []
      const reading = (async () => {
        for await (const event of journal.events('id')) {
          read.push(event.sequenceNr)
          if (read.length === 1) await journal.deleteEvents('id', 1_990)
        }
      })()
      // It may have some of them in memory already: all of them, or an error.
      const [outcome] = await Promise.allSettled([reading])
      expect(read).toEqual(numbers(1, read.length).map(Number))
      if (outcome.status === 'rejected') {
        expect(outcome.reason).toMatchObject({ code: 'CASTY_JOURNAL_DELETED' })
      } else expect(read).toHaveLength(2_000)
    })

    test('numbers are never given out again, however much is deleted', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, ['a', 'b'], 3)
      await journal.deleteEvents('id', 2)
      const again = await fixture.reopen()
      expect(await again.highest('id')).toEqual({ sequenceNr: 2, epoch: 3, deletedTo: 2 })
      expect(await all(again.ids())).toEqual([])
      await expect(append(again, 'id', 0, ['c'], 3)).rejects.toMatchObject({
        code: 'CASTY_JOURNAL_FENCED',
      })
      await append(again, 'id', 2, ['c'], 3)
      const [event] = await all(again.events('id', { fromSequenceNr: 3 }))
      expect(event?.sequenceNr).toBe(3)
    })

    test('the latest snapshot is found, or the latest up to a number', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, numbers(1, 10))
      for (const at of [4, 8, 2]) await journal.saveSnapshot('id', snapshot(at, `up to ${at}`))
      expect(await journal.latestSnapshot('id')).toEqual(snapshot(8, 'up to 8'))
      expect(await journal.latestSnapshot('id', 7)).toEqual(snapshot(4, 'up to 4'))
      expect(await journal.latestSnapshot('id', 4)).toEqual(snapshot(4, 'up to 4'))
      expect(await journal.latestSnapshot('id', 1)).toBeUndefined()
      expect(await journal.latestSnapshot('id2')).toBeUndefined()
    })

    test('a snapshot of the same number is replaced', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, ['a'])
      await journal.saveSnapshot('id', snapshot(1, 'first'))
      await journal.saveSnapshot('id', snapshot(1, 'second'))
      expect(await journal.latestSnapshot('id')).toEqual(snapshot(1, 'second'))
    })

    test('snapshots are deleted up to a number, and outlive their events', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, numbers(1, 10))
      for (const at of [2, 4, 8]) await journal.saveSnapshot('id', snapshot(at, `up to ${at}`))
      await journal.deleteSnapshots('id', 4)
      await journal.deleteEvents('id', 10)
      const again = await fixture.reopen()
      expect(await again.latestSnapshot('id', 7)).toBeUndefined()
      expect(await again.latestSnapshot('id')).toEqual(snapshot(8, 'up to 8'))
      expect(await all(again.ids())).toEqual(['id'])
      await again.deleteSnapshots('id', 10)
      expect(await again.latestSnapshot('id')).toBeUndefined()
    })

    test('many ids are listed, each once', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      const ids = Array.from({ length: 300 }, (_, index) => `id-${index}`)
      await Promise.all(ids.map((id) => append(journal, id, 0, ['a', 'b'])))
      expect((await all(journal.ids())).toSorted()).toEqual(ids.toSorted())
    })
  })
}
