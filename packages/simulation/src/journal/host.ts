// A process with a journal of its own and event-sourced actors on it: production code throughout, with an ear at
// every place where it says what it knows.
import { ActorSystem, type ActorRef } from '@casty/actor'
import { openFileJournal, type FileJournal } from '@casty/journal-file'
import { isJournalError, PersistenceError, type PersistenceWarning } from '@casty/persistence'
import type { Random } from '@casty/clock'
import type { Program, Surroundings } from '../world/simulated-process.ts'
import {
  entity,
  type Applied,
  type Batch,
  type Command,
  type Reply,
  type Told,
  type Writer,
} from './entity.ts'
import { parseName, type Written } from './event-name.ts'
import type { Finding } from './id-model.ts'
import { emptyFrameBytes, JournalDirectory, type DirectoryStep } from './journal-files.ts'
import type { JournalRun } from './journal-run.ts'
import { recordOf, type JournalRecord } from './record.ts'
import { idsOf, journalSettings } from './settings.ts'

/** `damaged`: its journal cannot be opened any more, and says so. */
export type JournalHostState = 'opening' | 'open' | 'damaged' | 'closed'

/** Before a journal that could not be opened is tried again, as a supervisor would. */
const openAgainAfterMs = 300

export function journalProgram(run: JournalRun): Program<JournalHost> {
  return async (surroundings) => await Promise.resolve(new JournalHost(run, surroundings))
}

export class JournalHost {
  readonly host: string
  readonly #run: JournalRun
  readonly #record: JournalRecord
  readonly #surroundings: Surroundings
  readonly #system: ActorSystem
  readonly #actors = new Map<string, ActorRef<Command>[]>()
  #journal: FileJournal | undefined
  #state: JournalHostState = 'opening'
  /** On its disk. */
  #steps = 0
  #lastWrite: { readonly id: string; readonly steps: number } | undefined

