import type { SeededBug } from './bug.ts'
import { acrossBugs } from './data-centers/across.ts'
import { actorBugs } from './journal/actors.ts'
import { fileBugs } from './journal/files.ts'
import { gossipBugs } from './membership/gossip.ts'
import { leadingBugs } from './membership/leading.ts'
import { lifeBugs } from './membership/lives.ts'
import { stateBugs } from './membership/states.ts'
import { watchingBugs } from './membership/watching.ts'
import { convergingBugs } from './replicator/converging.ts'
import { outsideBugs } from './replicator/outside.ts'
import { countingBugs } from './sbr/counting.ts'
import { decidingBugs } from './sbr/deciding.ts'
import { shardCopyingBugs } from './sharding/copying.ts'
import { shardDecidingBugs } from './sharding/deciding.ts'
import { shardOwningBugs } from './sharding/owning.ts'
import { structureHoldingBugs } from './structures/holding.ts'
import { structureKeepingBugs } from './structures/keeping.ts'
import { structureDiskBugs } from './structures/on-disks.ts'
import { structureCallBugs } from './structures/rare-calls.ts'

/** Every seeded bug. A new layer adds a folder of its own. */
export const bugs: readonly SeededBug[] = [
  ...stateBugs,
  ...gossipBugs,
  ...leadingBugs,
  ...watchingBugs,
  ...lifeBugs,
  ...countingBugs,
  ...decidingBugs,
  ...acrossBugs,
  ...fileBugs,
  ...actorBugs,
  ...shardDecidingBugs,
  ...shardOwningBugs,
  ...shardCopyingBugs,
  ...structureKeepingBugs,
  ...structureHoldingBugs,
  ...structureCallBugs,
  ...structureDiskBugs,
  ...convergingBugs,
  ...outsideBugs,
]

/** @throws Error for a name that was not checked before */
export function bugNamed(name: string): SeededBug {
  const found = bugs.find((bug) => bug.name === name)
  if (found === undefined) throw new Error(`There is no seeded bug "${name}".`)
  return found
}
