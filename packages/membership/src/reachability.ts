import { LayeredMap } from './layered-map.ts'

/**
 * What an observer says of a subject. `unreachable`: it stays silent. `refused`: nobody listens at its
 * address any more. `terminated`: gone for good.
 */
export type ReachabilityStatus = 'reachable' | 'unreachable' | 'refused' | 'terminated'

/** What one observer recorded of one subject, and the version of its row when it did. */
export interface ReachabilityRecord {
  readonly status: ReachabilityStatus
  readonly version: number
}

/**
 * All that one observer recorded. Only the observer itself writes its row; everybody else takes the
 * row with the higher version whole.
 */
export interface ReachabilityRow {
  readonly version: number
  /** The observer doubts itself (its event loop stalls): only what it was told is counted as votes. */
  readonly doubtful: boolean
  readonly records: ReadonlyMap<string, ReachabilityRecord>
}

/** The better one knows that somebody is gone, the higher. */
const severity: Readonly<Record<ReachabilityStatus, number>> = {
  reachable: 0,
  unreachable: 1,
  refused: 2,
  terminated: 3,
}

/**
 * Whether what an observer recorded is a vote against the subject. Whoever doubts itself may have slept
 * through what it takes for silence; that nobody listens at an address, or somebody else does, it was told.
 */
export function isAccusation(
  { doubtful }: Pick<ReachabilityRow, 'doubtful'>,
  status: ReachabilityStatus,
): boolean {
  return status !== 'reachable' && (!doubtful || status !== 'unreachable')
}

const emptyRow: ReachabilityRow = { version: 0, doubtful: false, records: new Map() }

/**
 * Who finds whom unreachable: a table of rows, one per observer. It holds what was *observed*; when
 * that makes a member unreachable for the cluster is decided by `unreachableMembers`.
 *
 * Immutable. A change that changes nothing returns the same instance.
 */
export class Reachability {
  static readonly empty: Reachability = new Reachability(new Map())

  readonly rows: ReadonlyMap<string, ReachabilityRow>

  private constructor(rows: ReadonlyMap<string, ReachabilityRow>) {
    this.rows = rows
  }

  static of(rows: Iterable<readonly [observer: string, row: ReachabilityRow]>): Reachability {
    const map = new Map(rows)
    return map.size === 0 ? Reachability.empty : new Reachability(map)
  }

  /** Whoever was refused is not less gone for being silent: that record stays. */
  unreachable(observer: string, subject: string): Reachability {
    if (this.statusBetween(observer, subject) === 'refused') return this
    return this.#record(observer, subject, 'unreachable')
  }

  /** The subject's host answers that nobody listens: unreachable, whether or not the observer doubts itself. */
  refused(observer: string, subject: string): Reachability {
    return this.#record(observer, subject, 'refused')
  }

  /** Also when the subject was never suspected: then nothing changes. */
  reachable(observer: string, subject: string): Reachability {
    return this.#record(observer, subject, 'reachable')
  }

  /** The subject is known to be gone for good; nothing the observer records later undoes it. */
  terminated(observer: string, subject: string): Reachability {
    return this.#record(observer, subject, 'terminated')
  }

  withDoubts(observer: string, doubtful: boolean): Reachability {
    const row = this.rows.get(observer) ?? emptyRow
    if (row.doubtful === doubtful) return this
    return this.withRow(observer, { ...row, doubtful, version: row.version + 1 })
  }

  /** The same row under a version above one that somebody else wrote in the observer's name. */
  outbid(observer: string, version: number): Reachability {
    const row = this.rows.get(observer) ?? emptyRow
    return this.withRow(observer, { ...row, version: Math.max(row.version, version) + 1 })
  }

  /** Replaces an observer's row whole, as a merge does. */
  withRow(observer: string, row: ReachabilityRow): Reachability {
    return new Reachability(LayeredMap.over(this.rows, [[observer, row]]))
  }

