// What users do with a cluster.
import type { Cluster, ClusterState } from '@casty/membership'
import { defineAction, type ActionType } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import type { MembershipRun } from './membership-run.ts'

function clusterAt(run: MembershipRun, host: string): Cluster | undefined {
  const process = run.world.running(host)
  return process === undefined || run.world.isStopped(host) ? undefined : process.program
}

export const membershipWorkload: readonly ActionType<Cluster, ClusterState>[] = [
  defineAction({
    type: 'leave',
    kind: 'workload',
    weight: 2,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      handoverMs: drawLogarithmic(random, 1, 3_000),
    }),
    perform: (run, { host, handoverMs }) => {
      const cluster = clusterAt(run, host)
      const clock = run.world.running(host)?.clock
      if (cluster === undefined || clock === undefined || run.world.processes.length < 2) return
      run.note(host, 'workload', `leave(), with a handover of ${handoverMs} ms`)
      cluster.beforeExit(
        async () => await new Promise<void>((resolve) => void clock.schedule(handoverMs, resolve)),
      )
      // It may be downed meanwhile, which is told by its end.
      cluster.leave().catch((error: unknown) => run.note(host, 'log', `leave: ${String(error)}`))
    },
  }),
  defineAction({
    type: 'down',
    kind: 'workload',
    weight: 1,
    draw: (random, hosts) => ({ by: drawOne(random, hosts), host: drawOne(random, hosts) }),
    perform: (run, { by, host }) => {
      const cluster = clusterAt(run, by)
      const member = cluster?.getState().members.find(({ address }) => address.host === host)
      if (cluster === undefined || member === undefined || by === host) return
      run.note(by, 'workload', `down(${member.key})`)
      cluster.down(member.node)
    },
  }),
  defineAction({
    type: 'register',
    kind: 'workload',
    weight: 1,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      key: `service-${drawInteger(random, 1, 3)}`,
      forMs: drawInteger(random, 100, 10_000),
    }),
    perform: (run, { host, key, forMs }) => {
      const cluster = clusterAt(run, host)
      if (cluster?.selfMember === undefined) return
      run.note(host, 'workload', `offers ${key} for ${forMs} ms`)
      const offer = cluster.registerService(key, '/')
      run.world.clock.schedule(forMs, () => {
        if (clusterAt(run, host) === cluster) offer[Symbol.dispose]()
      })
    },
  }),
  defineAction({
    type: 'allocate',
    kind: 'workload',
    weight: 1,
    draw: (random, hosts) => ({ host: drawOne(random, hosts), shards: drawInteger(random, 1, 5) }),
    perform: (run, { host, shards }) => {
      const cluster = clusterAt(run, host)
      if (cluster?.selfMember === undefined) return
      const { allocationEpoch } = cluster.getState()
      const primary = cluster.self
      const table = Array.from(
        { length: shards },
        (_, shard) => [shard, { primary, replicas: [] }] as const,
      )
      run.note(host, 'workload', `allocates ${shards} shards at epoch ${allocationEpoch + 1}`)
      cluster.publishAllocations('counter', new Map(table), allocationEpoch + 1)
    },
  }),
]
