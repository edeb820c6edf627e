import { inMemoryJournal, type InMemoryJournal } from '@casty/persistence'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { journalStore } from '../src/journal.ts'
import type { KeptValue, ReplicaStore } from '../src/index.ts'

const id = 'replica/a:1'

function value(key: string, text: string): KeptValue {
  return { key, bytes: new TextEncoder().encode(text) }
}

/** What is kept, as text by key. */
async function contents(store: ReplicaStore): Promise<Readonly<Record<string, string>>> {
  const kept = await store.load()
  const pairs = Array.from(kept?.values ?? [], ({ key, bytes }) => [
    key,
    new TextDecoder().decode(bytes),
  ])
  return Object.fromEntries(pairs)
}

async function eventsIn(journal: InMemoryJournal): Promise<number> {
  const { sequenceNr, deletedTo } = await journal.highest(id)
  return sequenceNr - deletedTo
}

describe('a store over a journal', () => {
  test('has nothing where nothing was kept', async () => {
    await using journal = inMemoryJournal()
    expect(await journalStore(journal, id).load()).toBeUndefined()
  })

  test('gives back the last value of each key, and when it was saved', async () => {
    await using journal = inMemoryJournal()
    const store = journalStore(journal, id)
    await store.save([value('x', 'old'), value('y', 'only'), value('z', 'gone')], 1_000)
    await store.save([value('x', 'new'), { key: 'z', bytes: undefined }], 2_000)
    await store.save([], 3_000)
    const restarted = journalStore(journal.open(), id)
    expect((await restarted.load())?.savedAtMs).toBe(3_000)
    expect(await contents(restarted)).toEqual({ x: 'new', y: 'only' })
  })

  test('keeps whoever had the id before from writing, for good', async () => {
    await using journal = inMemoryJournal()
    const former = journalStore(journal, id)
    await former.save([value('x', 'former')], 1)
    const present = journalStore(journal.open(), id)
    await present.save([value('x', 'present')], 2)
    const fenced = { code: 'CASTY_JOURNAL_FENCED' }
    await expect(former.save([value('x', 'late')], 3)).rejects.toMatchObject(fenced)
    await expect(former.save([value('x', 'later')], 4)).rejects.toMatchObject(fenced)
    await present.save([value('y', 'there')], 5)
    expect(await contents(journalStore(journal, id))).toEqual({ x: 'present', y: 'there' })
  })

  test.each([true, false])(
    'goes on after a save of which nobody knows what came of it (carried out: %s)',
    async (carriedOut) => {
      await using journal = inMemoryJournal()
      const store = journalStore(journal, id)
      await store.save([value('x', 'first')], 1)
      journal.fail({ type: 'lost', carriedOut }, { operation: 'append' })
      await expect(store.save([value('x', 'second')], 2)).rejects.toMatchObject({
        code: 'CASTY_JOURNAL_UNAVAILABLE',
      })
      await store.save([value('y', 'third')], 3)
      expect(await contents(journalStore(journal, id))).toEqual({
        x: carriedOut ? 'second' : 'first',
        y: 'third',
      })
    },
  )

  test('takes no more room than twice its values and a megabyte, however often they change', async () => {
    await using journal = inMemoryJournal({ maxBytes: 8 * 1024 * 1024 })
    const store = journalStore(journal, id)
    const text = 'x'.repeat(10_000)
    const keys = Array.from({ length: 50 }, (_, at) => `key-${at}`)
    await store.save(
      keys.map((key) => value(key, `${key} ${text}`)),
      0,
    )
    for (let round = 1; round <= 2_000; round++)
      await store.save([value('hot', `${round} ${text}`)], round)
    const kept = await contents(journalStore(journal, id))
    expect(kept).toEqual(
      Object.fromEntries([...keys.map((key) => [key, `${key} ${text}`]), ['hot', `2000 ${text}`]]),
    )
    expect(await eventsIn(journal)).toBeLessThan(250)
  })

  test('splits what is too much for one append', async () => {
    await using journal = inMemoryJournal({ limits: { maxBatchEvents: 3 } })
    const store = journalStore(journal, id)
    const values = Array.from({ length: 10 }, (_, at) => value(`key-${at}`, `${at}`))
    await store.save(values, 1)
    expect(Object.keys(await contents(store))).toHaveLength(10)
  })

  test('refuses an id that holds something else', async () => {
    await using journal = inMemoryJournal()
    const events = [{ manifest: 'order', version: 1, timestamp: 0, bytes: new Uint8Array(3) }]
    await journal.append(id, { epoch: 0, expectedSequenceNr: 0, events })
    await expect(journalStore(journal, id).load()).rejects.toMatchObject({
      code: 'CASTY_JOURNAL_DAMAGED',
      sequenceNr: 1,
    })
  })

  test('is at any time what was saved last, through restarts and failures', async () => {
    const step = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          type: fc.constant('save' as const),
          keys: fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 4 }),
          size: fc.integer({ min: 0, max: 60_000 }),
        }),
      },
      { weight: 2, arbitrary: fc.constant({ type: 'restart' as const }) },
      {
        weight: 2,
        arbitrary: fc.record({
          type: fc.constant('fault' as const),
          operation: fc.constantFrom('append' as const, 'deleteEvents' as const, 'claim' as const),
          carriedOut: fc.boolean(),
        }),
      },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        await using journal = inMemoryJournal()
        let store = journalStore(journal, id)
        const model = new Map<string, string>()
        for (const [at, next] of steps.entries()) {
          if (next.type === 'restart') store = journalStore(journal.open(), id)
          if (next.type === 'fault') {
            journal.fail(
              { type: 'lost', carriedOut: next.carriedOut },
              { operation: next.operation },
            )
          }
          if (next.type !== 'save') continue
          const values = next.keys.map((key): KeptValue => {
            if ((at + key) % 5 === 0) return { key: `${key}`, bytes: undefined }
            return value(`${key}`, `${at}`.padEnd(next.size, '.'))
          })
          // As the keeper does: what could not be saved is saved again.
          for (let isSaved = false; !isSaved;) {
            isSaved = await store.save(values, at).then(
              () => true,
              () => false,
            )
          }
          for (const { key, bytes } of values) {
            if (bytes === undefined) model.delete(key)
            else model.set(key, new TextDecoder().decode(bytes))
          }
        }
        journal.heal()
        expect(await contents(journalStore(journal, id))).toEqual(Object.fromEntries(model))
      }),
      { numRuns: 60 },
    )
  })
})
