import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isJournalError, type EventJournal } from '@casty/persistence'
import { append, texts } from './kit.ts'
import { hasNoServer, World } from './world.ts'

/** How often the server is killed: CASTY_KILLS=100 for a long run. */
const kills = Number(process.env['CASTY_KILLS'] ?? 3)
const writers = 8

describe.skipIf(hasNoServer)('writers under load', () => {
  let world: World
  beforeAll(async () => {
    world = await World.start()
  })
  afterAll(async () => await world[Symbol.asyncDispose]())

  test('lose and double nothing when their connections are ended again and again', async () => {
    await using store = await world.store()
    await using journal = await store.open({ maxConnections: 4 })
    const load = new Load(journal)
    const ended = await load.during(async () => {
      let count = 0
      while (count < 60) count += await world.terminate(`random() < 0.5`)
      return count
    })
    expect(ended).toBeGreaterThanOrEqual(60)
    await load.check()
  })

  test(`lose and double nothing when the server is killed (${kills} times)`, async () => {
    await using store = await world.store()
    await using journal = await store.open({ maxConnections: 4 })
    const load = new Load(journal)
    for (let killed = 0; killed < kills; killed++) {
      await load.during(async () => {
        await world.until('some is written', () => load.acknowledged >= (killed + 1) * 100)
        await world.server.kill()
        await world.server.startAgain()
      })
      await load.check()
    }
    await load.checkAll()
  }, 300_000)
})

/** Writers of an id each, which write until they are told to stop, whatever fails. */
class Load {
  readonly #journal: EventJournal
  readonly #written = Array.from({ length: writers }, (_, index) => new Writer(`w${index}`))
  /** From where on each is to be checked. */
  readonly #checked = new Map<Writer, number>()
  #isOn = false

  constructor(journal: EventJournal) {
    this.#journal = journal
  }

  get acknowledged(): number {
    return this.#written.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)
  }

  async during<T>(disturb: () => Promise<T>): Promise<T> {
    this.#isOn = true
    const working = Promise.all(
      this.#written.map(async (writer) => {
        while (this.#isOn) await writer.step(this.#journal)
      }),
    )
    const disturbing = disturb().finally(() => {
      this.#isOn = false
    })
    const [result] = await Promise.all([disturbing, working])
    return result
  }

  /** All that was acknowledged is there, once and in order, and nothing that was refused. */
  async check(): Promise<void> {
    for (const writer of this.#written) {
      await writer.settle(this.#journal)
      const fromSequenceNr = this.#checked.get(writer) ?? 1
      const read = await texts(this.#journal, writer.id, { fromSequenceNr })
      expect(read).toEqual(writer.acknowledged.slice(fromSequenceNr - 1))
      this.#checked.set(writer, writer.acknowledged.length + 1)
    }
  }

  /** The same, from the first event on. */
  async checkAll(): Promise<void> {
    this.#checked.clear()
    await this.check()
  }
}

class Writer {
  readonly id: string
  readonly acknowledged: string[] = []
  /** A batch that may be there. */
  #inDoubt: readonly string[] = []
  #epoch = 1
  #count = 0

  constructor(id: string) {
    this.id = id
  }

  async step(journal: EventJournal): Promise<void> {
    try {
      if (this.#inDoubt.length > 0) await this.#look(journal)
      else await this.#write(journal)
    } catch (error) {
      if (!isJournalError(error)) throw error
      expect(error.code).toBe('CASTY_JOURNAL_UNAVAILABLE')
    }
  }

  /** Until it is known what is there. */
  async settle(journal: EventJournal): Promise<void> {
    while (this.#inDoubt.length > 0) await this.step(journal)
  }

  async #write(journal: EventJournal): Promise<void> {
    const batch = [`${this.id} ${this.#count++}`, `${this.id} ${this.#count++}`]
    try {
      await append(journal, this.id, this.acknowledged.length, batch, this.#epoch)
      this.acknowledged.push(...batch)
    } catch (error) {
      if (!isJournalError(error) || error.outcome === 'unknown') this.#inDoubt = batch
      throw error
    }
  }

  /** Claims a higher epoch first: what was under way comes before it, or not at all. */
  async #look(journal: EventJournal): Promise<void> {
    const { sequenceNr } = await journal.claim(this.id, ++this.#epoch)
    const more = sequenceNr - this.acknowledged.length
    expect([0, this.#inDoubt.length]).toContain(more)
    if (more > 0) this.acknowledged.push(...this.#inDoubt)
    this.#inDoubt = []
  }
}
