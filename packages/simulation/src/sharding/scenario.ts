// Entities on clusters where everything goes wrong: owners, whoever gives out shards, the ways between them, and the
// journal that all write to.
import type { ClusterState } from '@casty/membership'
import { passingDiskFaults } from '../faults/disk-faults.ts'
import { streamFaults } from '../faults/network-faults.ts'
import { processFaultsWithRareJumps } from '../faults/process-faults.ts'
import { seldom } from '../run/action.ts'
import { describeState } from '../membership/describe.ts'
import { shardingDiskAdditions, shardingDiskFaults } from './disk-faults.ts'
import { shardingFaults } from './faults.ts'
import { shardingHealing } from './healing.ts'
import { shardingProgram, type ShardingHost } from './host.ts'
import { lateReturns } from './late-returns.ts'
import { loneCoordinator } from './lone-coordinator.ts'
import { lostCopies } from './lost-copies.ts'
import { outsideActions, startOutsider } from './outsider.ts'
import { watchRareStates } from './rare-state-watch.ts'
import { clockRareStates, diskRareStates, shardingRareStates } from './rare-states.ts'
import { recordOf } from './record.ts'
import { rightsAreExclusive } from './rights.ts'
import { diskChoices, shardingChoices } from './settings.ts'
import { staleOwner } from './stale-owners.ts'
import type { ShardingAction, ShardingScenario } from './sharding-run.ts'
import { losses, messages, supervisor } from './watchers.ts'
import { shardingWorkload } from './workload.ts'

/** Next to what the clients do, as in the other scenarios. */
const everyFault: readonly ShardingAction[] = [
  ...shardingFaults,
  lostCopies,
  loneCoordinator,
  lateReturns,
  ...streamFaults<ShardingHost, ClusterState>(),
  ...processFaultsWithRareJumps<ShardingHost, ClusterState>((run) => {
    recordOf(run).wallJumped = true
    return true
  }),
]

/** Clocks are as wrong as they may be: at most one acts for a shard, whatever else happens. */
export const shardingScenario: ShardingScenario = shardingWith('sharding', 0.0099)

const clocks = shardingWith('sharding-clocks', 0.3, { leaseMs: [2_000, 6_000, 8_000] })
/** Clocks are off by far more than anything assumes: journals still take nothing of a former owner. */
export const shardingClocksScenario: ShardingScenario = {
  ...clocks,
  shape: { ...clocks.shape, hosts: [4, 7], clockRates: [0.7, 1.3, 1.3] },
  // What else goes wrong is rare, or there would hardly ever be a majority that gives shards away.
  actions: [...clocks.actions.map((action) => seldom(action)), staleOwner],
  rareStates: clockRareStates,
}

const disks = shardingWith('sharding-disks', 0.0099, diskChoices)
/** Copies are on the disks of nodes: what is confirmed outlives that all of them stop, and that some disks are lost. */
export const shardingDisksScenario: ShardingScenario = {
  ...disks,
  shape: { ...disks.shape, hosts: [3, 5], chaosMs: [15_000, 40_000] },
  actions: [
    ...disks.actions.map((action) => seldom(action)),
    ...passingDiskFaults<ShardingHost, ClusterState>(),
    ...shardingDiskFaults,
  ],
  additions: shardingDiskAdditions,
  rareStates: diskRareStates,
}

function shardingWith(
  name: string,
  clockDrift: number,
  settings: ShardingScenario['shape']['settings'] = {},
): ShardingScenario {
  return {
    name,
    shape: {
      hosts: [3, 7],
      chaosMs: [20_000, 60_000],
      paceMs: [200, 2_500],
      startWithinMs: 1_500,
      clockDrift,
      wallOffsetMs: 20,
      settings: { ...shardingChoices, ...settings },
    },
    actions: [...shardingWorkload, ...outsideActions, ...everyFault],
    program: shardingProgram,
    stateOf: ({ cluster }) => cluster.getState(),
    describe: describeState,
    watch: (run) => [
      supervisor(run),
      ...rightsAreExclusive(run),
      messages(run),
      losses(run),
      startOutsider(run),
      watchRareStates(run),
    ],
    rareStates: shardingRareStates,
    heal: shardingHealing,
  }
}
