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
  readonly version: number
  readonly services: readonly { readonly key: string; readonly path: string }[]
}

/**
 * Who offers which service: one row per node, so that what is withdrawn disappears everywhere and
 * what a node offered goes when the node does. It spreads apart from the members, under versions of
 * its own, so that its size never multiplies an exchange of membership.
 *
 * Immutable. A change that changes nothing returns the same instance.
 */
export class Registry {
  static readonly empty: Registry = new Registry(new Map())

  readonly rows: ReadonlyMap<NodeKey, RegistryRow>
  #digest: number | undefined
  #entries: readonly ServiceEntry[] | undefined

  private constructor(rows: ReadonlyMap<NodeKey, RegistryRow>) {
    this.rows = rows
  }

  static of(rows: Iterable<RegistryRow>): Registry {
    const map = new Map([...rows].map((row) => [row.node.key, row]))
    return map.size === 0 ? Registry.empty : new Registry(map)
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
    return Registry.of(rewritten(this.rows, node, [...services, { key, path }]))
  }

  /** Withdraws one path of a key, or all of them. */
  unregister(node: NodeIdentity, key: string, path?: string): Registry {
    const services = this.rows.get(node.key)?.services ?? []
    const kept = services.filter(
      (service) => service.key !== key || (path !== undefined && service.path !== path),
    )
    return kept.length === services.length ? this : Registry.of(rewritten(this.rows, node, kept))
  }

  /** Per node the row with the higher version. Commutative, associative, idempotent. */
  merge(rows: Iterable<RegistryRow>): Registry {
    let merged: Map<NodeKey, RegistryRow> | undefined
    for (const row of rows) {
      if (row.version <= (this.rows.get(row.node.key)?.version ?? 0)) continue
      merged ??= new Map(this.rows)
      merged.set(row.node.key, row)
    }
    return merged ? new Registry(merged) : this
  }

  /** Rows that somebody with these versions lacks. */
  newerThan(versions: ReadonlyMap<NodeKey, number>): readonly RegistryRow[] {
    return [...this.rows.values()].filter((row) => row.version > (versions.get(row.node.key) ?? 0))
  }

  restrict(allowed: (node: NodeKey) => boolean): Registry {
    if ([...this.rows.keys()].every(allowed)) return this
    return Registry.of([...this.rows.values()].filter((row) => allowed(row.node.key)))
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

/** All rows, with a next version of one node's. */
function rewritten(
  rows: Registry['rows'],
  node: NodeIdentity,
  services: RegistryRow['services'],
): Iterable<RegistryRow> {
  const version = (rows.get(node.key)?.version ?? 0) + 1
  return new Map(rows).set(node.key, { node, version, services }).values()
}

function sortKeyOf(entry: ServiceEntry): string {
  return `${entry.key}\u0000${entry.node.key}\u0000${entry.path}`
}
