import type { NodeIdentity, NodeKey } from '@casty/transport'
import { compareText } from './compare-text.ts'
import { digestOf } from './digest.ts'

/** A service that a node offers: a key that others look for, and a path that only it understands. */
export interface ServiceEntry {
  readonly key: string
  readonly node: NodeIdentity
  readonly path: string
}

/** All that one node offers. Only the node itself writes it; the higher version wins whole. */
export interface RegistryRow {
  readonly node: NodeIdentity
  /** So many changes led to it. */
  readonly version: number
  readonly services: readonly Service[]
}

interface Service {
  readonly key: string
  readonly path: string
}

/** One change of what a node offers: the version after it is higher by one. */
export interface RegistryChange extends Service {
  readonly type: 'registered' | 'withdrawn'
}

/** What leads from one version of a row to a later one: of use to whoever has that of `since`, or one between. */
export interface RegistryChanges {
  readonly node: NodeIdentity
  readonly since: number
  readonly changes: readonly RegistryChange[]
}

/** What somebody lacks: of rows that it has, or nearly has, only what changed. */
export interface RegistryNews {
  readonly rows: readonly RegistryRow[]
  readonly changes: readonly RegistryChanges[]
}

/**
 * So much of the latest changes of each row is kept, in characters of their texts and so many for each. More is
 * told as a row; whoever is that far behind has it as cheap.
 */
const maxRecentCharacters = 16_384
const characterPerChange = 8

/**
 * Who offers which service: one row per node, so that what is withdrawn disappears everywhere and
 * what a node offered goes when the node does. It spreads apart from the members, under versions of
 * its own, so that its size never multiplies an exchange of membership.
 *
 * Immutable. A change that changes nothing returns the same instance.
 */
export class Registry {
  // No private method names the class: as compiled, this would be made before the name is there.
  static readonly empty: Registry = new Registry({ rows: new Map(), recent: new Map() })

  readonly rows: ReadonlyMap<NodeKey, RegistryRow>
  readonly #recent: Parts['recent']
  #digest: number | undefined
  #entries: readonly ServiceEntry[] | undefined

  private constructor({ rows, recent }: Parts) {
    this.rows = rows
    this.#recent = recent
  }

  static of(rows: Iterable<RegistryRow>): Registry {
    const map = new Map([...rows].map((row) => [row.node.key, row]))
    return map.size === 0 ? Registry.empty : new Registry({ rows: map, recent: new Map() })
  }

  /** Every service, by key, then node, then path. */
  get entries(): readonly ServiceEntry[] {
    this.#entries ??= this.#sorted()
    return this.#entries
  }

