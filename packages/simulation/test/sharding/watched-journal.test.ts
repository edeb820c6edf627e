// Whoever listens at a journal changes nothing of it.
import { inMemoryJournal, type InMemoryJournal } from '@casty/persistence'
import { journalCompliance, type JournalStore } from '@casty/persistence/compliance'
import { expect, test } from 'vitest'
import { watchedJournal } from '../../src/sharding/watched-journal.ts'

const deaf = { claims: () => {}, claimed: () => {} }

journalCompliance('watchedJournal', {
  create: async (): Promise<JournalStore> => {
    const memory = inMemoryJournal()
    let opened: InMemoryJournal[] = []
    return {
      open: async () => {
        const journal = memory.open()
        opened.push(journal)
        return watchedJournal(journal, () => deaf)
      },
      crash: async () => {
        for (const journal of opened) journal.crash()
        opened = []
      },
      damageEvent: async (id, sequenceNr) => memory.damageEvent(id, sequenceNr),
      damageSnapshot: async (id, sequenceNr) => memory.damageSnapshot(id, sequenceNr),
      fill: async () => memory.resize(0),
      makeRoom: async () => memory.resize(1_000_000),
      [Symbol.asyncDispose]: async () => await memory[Symbol.asyncDispose](),
    }
  },
})

test('a journal that is listened at says where it can be reached', () => {
  const journal = inMemoryJournal()
  expect(watchedJournal(journal, () => deaf).isLocal).toBe(journal.isLocal)
})
