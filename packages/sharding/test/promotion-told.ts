// Shards that are about to be given to somebody, and what nodes told of them.
import { NodeIdentity } from '@casty/transport'
import type { Promotion } from '../src/coordinator/promotion.ts'
import type { CensusReport, ReplicaReport } from '../src/protocol.ts'
import { unowned } from '../src/table/shard-row.ts'

/** Of records that tell of no other. */
export const census = 100
export const at = { typeName: 'kept', shard: 0, epoch: 0 }

export const addressed = (text: string): NodeIdentity => {
  return NodeIdentity.parse((text.includes('#') ? text : `${text}#1`).replace('#', ':1#'))
}

/**
 * Who wrote down that these hosts had copies, as in `a b c`, or `a#2` in its second life.
 *
 * @param isLate - whether it came late, or has yet to be filled
 * @param diskSince - its life in which its disk was new
 */
export function record(hosts: string, isLate = false, diskSince = 1): CensusReport {
  return { census, hosts: hosts.split(' ').map(addressed), isLate, namesAll: false, diskSince }
}

/**
 * Of a shard that nobody has, after a restart of all.
 *
 * @param told - by node, as in `a#2` for its second life: what it wrote down, of each census that it knows
 * @param here - who is there; all that told where it is not said
 */
export function promotionOf(
  told: Readonly<Record<string, CensusReport | readonly CensusReport[]>>,
  disks: number,
  here: readonly string[] = Object.keys(told),
): Promotion {
  const reports = Object.entries(told).map(
    ([text, report]): [NodeIdentity['key'], ReplicaReport] => {
      return [
        addressed(text).key,
        { ...at, copies: undefined, lineage: undefined, censuses: [report].flat() },
      ]
    },
  )
  return {
    ...at,
    settings: { name: 'kept', numShards: 1, replicas: 1, disks },
    census,
    row: unowned,
    hosts: here.map(addressed),
    since: 0,
    isForced: false,
    told: new Map(reports),
    isContested: false,
    isWanted: true,
    reported: 'nothing',
  }
}
