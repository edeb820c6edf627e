// Who has copies of which lineage of a shard, as people are told.
import type { GivenUpLineage } from './protocol.ts'

/** Copies of a shard that were begun by one owner, as far as nodes have told. */
export interface LineageCopies {
  readonly lineage: number
  /** Who has them. */
  readonly nodes: readonly string[]
}

export function lineageCopies({ lineage, nodes }: GivenUpLineage): LineageCopies {
  return { lineage, nodes: nodes.map(String) }
}

/** For a list of several. */
export function textOfLineage({ lineage, nodes }: LineageCopies): string {
  return `${lineage}, with ${nodes.join(' and ')}`
}
