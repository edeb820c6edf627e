// Which nodes have copies of a type's entities: each node with a journal writes down what it knows of that, so that
// after a restart of all of them it is known how many must have told what they have before anything begins.
import type { EventJournal, JournalHead } from '@casty/persistence'
import { NodeIdentity } from '@casty/transport'
import type { CensusReport } from '../protocol.ts'
import { sameNodes } from '../table/shard-row.ts'
import { readHosts, writeHosts, type Hosts } from './hosts-format.ts'

export interface HostsRecordPort {
  readonly self: NodeIdentity
  wallNow(): number
  /** Calls back after so long, in milliseconds, unless disposed of. */
  schedule(delayMs: number, callback: () => void): Disposable
  failed(error: unknown): void
}

const againMs = 1_000
/** Of so many at most one node keeps what it knows: each table that was founded without what was there begins one. */
const maxCensuses = 16

/** Mutable, and of one type on one node. */
export class HostsRecord {
  readonly #journal: EventJournal
  readonly #id: string
  readonly #port: HostsRecordPort
  #records: readonly Hosts[] = []
  #reports: readonly CensusReport[] = []
  /** The incarnation in which the journal was new. */
  #diskSince = 0
  #head: JournalHead | undefined
  /** The censuses in which the table that was heard of last named no life of this node, and all shards had an owner. */
  readonly #outOf = new Set<number>()
  #isWriting = false
  #isOver = false
  #pause: Disposable | undefined

  constructor(journal: EventJournal, id: string, port: HostsRecordPort) {
    this.#journal = journal
    this.#id = id
    this.#port = port
  }

  /**
   * Who had copies, as far as was known here last, in each census that is not done with: the same instance while that
   * is the same.
   */
  get reports(): readonly CensusReport[] {
    return this.#reports
  }

  /**
   * The first census of a table before that one, of which it is not known where what was confirmed is; undefined
   * where there is none.
   */
  olderThan(census: number): number | undefined {
    return this.#records.find((record) => record.census < census)?.census
  }

  async load(): Promise<void> {
    const { sequenceNr, deletedTo } = await this.#claim()
    if (sequenceNr === deletedTo) {
      // Before anybody names this life as one with copies.
      this.#diskSince = this.#port.self.incarnation
      this.#keep([])
      return
    }
    for await (const { bytes } of this.#journal.events(this.#id, { fromSequenceNr: sequenceNr })) {
      const { diskSince, records } = readHosts(bytes)
      this.#diskSince = diskSince
      this.#set(records)
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
    const next = firstLives([...hosts, ...former])
    // Where it goes on with what was there first, what was founded beside that is done with. What was there before is
    // not.
    const isOne = isInStep && others.every((other) => other.census > census)
    const wasLate = known?.isLate === true
    const isLate =
      !isAll && (wasLate || (!known && comesLate === true) || this.#isToBeFilled(known, hosts))
    const namesAll = isLate && (wasLate ? known.namesAll === true : comesLate !== true)
    if (comesLate !== true && !this.#isIn(hosts)) this.#outOf.add(census)
    else this.#outOf.delete(census)
    const isSame = known !== undefined && sameNodes(next, known.hosts) && isLate === wasLate
    if (isSame && (others.length === 0 || !isOne)) return
    const kept = isOne ? [] : others.slice(0, maxCensuses - 1)
    const record = { census, hosts: next, ...(isLate && { isLate }), ...(namesAll && { namesAll }) }
    this.#keep([...kept, record])
  }

  /**
   * Whoever comes to have copies has yet to be filled, also where it had some before, or is named by the first table
   * that it learns. Who had no place in a later census, which is done with, still has what it had in this one.
   */
  #isToBeFilled(known: Hosts | undefined, hosts: readonly NodeIdentity[]): boolean {
    const hadSome = known !== undefined && this.#isIn(known.hosts) && !this.#outOf.has(known.census)
    return !hadSome && this.#isIn(hosts)
  }

  #isIn(hosts: readonly NodeIdentity[]): boolean {
    return hosts.some(({ address }) => address.equals(this.#port.self.address))
  }

  /** What was there before that one does not count any more. */
  forgetOlder(census: number): void {
    if (this.olderThan(census) !== undefined) {
      this.#keep(this.#records.filter((record) => record.census >= census))
    }
  }

  #keep(records: readonly Hosts[]): void {
    this.#set(records)
    if (!this.#isWriting && !this.#isOver) void this.#write()
  }

  #set(records: readonly Hosts[]): void {
    this.#records = records
    const censuses = new Set(records.map(({ census }) => census))
    for (const census of this.#outOf) if (!censuses.has(census)) this.#outOf.delete(census)
    const diskSince = this.#diskSince
    this.#reports = records.map((record) => {
      return { isLate: false, namesAll: false, ...record, diskSince }
    })
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    try {
      for (let written: unknown; written !== this.#records && !this.#isOver;) {
        const records = this.#records
        written = records
        // eslint-disable-next-line no-await-in-loop -- What changed meanwhile comes after.
        await this.#append(records)
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
    const bytes = writeHosts({ diskSince: this.#diskSince, records })
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

/** The first life of each address, in order. */
function firstLives(nodes: readonly NodeIdentity[]): readonly NodeIdentity[] {
  const ordered = nodes.toSorted(NodeIdentity.compare)
  return ordered.filter(
    ({ address }, place) => ordered[place - 1]?.address.equals(address) !== true,
  )
}
