// Which nodes have copies of a type's entities: each node with a journal writes down what it knows of that, so that after a restart of
// all of them it is known how many must have told what they have before anything begins.
import type { EventJournal, JournalHead } from '@casty/persistence'

export interface HostsRecordPort {
  wallNow(): number
  /** Calls back after so long, in milliseconds, unless disposed of. */
  schedule(delayMs: number, callback: () => void): Disposable
  failed(error: unknown): void
}

const againMs = 1_000
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Mutable, and of one type on one node. */
export class HostsRecord {
  readonly #journal: EventJournal
  readonly #id: string
  readonly #port: HostsRecordPort
  #hosts: readonly string[] = []
  #head: JournalHead | undefined
  #isWriting = false
  #isOver = false
  #pause: Disposable | undefined

  constructor(journal: EventJournal, id: string, port: HostsRecordPort) {
    this.#journal = journal
    this.#id = id
    this.#port = port
  }

  /** How many nodes have copies, as far as was known here last; 0 where nothing ever was. */
  get count(): number {
    return this.#hosts.length
  }

  async load(): Promise<void> {
    const { sequenceNr, deletedTo } = await this.#claim()
    if (sequenceNr === deletedTo) return
    for await (const { bytes } of this.#journal.events(this.#id, { fromSequenceNr: sequenceNr })) {
      this.#hosts = hostsOf(bytes)
    }
  }

  async #claim(): Promise<JournalHead> {
    const { epoch } = await this.#journal.highest(this.#id)
    const next = Math.max(epoch + 1, Math.floor(this.#port.wallNow()))
    this.#head = await this.#journal.claim(this.#id, next)
    return this.#head
  }

  /** The table says so. */
  update(hosts: readonly string[]): void {
    if (hosts.length === 0 || sameTexts(hosts, this.#hosts)) return
    this.#hosts = hosts
    if (!this.#isWriting && !this.#isOver) void this.#write()
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    try {
      for (let written: readonly string[] = []; written !== this.#hosts && !this.#isOver;) {
        written = this.#hosts
        // eslint-disable-next-line no-await-in-loop -- What changed meanwhile comes after.
        await this.#append(written)
      }
      this.#isWriting = false
    } catch (error) {
      this.#head = undefined
      this.#port.failed(error)
      if (!this.#isOver) this.#pause = this.#port.schedule(againMs, () => void this.#write())
    }
  }

  async #append(hosts: readonly string[]): Promise<void> {
    const head = this.#head ?? (await this.#claim())
    const { epoch, sequenceNr } = head
    const bytes = encoder.encode(JSON.stringify(hosts))
    const timestamp = Math.floor(this.#port.wallNow())
    const events = [{ manifest: 'hosts', version: 0, timestamp, bytes }]
    await this.#journal.append(this.#id, { epoch, expectedSequenceNr: sequenceNr, events })
    this.#head = { ...head, sequenceNr: sequenceNr + 1 }
    await this.#journal.deleteEvents(this.#id, sequenceNr, { epoch })
  }

  close(): void {
    this.#isOver = true
    this.#pause?.[Symbol.dispose]()
  }
}

function hostsOf(bytes: Uint8Array): readonly string[] {
  const hosts: unknown = JSON.parse(decoder.decode(bytes))
  if (Array.isArray(hosts) && hosts.every((host) => typeof host === 'string')) return hosts
  throw new TypeError('What says which nodes have copies cannot be read')
}

function sameTexts(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((text, index) => text === right[index])
}
