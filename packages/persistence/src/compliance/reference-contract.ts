import { seededRandom, type Random } from '@casty/clock'
import { describe, expect, test } from 'vitest'
import type { EventJournal } from '../journal/event-journal.ts'
import { isJournalError } from '../journal/journal-error.ts'
import { inMemoryJournal } from '../memory/in-memory-journal.ts'
import { all, append, Fixture, snapshot, textOf } from './kit.ts'
import { lacks, type JournalSubject, seedsOf } from './subject.ts'

const ids = ['a', 'a/b', 'b']
const calls = 250

/** Something to do, with the same outcome in every journal. */
type Call = (journal: EventJournal) => Promise<unknown>

export function referenceContract(name: string, subject: JournalSubject): void {
  describe(`${name} does what a journal in memory does`, () => {
    test.each(seedsOf(subject))(
      'whatever it is asked, and however often it is opened again (seed %i)',
      async (seed) => {
        await using fixture = await Fixture.start(subject)
        let journal = await fixture.open()
        const reference = inMemoryJournal({ limits: journal.limits })
        const random = seededRandom(seed)
        for (let count = 0; count < calls; count++) {
          if (random() < 0.04) {
            const crashes = random() < 0.5 && !lacks(subject, 'crash')
            journal = crashes ? await fixture.crash() : await fixture.reopen()
          }
          const call = await drawCall(reference, random)
          expect(await outcomeOf(call(journal))).toEqual(await outcomeOf(call(reference)))
        }
        for (const id of ids)
          expect(await contents(journal, id)).toEqual(await contents(reference, id))
        expect((await all(journal.ids())).toSorted()).toEqual(
          (await all(reference.ids())).toSorted(),
        )
      },
    )
  })
}

/** What is sensible as a rule, and off by a little now and then. */
async function drawCall(reference: EventJournal, random: Random): Promise<Call> {
  const below = (limit: number): number => Math.floor(random() * limit)
  const id = ids[below(ids.length)] ?? 'a'
  const head = await reference.highest(id)
  const slip = random() < 0.15 ? below(3) - 1 : 0
  const epoch = Math.max(0, head.epoch + (random() < 0.1 ? below(4) - 1 : 0))
  const place = Math.max(0, below(head.sequenceNr + 1) + slip)
  const writer = random() < 0.5 ? {} : { epoch }
  switch (below(9)) {
    case 0:
      return (journal) => journal.claim(id, epoch)
    case 1:
      return (journal) => journal.deleteEvents(id, place, writer)
    case 2:
      return (journal) => journal.deleteSnapshots(id, place, writer)
    case 3:
      return (journal) => journal.saveSnapshot(id, snapshot(place, `${id} up to ${place}`), writer)
    case 4:
      return (journal) => journal.latestSnapshot(id, place)
    case 5:
      return (journal) => textsFrom(journal, id, place)
    default: {
      const batch = Array.from({ length: below(4) }, (_, index) => `${id} ${epoch} ${index}`)
      const expected = Math.max(0, head.sequenceNr + slip)
      return (journal) => append(journal, id, expected, batch, epoch)
    }
  }
}

/** A value, or why there is none. */
async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await promise }
  } catch (error) {
    if (!isJournalError(error)) throw error
    return { code: error.code, outcome: error.outcome }
  }
}

async function textsFrom(
  journal: EventJournal,
  id: string,
  fromSequenceNr: number,
): Promise<readonly string[]> {
  return (await all(journal.events(id, { fromSequenceNr }))).map(textOf)
}

/** All that a journal holds of an id. */
async function contents(journal: EventJournal, id: string): Promise<unknown> {
  const head = await journal.highest(id)
  const snapshots: unknown[] = []
  for (let at = head.sequenceNr; at > 0;) {
    const found = await journal.latestSnapshot(id, at)
    if (!found) break
    snapshots.push(found)
    at = found.sequenceNr - 1
  }
  const events = await all(journal.events(id, { fromSequenceNr: head.deletedTo + 1 }))
  return { head, events, snapshots }
}
