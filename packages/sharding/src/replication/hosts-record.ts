// Which nodes have copies of a type's entities: each node with a journal writes down what it knows of that, so that after a restart of
// all of them it is known how many must have told what they have before anything begins.
import type { EventJournal, JournalHead } from '@casty/persistence'
import type { CensusReport } from '../protocol.ts'

export interface HostsRecordPort {
  /** The address of this node. */
  readonly self: string
  wallNow(): number
  /** Calls back after so long, in milliseconds, unless disposed of. */
  schedule(delayMs: number, callback: () => void): Disposable
  failed(error: unknown): void
}

/** Which nodes have copies, in a census: see `TypeTable`. */
export interface Hosts {
  readonly census: number
  readonly hosts: readonly string[]
  /**
   * This node came to it while some shards waited for what others have, or went by a former life of it, and had nothing; or it has come to have copies
   * since, and has yet to be filled: it is none of those who had copies.
   */
  readonly isLate?: boolean
}

const againMs = 1_000
/** Of so many at most one node keeps what it knows: each table that was founded without what was there begins one. */
const maxCensuses = 16
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Mutable, and of one type on one node. */
export class HostsRecord {
  readonly #journal: EventJournal
  readonly #id: string
  readonly #port: HostsRecordPort
  #records: readonly Hosts[] = []
  #head: JournalHead | undefined
  #isWriting = false
  #isOver = false
  #pause: Disposable | undefined

  constructor(journal: EventJournal, id: string, port: HostsRecordPort) {
    this.#journal = journal
    this.#id = id
    this.#port = port
  }

  /** Who had copies, as far as was known here last, in each census that is not done with. */
  get reports(): readonly CensusReport[] {
    return this.#records.map(({ census, hosts, isLate = false }) => ({ census, hosts, isLate }))
  }

  /** The first census of a table before that one, of which it is not known where what was confirmed is; undefined where there is none. */
  olderThan(census: number): number | undefined {
    return this.#records.find((record) => record.census < census)?.census
  }

  async load(): Promise<void> {
    const { sequenceNr, deletedTo } = await this.#claim()
    if (sequenceNr === deletedTo) return
    for await (const { bytes } of this.#journal.events(this.#id, { fromSequenceNr: sequenceNr })) {
      this.#records = recordsOf(bytes)
    }
  }

  async #claim(): Promise<JournalHead> {
    const { epoch } = await this.#journal.highest(this.#id)
    const next = Math.max(epoch + 1, Math.floor(this.#port.wallNow()))
    this.#head = await this.#journal.claim(this.#id, next)
    return this.#head
  }

  /**
   * The table says so.
   *
   * @param isAll - whether nobody else has anything of it: else whoever was known before is not forgotten
   * @param isInStep - whether all that this node has comes from where the table says
   */
  update({ census, hosts, isLate: comesLate }: Hosts, isAll: boolean, isInStep: boolean): void {
    if (hosts.length === 0) return
    const known = this.#records.find((record) => record.census === census)
    const others = this.#records.filter((record) => record !== known)
    const former = isAll ? [] : (known?.hosts ?? [])
    const next = [...new Set([...hosts, ...former])].toSorted()
    // Where it goes on with what was there first, what was founded beside that is done with. What was there before is not.
    const isOne = isInStep && others.every((other) => other.census > census)
    const wasLate = known?.isLate === true
    // Whoever comes to have copies has yet to be filled.
    const { self } = this.#port
    const isNew = known?.hosts.includes(self) === false && hosts.includes(self)
    const isLate = !isAll && (known === undefined ? comesLate === true : wasLate || isNew)
    const isSame = known !== undefined && sameTexts(next, known.hosts) && isLate === wasLate
    if (isSame && (others.length === 0 || !isOne)) return
    const kept = isOne ? [] : others.slice(0, maxCensuses - 1)
    this.#keep([...kept, { census, hosts: next, ...(isLate && { isLate }) }])
  }

  /** What was there before that one does not count any more. */
  forgetOlder(census: number): void {
    if (this.olderThan(census) !== undefined) {
      this.#keep(this.#records.filter((record) => record.census >= census))
    }
  }

  #keep(records: readonly Hosts[]): void {
    this.#records = records
    if (!this.#isWriting && !this.#isOver) void this.#write()
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    try {
      for (let written: readonly Hosts[] = []; written !== this.#records && !this.#isOver;) {
        written = this.#records
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

  async #append(records: readonly Hosts[]): Promise<void> {
    const head = this.#head ?? (await this.#claim())
    const { epoch, sequenceNr } = head
    const bytes = encoder.encode(JSON.stringify(records))
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

function recordsOf(bytes: Uint8Array): readonly Hosts[] {
  const records: unknown = JSON.parse(decoder.decode(bytes))
  // Written before there was a census, a list of hosts alone: they are of one, the same for all.
  if (isTexts(records)) return records.length === 0 ? [] : [{ census: 1, hosts: records }]
  if (Array.isArray(records) && records.every(isHosts)) return records
  throw new TypeError('What says which nodes have copies cannot be read')
}

function isHosts(value: unknown): value is Hosts {
  if (typeof value !== 'object' || !value || !('hosts' in value && 'census' in value)) return false
  const isLate = 'isLate' in value ? value.isLate : false
  return typeof value.census === 'number' && typeof isLate === 'boolean' && isTexts(value.hosts)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string')
}

function sameTexts(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((text, index) => text === right[index])
}
