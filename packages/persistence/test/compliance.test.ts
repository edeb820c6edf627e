import { inMemoryJournal, type InMemoryJournal } from '@casty/persistence'
import { journalCompliance, type JournalStore } from '@casty/persistence/compliance'

journalCompliance('inMemoryJournal', {
  create: async (): Promise<JournalStore> => {
    const memory = inMemoryJournal()
    let opened: InMemoryJournal[] = []
    return {
      open: async () => {
        const journal = memory.open()
        opened.push(journal)
        return journal
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