  constructor(run: JournalRun, surroundings: Surroundings) {
    const { host, clock, random } = surroundings
    this.host = host
    this.#run = run
    this.#record = recordOf(run)
    this.#surroundings = surroundings
    this.#system = new ActorSystem({ clock, random })
    this.#system.subscribe((event) => {
      if (event.type === 'actor-failed') this.#failed(event.error)
    })
    void this.#open()
  }

  get state(): JournalHostState {
    return this.#state
  }

  /** Undefined while it is not open. */
  get journal(): FileJournal | undefined {
    return this.#state === 'open' ? this.#journal : undefined
  }

  /** Whether it still runs: whatever is left of it has no say any more. */
  get isAlive(): boolean {
    return this.#run.world.running(this.host)?.program === this
  }

  async #open(): Promise<void> {
    while (this.#state === 'opening') {
      const directory = this.directory(`life ${this.#surroundings.life}`)
      try {
        this.#journal = await this.openIn(directory)
        this.#opened(directory)
        return
      } catch (error) {
        if (!isJournalError(error)) throw error
        if (error.code === 'CASTY_JOURNAL_DAMAGED') {
          this.#record.toldOfDamage(this.host, error)
          this.#state = 'damaged'
          return
        }
        this.#note(`cannot open the journal: ${error.code}`)
        await this.#pause(openAgainAfterMs)
      }
    }
  }

  /** The directory of this host, as one of its processes has it. */
  directory(holder: string): JournalDirectory {
    const { host } = this
    const { fileSystem } = this.#surroundings
    return new JournalDirectory({
      fileSystem,
      lock: () => this.#record.locks.take(host, holder),
      syncsWrites: journalSettings(this.#run).syncsWrites,
      onStep: (step) => {
        this.#steps++
        if (this.journal && this.isAlive) this.#reached(step)
        this.#record.step(host)
      },
    })
  }

  #reached(step: DirectoryStep): void {
    if (step === 'truncate') this.#record.reach('a write that failed is taken back')
    if (step === 'create') this.#record.reach('a file is begun')
    if (step === 'remove') this.#record.reach('a file is given back')
  }

  async openIn(files: JournalDirectory): Promise<FileJournal> {
    const { segmentBytes } = journalSettings(this.#run)
    return await openFileJournal({
      directory: files.name,
      files,
      segmentBytes,
      randomBytes: (size) => drawBytes(this.#surroundings.random, size),
    })
  }

  #opened(files: JournalDirectory): void {
    this.#state = 'open'
    const repair = this.#journal?.repair
    if (repair) {
      this.#note(`cut off ${repair.bytes} bytes: ${repair.place}`)
      this.#record.reach('a torn end is cut off')
    }
    const last = [...files.sizes.keys()].toSorted().at(-1)
    const safe = [...files.sizes].flatMap(([name, size]): readonly [string, number][] => {
      if (name !== last) return [[name, size]]
      return files.endsFlushed === name ? [[name, size - emptyFrameBytes]] : []
    })
    this.#record.opened(this, new Map(safe))
    for (const id of idsOf(this.#run)) this.takeOver(id)
  }

  /** Another actor of the same id: from then on those before it are to write no more. */
  takeOver(id: string, epoch?: number): void {
    if (this.#state !== 'open' || !this.#journal) return
    const { snapshotEvery: every, snapshotsKept: keep, deleteEvents } = journalSettings(this.#run)
    const behavior = entity({
      id,
      journal: this.#journal,
      writer: this.#record.nextWriter(),
      epoch,
      snapshots: { every, keep, deleteEvents },
      onRecovered: (applied, writer, read) => this.#recovered(id, applied, writer, read),
      onEvent: (applied, event, { sequenceNr }) => this.#applied(id, applied, event, sequenceNr),
      onWarning: (warning) => this.#warned(warning),
    })
    const actors = this.#actors.get(id) ?? []
    actors.push(this.#system.spawn(behavior))
    this.#actors.set(id, actors)
  }

  #applied(id: string, applied: Applied, event: Written, sequenceNr: number): void {
    const { name, epoch, isWhole } = event
    const what = `event ${sequenceNr} (${name}, epoch ${epoch})`
    if (sequenceNr !== applied.length + 1) {
      const text = `${what} follows on ${applied.length} events`
      this.judge({ checker: 'recovery sees no hole', text }, id)
    }
    if (!isWhole || parseName(name)?.epoch !== epoch) {
      const text = `${what} is not as it was written`
      this.judge({ checker: 'damage is told, and nothing else', text }, id)
    }
  }

  #recovered(id: string, applied: Applied, writer: Writer, read: number): void {
    if (!this.isAlive) return
    const model = this.#record.model(this.host, id)
    this.#note(`${id}: ${writer.name} begins with ${applied.length} events`)
    if (read < applied.length) this.#record.reach('an actor begins with a snapshot')
    if (this.#record.isDamaged(this.host) && applied.length > 0) {
      this.#record.reach('what is left beside damage is read')
    }
    this.judge(model.recovered(applied, writer), id)
    for (const outcome of model.outcomes()) this.#record.reach(outcome)
  }

  /**
   * Asks an actor of an id, and judges what it says.
   *
   * @param age - how many have taken over from it
   * @returns whether it did as it was told
   */
  async ask(id: string, age: number, what: Batch | 'read'): Promise<boolean> {
    const actor = this.#actors.get(id)?.at(-1 - age)
    if (!actor) return false
    const model = this.#record.model(this.host, id)
    const uid = what === 'read' ? undefined : this.#record.nextUid()
    if (uid !== undefined && what !== 'read') model.sent(uid, what.of)
    const knownBefore = model.known.length
    try {
      const reply = await this.#system.ask<Command, Reply>(
        actor,
        (replyTo) =>
          uid === undefined || what === 'read'
            ? { type: 'read', replyTo }
            : { type: 'write', uid, ...what, replyTo },
        { timeoutMs: 5_000 },
      )
      if (!this.isAlive) return false
      if (reply.type === 'told') return this.#told(id, reply, uid, knownBefore)
      this.#refused(id, uid, reply.isFull)
    } catch {
      // Nobody knows what became of it; another answer will tell.
      if (uid !== undefined) model.unanswered(uid)
    }
    return false
  }

  #told(id: string, { applied, writer }: Told, uid: string | undefined, before: number): boolean {
    const model = this.#record.model(this.host, id)
    this.judge(model.told(applied, writer, model.mustKnow(writer, before)), id)
    if (uid === undefined) return true
    this.#note(`${id}: ${uid} is written, event ${applied.length}`)
    if (!model.wasSeen(uid)) {
      const text = `${uid} is acknowledged, and not in the state`
      this.judge({ checker: 'what is acknowledged stays', text }, id)
    }
    if (this.#lastWrite?.steps === this.#steps && this.#lastWrite.id !== id) {
      this.#record.reach('several writers share a flush')
    }
    this.#lastWrite = { id, steps: this.#steps }
    return true
  }

  #refused(id: string, uid = '', isFull: boolean): void {
    this.#note(`${id}: ${uid} is refused`)
    if (isFull) this.#record.reach('a write is refused for want of room')
    this.judge(this.#record.model(this.host, id).refused(uid), id)
  }

  judge(finding: Finding | undefined, id: string): void {
    if (this.isAlive) this.#record.judge(finding, this.host, id)
  }

  /** Why an actor failed: some of that must not be. */
  #failed(error: unknown): void {
    if (!this.isAlive) return
    const code = error instanceof PersistenceError ? error.code : undefined
    this.#note(`an actor failed: ${code ?? String(error)}`)
    switch (code) {
      case 'CASTY_PERSISTENCE_FENCED':
        return this.#record.reach('a writer is fenced')
      case 'CASTY_PERSISTENCE_WRITE_UNKNOWN':
        if (isStuck(error)) this.#record.reach('nobody knows how the log ends')
        return
      case 'CASTY_PERSISTENCE_WRITE_REFUSED':
      case 'CASTY_PERSISTENCE_RECOVERY_UNAVAILABLE':
        return
      case 'CASTY_PERSISTENCE_RECOVERY_FAILED':
        return this.#record.toldOfDamage(this.host, error)
      default:
        this.#run.violate('nothing throws', `${this.host}: ${String(error)}`, this.host)
    }
  }

  #warned({ type, error }: PersistenceWarning): void {
    if (this.isAlive && type === 'snapshot-unusable') this.#record.toldOfDamage(this.host, error)
  }

  /** Ends as a program does that is asked to. */
  async stop(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    await this.#system.shutdown()
    await this.#journal?.[Symbol.asyncDispose]()
    if (this.isAlive) this.#surroundings.exit('stopped')
  }

  #note(text: string): void {
    if (this.isAlive) this.#run.note(this.host, 'log', text)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#surroundings.clock.schedule(ms, resolve)
    })
  }
}

/** A write failed, and could not be taken back. */
function isStuck(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return isJournalError(cause) && cause.outcome === 'unknown'
}

function drawBytes(random: Random, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, () => Math.floor(random() * 256))
}
