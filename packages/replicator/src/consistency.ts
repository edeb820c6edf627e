import { ReplicatorError } from './errors.ts'
import { checkNames } from './options.ts'

/**
 * How many nodes must have a write, or be asked for a read, this one among them. Where a write and a later read
 * together take more nodes than there are (both `majority`, say), the read sees the write.
 *
 * - `local`: this node alone; nothing is waited for.
 * - `majority`: more than half of the nodes. `atLeast` keeps it above a number in small clusters, `additional` adds some.
 * - `all`: every node, also those out of reach.
 * - `nodes`: that many.
 */
export type Consistency =
  | 'local'
  | 'majority'
  | 'all'
  | { readonly nodes: number }
  | { readonly additional?: number; readonly atLeast?: number }

/**
 * How many of `nodes` are a majority.
 *
 * @param atLeast - not fewer than these, if there are as many
 * @param additional - so many more than half
 */
export function majorityOf(nodes: number, atLeast = 0, additional = 0): number {
  return Math.min(nodes, Math.max(Math.floor(nodes / 2) + 1 + additional, atLeast))
}

/**
 * How many nodes a call takes, of so many that there are.
 *
 * @throws ReplicatorError `CASTY_REPLICATOR_INVALID_OPTION`
 */
export function nodesNeeded(consistency: Consistency, nodes: number): number {
  if (consistency === 'local') return 1
  if (consistency === 'majority') return majorityOf(nodes)
  if (consistency === 'all') return nodes
  if (typeof consistency !== 'object' || consistency === null) {
    throw ReplicatorError.invalidOption(
      'consistency',
      consistency,
      'local, majority, all, or an object with nodes, additional or atLeast',
    )
  }
  if ('nodes' in consistency) {
    checkNames('a consistency', consistency, ['nodes'])
    return wholeCount('nodes', consistency.nodes, 1)
  }
  checkNames('a consistency', consistency, ['nodes', 'atLeast', 'additional'])
  const { atLeast = 0, additional = 0 } = consistency
  return majorityOf(
    nodes,
    wholeCount('atLeast', atLeast, 0),
    wholeCount('additional', additional, 0),
  )
}

function wholeCount(option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw ReplicatorError.invalidOption(option, value, `an integer of at least ${least}`)
}
