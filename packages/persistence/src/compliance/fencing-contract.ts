import { describe, expect, test } from 'vitest'
import { all, append, Fixture, snapshot, texts } from './kit.ts'
import { lacks, type JournalSubject } from './subject.ts'

const fenced = { code: 'CASTY_JOURNAL_FENCED', outcome: 'nothing-written' }

export function fencingContract(name: string, subject: JournalSubject): void {
  describe(`${name} fences by the contract`, () => {
    test('of appends that race at one number one is written', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      const racers = Array.from({ length: 16 }, (_, index) => `racer ${index}`)
      const outcomes = await Promise.allSettled(
        racers.map((racer) => append(journal, 'id', 0, [racer, racer])),
      )
      const winners = racers.filter((_, index) => outcomes[index]?.status === 'fulfilled')
      expect(winners).toHaveLength(1)
      expect(await texts(journal, 'id')).toEqual([winners[0], winners[0]])
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(fenced)
      }
    })

    test.skipIf(lacks(subject, 'second-writer'))(
      'of two journals on one store one is written at a number',
      async () => {
        await using fixture = await Fixture.start(subject)
        const journals = [await fixture.open(), await fixture.open()]
        for (let round = 0; round < 20; round++) {
          const outcomes = await Promise.allSettled(
            journals.map((journal, index) => append(journal, 'id', round, [`${index}`])),
          )
          expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
          const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
          for (const journal of journals) {
            expect((await texts(journal, 'id')).at(-1)).toBe(`${winner}`)
          }
        }
      },
    )

    test.skipIf(lacks(subject, 'second-writer'))(
      'a claim in one journal fences writers in another on the same store',
      async () => {
        await using fixture = await Fixture.start(subject)
        const [old, young] = [await fixture.open(), await fixture.open()]
        await append(old, 'id', 0, ['a'], 1)
        expect(await young.claim('id', 2)).toEqual({ sequenceNr: 1, epoch: 2, deletedTo: 0 })
        await expect(append(old, 'id', 1, ['b'], 1)).rejects.toMatchObject(fenced)
        await expect(old.claim('id', 1)).rejects.toMatchObject(fenced)
        await append(young, 'id', 1, ['c'], 2)
        expect(await texts(old, 'id')).toEqual(['a', 'c'])
        expect(await old.highest('id')).toEqual({ sequenceNr: 2, epoch: 2, deletedTo: 0 })
      },
    )

    test('a writer that does not know the last event is told how far events go', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, ['a', 'b'], 4)
      const head = { sequenceNr: 2, epoch: 4, deletedTo: 0 }
      await expect(append(journal, 'id', 1, ['c'], 4)).rejects.toMatchObject({ ...fenced, head })
      await expect(append(journal, 'id', 3, ['c'], 4)).rejects.toMatchObject({ ...fenced, head })
      expect(await texts(journal, 'id')).toEqual(['a', 'b'])
    })

    test('a higher epoch fences lower ones for ever, and its own goes on', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, ['a'], 1)
      await append(journal, 'id', 1, ['b'], 5)
      const head = { sequenceNr: 2, epoch: 5, deletedTo: 0 }
      await expect(append(journal, 'id', 2, ['c'], 1)).rejects.toMatchObject({ ...fenced, head })
      await expect(append(journal, 'id', 2, ['c'], 4)).rejects.toMatchObject({ ...fenced, head })
      await append(journal, 'id', 2, ['c'], 5)
      const again = await fixture.reopen()
      await expect(append(again, 'id', 3, ['d'], 4)).rejects.toMatchObject(fenced)
      await append(again, 'id', 3, ['d'], 5)
      expect(await texts(again, 'id')).toEqual(['a', 'b', 'c', 'd'])
    })

    test('an append that is refused for its number leaves the epoch as it was', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, ['a'], 1)
      await expect(append(journal, 'id', 0, ['b'], 9)).rejects.toMatchObject(fenced)
      await append(journal, 'id', 1, ['b'], 1)
      expect(await journal.highest('id')).toEqual({ sequenceNr: 2, epoch: 1, deletedTo: 0 })
    })

    test('an empty append with a higher epoch fences', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, [], 2)
      await expect(append(journal, 'id', 0, ['a'], 1)).rejects.toMatchObject(fenced)
      const again = await fixture.reopen()
      await expect(append(again, 'id', 0, ['a'], 1)).rejects.toMatchObject(fenced)
    })

    test('of claims that race, the highest has it in the end', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, ['a'], 1)
      const claims = await Promise.allSettled(
        [3, 5, 2, 4].map((epoch) => journal.claim('id', epoch)),
      )
      for (const claim of claims) {
        if (claim.status === 'rejected') expect(claim.reason).toMatchObject(fenced)
      }
      expect(await journal.highest('id')).toEqual({ sequenceNr: 1, epoch: 5, deletedTo: 0 })
      await expect(append(journal, 'id', 1, ['b'], 4)).rejects.toMatchObject(fenced)
      await append(journal, 'id', 1, ['b'], 5)
    })

    test('a claim fences those before it, also when the journal is opened again', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, ['a'], 1)
      expect(await journal.claim('id', 7)).toEqual({ sequenceNr: 1, epoch: 7, deletedTo: 0 })
      await expect(append(journal, 'id', 1, ['b'], 6)).rejects.toMatchObject(fenced)
      const again = await fixture.reopen()
      expect(await again.highest('id')).toEqual({ sequenceNr: 1, epoch: 7, deletedTo: 0 })
      await expect(append(again, 'id', 1, ['b'], 6)).rejects.toMatchObject(fenced)
    })

    test('a claim of an epoch succeeds again, and of a lower one never', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await journal.claim('id', 3)
      expect((await journal.claim('id', 3)).epoch).toBe(3)
      await expect(journal.claim('id', 2)).rejects.toMatchObject(fenced)
      expect((await journal.highest('id')).epoch).toBe(3)
    })

    test('an id that is only claimed is not listed', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await journal.claim('id', 1)
      expect(await all(journal.ids())).toEqual([])
      expect((await journal.highest('id')).epoch).toBe(1)
    })

    test('deletions and snapshots of a fenced writer are refused', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, ['a', 'b'], 1)
      await journal.saveSnapshot('id', snapshot(1, 'one'), { epoch: 1 })
      await journal.claim('id', 2)
      const old = { epoch: 1 }
      await expect(journal.deleteEvents('id', 1, old)).rejects.toMatchObject(fenced)
      await expect(journal.deleteSnapshots('id', 1, old)).rejects.toMatchObject(fenced)
      await expect(journal.saveSnapshot('id', snapshot(2, 'x'), old)).rejects.toMatchObject(fenced)
      expect(await texts(journal, 'id')).toEqual(['a', 'b'])
      expect((await journal.latestSnapshot('id'))?.sequenceNr).toBe(1)
    })

    test('epochs of one id are nothing to another', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await journal.claim('id', 9)
      await append(journal, 'id2', 0, ['a'], 1)
      expect(await texts(journal, 'id2')).toEqual(['a'])
    })
  })
}
