// What a run has come to know, outside of all its processes: what must be there, what was destroyed on purpose, and
// who has which directory.
import type { JournalHost } from './host.ts'
import { IdModel, type Finding, type JournalChecker } from './id-model.ts'
import { Locks } from './journal-files.ts'
import type { JournalRareState } from './rare-states.ts'
import type { JournalRun } from './journal-run.ts'

/** A host that is to be killed at some step on its disk. */
interface Mine {
  stepsLeft: number
  readonly spring: () => void
}

export class JournalRecord {
  readonly locks: Locks = new Locks()
  readonly #run: JournalRun
  readonly #models = new Map<string, IdModel>()
  /** Bytes of files that are followed by a frame that was flushed, by host: damage in them can be told. */
  readonly #safe = new Map<string, ReadonlyMap<string, number>>()
  /** Hosts on whose disks bits were flipped. */
  readonly #damaged = new Set<string>()
  readonly #mines = new Map<string, Mine>()
  #uids = 0
  #writers = 0

  constructor(run: JournalRun) {
    this.#run = run
  }

  get models(): ReadonlyMap<string, IdModel> {
    return this.#models
  }

  model(host: string, id: string): IdModel {
    const key = `${host} ${id}`
    const known = this.#models.get(key) ?? new IdModel()
    this.#models.set(key, known)
    return known
  }

  nextUid(): string {
    return `c${++this.#uids}`
  }

  nextWriter(): string {
    return `w${++this.#writers}`
  }

  /** What a checker has found, if it has. */
  judge(finding: Finding | undefined, host: string, id: string): void {
    if (finding) this.#run.violate(finding.checker, `${host}, ${id}: ${finding.text}`, host)
  }

  violate(checker: JournalChecker, host: string, text: string): void {
    this.#run.violate(checker, `${host}: ${text}`, host)
  }

  reach(state: JournalRareState): void {
    this.#run.reach(state)
  }

  isDamaged(host: string): boolean {
    return this.#damaged.has(host)
  }

  damaged(host: string): void {
    this.#damaged.add(host)
  }

  /** Damage was told of: there had better be some. */
  toldOfDamage(host: string, error: unknown): void {
    this.reach('damage is told of')
    if (this.isDamaged(host)) return
    this.violate(
      'damage is told, and nothing else',
      host,
      `nothing was damaged, yet: ${String(error)}`,
    )
  }

  /** A journal was opened: how much of each file can be damaged so that it must be told. */
  opened({ host }: JournalHost, safe: ReadonlyMap<string, number>): void {
    this.#safe.set(host, safe)
  }

  safeBytes(host: string): ReadonlyMap<string, number> {
    return this.#safe.get(host) ?? new Map<string, number>()
  }

  /** Has something happen right before a later step on the disk of a host. */
  layMine(host: string, steps: number, spring: () => void): void {
    this.#mines.set(host, { stepsLeft: steps, spring })
  }

  step(host: string): void {
    const mine = this.#mines.get(host)
    if (mine === undefined || --mine.stepsLeft > 0) return
    this.#mines.delete(host)
    mine.spring()
  }
}

const records = new WeakMap<JournalRun, JournalRecord>()

/** Each run has its own. */
export function recordOf(run: JournalRun): JournalRecord {
  const known = records.get(run) ?? new JournalRecord(run)
  records.set(run, known)
  return known
}
