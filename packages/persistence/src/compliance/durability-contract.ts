import { seededRandom, type Random } from '@casty/clock'
import { describe, expect, test } from 'vitest'
import type { EventJournal } from '../journal/event-journal.ts'
import { append, Fixture, readUntilError, snapshot, texts } from './kit.ts'
import { lacks, type JournalSubject, seedsOf } from './subject.ts'

export function durabilityContract(name: string, subject: JournalSubject): void {
  describe(`${name} keeps what it acknowledged`, () => {
    test('all is there when it is opened again', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, ['a', 'b'], 2)
      await append(journal, 'other', 0, ['c'], 3)
      await journal.saveSnapshot('id', snapshot(2, 'both'))
      const again = await fixture.reopen()
      expect(await texts(again, 'id')).toEqual(['a', 'b'])
      expect(await texts(again, 'other')).toEqual(['c'])
      expect(await again.latestSnapshot('id')).toEqual(snapshot(2, 'both'))
      expect(await again.highest('id')).toEqual({ sequenceNr: 2, epoch: 2, deletedTo: 0 })
    })

    test.skipIf(lacks(subject, 'crash')).each(seedsOf(subject))(
      'nothing acknowledged is lost or doubled by crashes (seed %i)',
      async (seed) => {
        await using fixture = await Fixture.start(subject)
        const random = seededRandom(seed)
        const writers = ['a', 'b', 'c'].map((id) => new Writer(id, random))
        for (let life = 0; life < 6; life++) {
          const journal = life === 0 ? await fixture.open() : await fixture.crash()
          for (const writer of writers) await writer.recover(journal)
          const rounds = 1 + Math.floor(random() * 4)
          for (let round = 0; round < rounds; round++) {
            await Promise.all(writers.map((writer) => writer.write(journal)))
          }
          // These are under way when the crash comes.
          for (const writer of writers) writer.begin(journal)
          for (let turns = Math.floor(random() * 4); turns > 0; turns--) await Promise.resolve()
        }
        const journal = await fixture.crash()
        for (const writer of writers) await writer.recover(journal)
      },
    )

    test.skipIf(lacks(subject, 'crash'))('a claim outlives a crash', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, ['a'], 1)
      await journal.claim('id', 5)
      const again = await fixture.crash()
      await expect(append(again, 'id', 1, ['b'], 4)).rejects.toMatchObject({
        code: 'CASTY_JOURNAL_FENCED',
      })
    })

    test.skipIf(lacks(subject, 'crash'))('deletions and snapshots outlive a crash', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, ['a', 'b', 'c'])
      await journal.saveSnapshot('id', snapshot(2, 'two'))
      await journal.deleteEvents('id', 2)
      const again = await fixture.crash()
      expect(await again.highest('id')).toEqual({ sequenceNr: 3, epoch: 1, deletedTo: 2 })
      expect(await again.latestSnapshot('id')).toEqual(snapshot(2, 'two'))
      expect(await texts(again, 'id', { fromSequenceNr: 3 })).toEqual(['c'])
    })

    test.skipIf(lacks(subject, 'damage'))(
      'a damaged event is reported, and nothing after it is given out',
      async () => {
        await using fixture = await Fixture.start(subject)
        const journal = await fixture.open()
        await append(journal, 'id', 0, ['a', 'b'])
        await append(journal, 'id', 2, ['c'])
        await append(journal, 'id', 3, ['d', 'e'])
        await fixture.close()
        await fixture.store.damageEvent?.('id', 3)
        const { read, error } = await openAndRead(fixture)
        expect(error).toMatchObject({ code: 'CASTY_JOURNAL_DAMAGED' })
        expect(['a', 'b'].slice(0, read.length)).toEqual(read)
      },
    )

    test.skipIf(lacks(subject, 'damage'))('a damaged snapshot is reported', async () => {
      await using fixture = await Fixture.start(subject)
      const journal = await fixture.open()
      await append(journal, 'id', 0, ['a', 'b'])
      await journal.saveSnapshot('id', snapshot(1, 'one'))
      await journal.saveSnapshot('id', snapshot(2, 'two'))
      await fixture.close()
      await fixture.store.damageSnapshot?.('id', 2)
      const again = await fixture.open()
      await expect(again.latestSnapshot('id')).rejects.toMatchObject({
        code: 'CASTY_JOURNAL_DAMAGED',
        sequenceNr: 2,
      })
      expect(await again.latestSnapshot('id', 1)).toEqual(snapshot(1, 'one'))
      expect(await texts(again, 'id')).toEqual(['a', 'b'])
    })

    test.skipIf(lacks(subject, 'full'))(
      'a full journal says so, loses nothing, and goes on when there is room',
      async () => {
        await using fixture = await Fixture.start(subject)
        const journal = await fixture.open()
        await append(journal, 'id', 0, ['a'])
        await fixture.store.fill?.()
        await expect(append(journal, 'id', 1, ['b', 'c'])).rejects.toMatchObject({
          code: 'CASTY_JOURNAL_FULL',
          outcome: 'nothing-written',
        })
        expect(await texts(journal, 'id')).toEqual(['a'])
        await fixture.store.makeRoom?.()
        await append(journal, 'id', 1, ['d'])
        const again = await fixture.reopen()
        expect(await texts(again, 'id')).toEqual(['a', 'd'])
      },
    )
  })
}

/** A journal may find damage when it opens, or when somebody reads. */
async function openAndRead(fixture: Fixture): ReturnType<typeof readUntilError> {
  try {
    return await readUntilError((await fixture.open()).events('id'))
  } catch (error) {
    return { read: [], error }
  }
}

interface Begun {
  readonly batch: readonly string[]
  isAcknowledged: boolean
}

/** Writes batches to one id, and knows what must be there after a crash, and what may. */
class Writer {
  readonly #id: string
  readonly #random: Random
  readonly #acknowledged: string[] = []
  /** Under way when the crash came: there as a whole, or not at all, unless it was answered in time. */
  #begun: Begun = { batch: [], isAcknowledged: false }
  #epoch = 0
  #count = 0

  constructor(id: string, random: Random) {
    this.#id = id
    this.#random = random
  }

  async recover(journal: EventJournal): Promise<void> {
    const found = await texts(journal, this.#id)
    const { batch, isAcknowledged } = this.#begun
    const withBegun = [...this.#acknowledged, ...batch]
    expect(isAcknowledged ? [withBegun] : [this.#acknowledged, withBegun]).toContainEqual(found)
    this.#acknowledged.splice(0, Infinity, ...found)
    this.#begun = { batch: [], isAcknowledged: false }
    const { epoch } = await journal.highest(this.#id)
    expect(epoch).toBe(this.#epoch)
    this.#epoch++
    expect(await journal.claim(this.#id, this.#epoch)).toMatchObject({ sequenceNr: found.length })
  }

  async write(journal: EventJournal): Promise<void> {
    const batch = this.#batch()
    await append(journal, this.#id, this.#acknowledged.length, batch, this.#epoch)
    this.#acknowledged.push(...batch)
  }

  begin(journal: EventJournal): void {
    const begun: Begun = { batch: this.#batch(), isAcknowledged: false }
    this.#begun = begun
    append(journal, this.#id, this.#acknowledged.length, begun.batch, this.#epoch).then(
      () => {
        begun.isAcknowledged = true
      },
      () => {}, // A crash may tell the calls that it ends.
    )
  }

  #batch(): readonly string[] {
    const size = 1 + Math.floor(this.#random() * 5)
    return Array.from({ length: size }, () => `${this.#id} ${this.#count++}`)
  }
}