  #sorted(): readonly ServiceEntry[] {
    const found: { readonly entry: ServiceEntry; readonly sortKey: string }[] = []
    for (const { node, services } of this.rows.values()) {
      for (const { key, path } of services) {
        const entry = { key, node, path }
        found.push({ entry, sortKey: sortKeyOf(entry) })
      }
    }
    return found
      .toSorted((left, right) => compareText(left.sortKey, right.sortKey))
      .map(({ entry }) => entry)
  }

  /** Who offers `key`, in the order of `entries`. */
  find(key: string): readonly ServiceEntry[] {
    return this.entries.filter((entry) => entry.key === key)
  }

  register(node: NodeIdentity, key: string, path: string): Registry {
    const services = this.rows.get(node.key)?.services ?? []
    if (services.some((service) => service.key === key && service.path === path)) return this
    return new Registry(changed(this.#parts, node, [{ type: 'registered', key, path }]))
  }

  /** Withdraws one path of a key, or all of them. */
  unregister(node: NodeIdentity, key: string, path?: string): Registry {
    const services = this.rows.get(node.key)?.services ?? []
    const withdrawn = services.filter(
      (service) => service.key === key && (path === undefined || service.path === path),
    )
    if (withdrawn.length === 0) return this
    const changes = withdrawn.map((service) => ({ ...service, type: 'withdrawn' as const }))
    return new Registry(changed(this.#parts, node, changes))
  }

  /**
   * Per node the row with the higher version. Commutative, associative, idempotent. Changes of a version that is
   * not here tell nothing: the digests go on to differ, and whoever has them is asked again.
   */
  merge(rows: Iterable<RegistryRow>, told: Iterable<RegistryChanges> = []): Registry {
    let parts = withRows(this.#parts, rows)
    for (const { node, since, changes } of told) {
      const version = parts.rows.get(node.key)?.version ?? 0
      const news = since <= version ? changes.slice(version - since) : []
      if (news.length > 0) parts = changed(parts, node, news)
    }
    return parts.rows === this.rows ? this : new Registry(parts)
  }

  get #parts(): Parts {
    return { rows: this.rows, recent: this.#recent }
  }

  /** What `node` offers, under a version above one that somebody else told in its name. */
  outbid(node: NodeIdentity, version: number): Registry {
    const row = this.rows.get(node.key) ?? { node, version: 0, services: [] }
    const above = { ...row, version: Math.max(row.version, version) + 1 }
    return new Registry(withRows(this.#parts, [above]))
  }

  /** What somebody with these versions lacks. */
  newerThan(versions: ReadonlyMap<NodeKey, number>): RegistryNews {
    const rows: RegistryRow[] = []
    const told: RegistryChanges[] = []
    for (const [key, row] of this.rows) {
      const since = versions.get(key) ?? 0
      if (row.version <= since) continue
      const recent = this.#recent.get(key) ?? []
      const count = row.version - since
      // Where so much has changed, the row is no longer than that.
      if (count > recent.length || count > row.services.length) rows.push(row)
      else told.push({ node: row.node, since, changes: recent.slice(-count) })
    }
    return { rows, changes: told }
  }

  restrict(allowed: (node: NodeKey) => boolean): Registry {
    if ([...this.rows.keys()].every(allowed)) return this
    const rows = new Map([...this.rows].filter(([key]) => allowed(key)))
    if (rows.size === 0) return Registry.empty
    const recent = new Map([...this.#recent].filter(([key]) => allowed(key)))
    return new Registry({ rows, recent })
  }

  get digest(): number {
    this.#digest ??= digestOf(
      [...this.rows.values()]
        .map((row) => `${row.node.key}:${row.version}`)
        .toSorted()
        .join(),
    )
    return this.#digest
  }
}

interface Parts {
  readonly rows: ReadonlyMap<NodeKey, RegistryRow>
  /** The latest changes of rows, the last of which led to the version that is there. Of a row that was told whole, none. */
  readonly recent: ReadonlyMap<NodeKey, readonly RegistryChange[]>
}

function changed(
  { rows, recent }: Parts,
  node: NodeIdentity,
  changes: readonly RegistryChange[],
): Parts {
  const row = rows.get(node.key) ?? { node, version: 0, services: [] }
  const all = latest([...(recent.get(node.key) ?? []), ...changes])
  return {
    rows: new Map(rows).set(node.key, rowAfter(row, changes)),
    recent: new Map(recent).set(node.key, all),
  }
}

/** The same maps where none of these is newer. */
function withRows({ rows, recent }: Parts, told: Iterable<RegistryRow>): Parts {
  let merged: Map<NodeKey, RegistryRow> | undefined
  const known = new Map(recent)
  for (const row of told) {
    const { key } = row.node
    if (row.version <= ((merged ?? rows).get(key)?.version ?? 0)) continue
    merged ??= new Map(rows)
    merged.set(key, row)
    known.delete(key) // What led to it is not known.
  }
  return merged ? { rows: merged, recent: known } : { rows, recent }
}

function rowAfter(
  { node, version, services }: RegistryRow,
  changes: readonly RegistryChange[],
): RegistryRow {
  let after = services
  for (const { type, key, path } of changes) {
    if (type === 'registered') after = [...after, { key, path }]
    else after = after.filter((service) => service.key !== key || service.path !== path)
  }
  return { node, version: version + changes.length, services: after }
}

/** As many of the last as may be kept. */
function latest(changes: readonly RegistryChange[]): readonly RegistryChange[] {
  let characters = 0
  const tooOld = changes.findLastIndex(({ key, path }) => {
    characters += key.length + path.length + characterPerChange
    return characters > maxRecentCharacters
  })
  return changes.slice(tooOld + 1)
}

function sortKeyOf(entry: ServiceEntry): string {
  return `${entry.key}\u0000${entry.node.key}\u0000${entry.path}`
}
