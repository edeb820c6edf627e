import type { Cluster, ClusterConfig } from '@casty/membership'
import {
  downAll,
  inMemoryLease,
  keepMajority,
  keepOldest,
  keepReferee,
  leaseMajority,
  leaseName,
  splitBrainResolver,
  staticQuorum,
  type DowningStrategy,
  type StoredLease,
} from '@casty/sbr'
import { clusterProgram } from '../membership/cluster-program.ts'
import type { MembershipRun } from '../membership/membership-run.ts'
import { addressOf } from '../world/addresses.ts'
import type { Program, Surroundings } from '../world/simulated-process.ts'
import { recordOf } from './record.ts'
import { membershipSettings, quorumOf, refereeOf, rolesOf, splitBrainSettings } from './settings.ts'

/**
 * Nodes of a cluster that resolve split brains by the strategy of the plan.
 *
 * @param configOf - what else each host is told
 */
export function splitBrainProgram(
  run: MembershipRun,
  configOf: (host: string) => Partial<ClusterConfig> = (host) => ({
    ...membershipSettings(run.plan),
    roles: rolesOf(run, host),
  }),
): Program<Cluster> {
  const { stableAfterMs, downAllWhenUnstable } = splitBrainSettings(run.plan)
  const seeds = run.world.hosts.map((host) => addressOf(host).toString())
  const record = recordOf(run)
  return async (surroundings) => {
    const { host } = surroundings
    const { strategy, lease } = strategyOf(run, surroundings)
    const downing = splitBrainResolver({
      strategy,
      stableAfterMs,
      downAllWhenUnstable,
      onRuling: (ruling) => {
        run.note(host, 'log', `${ruling.cause}: ${ruling.reason}`)
        record.add({ at: run.world.now, host, by: ruling.view.self, ruling })
      },
    })
    record.marginMs = downing.downRemovalMarginMs
    const cluster = await clusterProgram(() => seeds, {
      ...configOf(host),
      downing,
    })(surroundings)
    cluster.subscribe((event) => {
      if (event.type === 'cluster-shutting-down') void lease?.[Symbol.asyncDispose]()
    })
    return cluster
  }
}

/** The lease that all nodes of a run ask for. */
export const leaseOfAll: string = leaseName('casty')

/** Names a process to the store of the lease. */
export function leaseOwner({
  host,
  life,
}: {
  readonly host: string
  readonly life: number
}): string {
  return `${host} ${life}`
}

interface Chosen {
  readonly strategy: DowningStrategy
  /** To be disposed of with the node. */
  readonly lease?: StoredLease
}

function strategyOf(run: MembershipRun, surroundings: Surroundings): Chosen {
  const { strategy, role: name, downIfAlone } = splitBrainSettings(run.plan)
  const role = name === '' ? {} : { role: name }
  switch (strategy) {
    case 'keep-majority':
      return { strategy: keepMajority(role) }
    case 'keep-oldest':
      return { strategy: keepOldest({ ...role, downIfAlone }) }
    case 'static-quorum':
      return { strategy: staticQuorum({ ...role, quorumSize: quorumOf(run) }) }
    case 'keep-referee':
      return { strategy: keepReferee({ referee: addressOf(refereeOf(run)).toString() }) }
    case 'lease-majority': {
      const { leases } = recordOf(run)
      const owner = leaseOwner(surroundings)
      const { clock } = surroundings
      const lease = inMemoryLease({ leases, name: leaseOfAll, owner, clock })
      return { strategy: leaseMajority({ ...role, lease }), lease }
    }
    case 'down-all':
      return { strategy: downAll() }
  }
}