  #record(observer: string, subject: string, status: ReachabilityStatus): Reachability {
    const row = this.rows.get(observer) ?? emptyRow
    const before = row.records.get(subject)
    if (before?.status === 'terminated' || (before?.status ?? 'reachable') === status) return this
    const version = row.version + 1
    const records = new Map(row.records).set(subject, { status, version })
    const healed = [...records.values()].every((record) => record.status === 'reachable')
    return this.withRow(observer, { ...row, version, records: healed ? new Map() : records })
  }

  /** What `observer` says of `subject`. */
  statusBetween(observer: string, subject: string): ReachabilityStatus {
    return this.rows.get(observer)?.records.get(subject)?.status ?? 'reachable'
  }

  /** The worst that anybody says of `subject`. */
  statusOf(subject: string): ReachabilityStatus {
    let worst: ReachabilityStatus = 'reachable'
    for (const row of this.rows.values()) {
      const status = row.records.get(subject)?.status
      if (status !== undefined && severity[status] > severity[worst]) worst = status
    }
    return worst
  }

  versionOf(observer: string): number {
    return this.rows.get(observer)?.version ?? 0
  }

  /** Everybody whom somebody finds unreachable, refused or terminated, with who does. */
  observersBySubject(): Map<string, string[]> {
    const found = new Map<string, string[]>()
    for (const [observer, row] of this.rows) {
      for (const [subject, record] of row.records) {
        if (record.status === 'reachable') continue
        const observers = found.get(subject)
        if (observers) observers.push(observer)
        else found.set(subject, [observer])
      }
    }
    return found
  }

  /** Subjects that somebody finds unreachable or refused and nobody terminated, sorted. */
  get allUnreachable(): readonly string[] {
    return this.#subjects((status) => status === 'unreachable' || status === 'refused')
  }

  /** Subjects that somebody knows to be terminated, sorted. */
  get allTerminated(): readonly string[] {
    return this.#subjects((status) => status === 'terminated')
  }

  #subjects(isWanted: (status: ReachabilityStatus) => boolean): readonly string[] {
    const subjects = new Set<string>()
    for (const row of this.rows.values())
      for (const subject of row.records.keys()) subjects.add(subject)
    return [...subjects].filter((subject) => isWanted(this.statusOf(subject))).toSorted()
  }

  /** Subjects that `observer` itself finds unreachable, refused or terminated, sorted. */
  unreachableFrom(observer: string): readonly string[] {
    const records = this.rows.get(observer)?.records ?? emptyRow.records
    return [...records]
      .flatMap(([subject, { status }]) => (status === 'reachable' ? [] : [subject]))
      .toSorted()
  }

  /** Forgets nodes: their rows, and what others recorded of them. Versions of others stay. */
  remove(nodes: Iterable<string>): Reachability {
    const gone = new Set(nodes)
    return this.restrict((node) => !gone.has(node))
  }

  /** Forgets the rows and versions of these observers; what others recorded of them stays. */
  removeObservers(observers: Iterable<string>): Reachability {
    const gone = new Set(observers)
    if (![...gone].some((observer) => this.rows.has(observer))) return this
    return Reachability.of([...this.rows].filter(([observer]) => !gone.has(observer)))
  }

  /** Drops the records of these observers but keeps their versions: their rows read as empty. */
  filterObservers(observers: Iterable<string>): Reachability {
    let rows: Map<string, ReachabilityRow> | undefined
    for (const observer of observers) {
      const row = this.rows.get(observer)
      if (row && row.records.size > 0) {
        rows ??= new Map(this.rows)
        rows.set(observer, { ...row, records: emptyRow.records })
      }
    }
    return rows ? new Reachability(rows) : this
  }

  /** Keeps only what concerns allowed nodes, as observers and as subjects. */
  restrict(allowed: (node: string) => boolean): Reachability {
    let changed = false
    const rows = new Map<string, ReachabilityRow>()
    for (const [observer, row] of this.rows) {
      if (!allowed(observer)) {
        changed = true
        continue
      }
      const kept = [...row.records].filter(([subject]) => allowed(subject))
      if (kept.length === row.records.size) {
        rows.set(observer, row)
        continue
      }
      changed = true
      const healed = kept.every(([, record]) => record.status === 'reachable')
      rows.set(observer, { ...row, records: healed ? emptyRow.records : new Map(kept) })
    }
    return changed ? Reachability.of(rows) : this
  }

  /** Per observer the row with the higher version, whole. Commutative, associative, idempotent. */
  merge(other: Reachability, allowed?: (node: string) => boolean): Reachability {
    if (other === this) return allowed ? this.restrict(allowed) : this
    let rows: Map<string, ReachabilityRow> | undefined
    for (const [observer, row] of other.rows) {
      if (row.version <= this.versionOf(observer)) continue
      rows ??= new Map()
      rows.set(observer, row)
    }
    const merged = rows ? new Reachability(LayeredMap.over(this.rows, rows)) : this
    return allowed ? merged.restrict(allowed) : merged
  }

  equals(other: Reachability): boolean {
    if (this === other) return true
    if (this.rows.size !== other.rows.size) return false
    return [...this.rows].every(([observer, row]) => sameRow(row, other.rows.get(observer)))
  }
}

function sameRow(left: ReachabilityRow, right: ReachabilityRow | undefined): boolean {
  if (left === right) return true
  return (
    right !== undefined &&
    left.version === right.version &&
    left.doubtful === right.doubtful &&
    left.records.size === right.records.size &&
    [...left.records].every(([subject, record]) => {
      const other = right.records.get(subject)
      return other?.status === record.status && other.version === record.version
    })
  )
}
