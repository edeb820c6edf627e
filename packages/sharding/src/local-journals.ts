// What an entity wrote to a journal of its node is not there when it starts on another one.
import type { NodeIdentity } from '@casty/transport'
import type { CheckedType } from './entity-type.ts'
import type { ShardRow } from './table/shard-row.ts'

/** Warns once of each type whose state stays behind when its entities move. Mutable, and of one node. */
export class LocalJournals {
  readonly #warn: (what: string) => void
  readonly #warnedOf = new Set<string>()

  constructor(warn: (what: string) => void) {
    this.#warn = warn
  }

  /** @param rows - of all shards of the type, as far as it is known who has them */
  compare(type: CheckedType, rows: readonly ShardRow[], self: NodeIdentity): void {
    const { name } = type
    if (!staysBehind(type) || this.#warnedOf.has(name)) return
    if (rows.every(({ owner }) => !owner || owner.key === self.key)) return
    this.#warnedOf.add(name)
    this.#warn(
      `Other nodes host ${name} as well, and its journal is one that only this process reaches: entities that move ` +
        'begin without what they wrote. Use a journal that all nodes reach, or replication',
    )
  }
}

/** Where copies are kept, each node is to have a journal of its own. */
function staysBehind({ journal, replication, remember }: CheckedType): boolean {
  const isJournalLocal = !replication && journal?.isLocal === true
  return isJournalLocal || remember?.journal.isLocal === true
}
