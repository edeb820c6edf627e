// What users do with a cluster.
import { youngest, type Cluster, type ClusterState } from '@casty/membership'
import { defineAction, type ActionType } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import type { MembershipRun } from './membership-run.ts'

function clusterAt(run: MembershipRun, host: string): Cluster | undefined {
  const process = run.world.running(host)
  return process === undefined || run.world.isStopped(host) ? undefined : process.program
}

/** What a run of independent faults hardly ever comes to: an end just when others count on it. */
const untimelyEnds: readonly ActionType<Cluster, ClusterState>[] = [
  defineAction({
    type: 'lose-leader',
    kind: 'fault',
    weight: 1,
    draw: (random, hosts) => ({
      joiner: drawOne(random, hosts),
      afterMs: drawLogarithmic(random, 1, 1_000),
    }),
    perform: (run, { joiner, afterMs }) => {
      const { world } = run
      const [first] = world.processes
      const leader = first?.program?.getState().leader?.address.host
      if (leader === undefined || leader === joiner) return
      run.note(leader, 'fault', `crashes ${afterMs} ms after ${joiner} has started`)
      world.crash(joiner)
      world.start(joiner)
      run.later(afterMs, () => world.crash(leader))
    },
  }),
  defineAction({
    type: 'lose-decider',
    kind: 'fault',
    weight: 1,
    draw: (random, hosts) => ({
      joiner: drawOne(random, hosts),
      standsStillMs: drawInteger(random, 300, 1_500),
      backAfterMs: drawLogarithmic(random, 1, 1_000),
    }),
    perform: (run, { joiner, standsStillMs, backAfterMs }) => {
      const { world } = run
      if (world.processes.length < 3) return
      world.crash(joiner)
      world.start(joiner)
      onceKnownToJoinerAlone(run, joiner, (decider) => {
        run.note(decider, 'fault', `crashes, and with it all who know that ${joiner} is up`)
        world.crash(decider)
        world.pause(joiner, standsStillMs)
        run.later(backAfterMs, () => world.start(decider))
      })
    },
  }),
  defineAction({
    type: 'replace-youngest',
    kind: 'workload',
    weight: 1,
    draw: (random, hosts) => ({
      joiner: drawOne(random, hosts),
      handoverMs: drawLogarithmic(random, 10, 3_000),
    }),
    perform: (run, { joiner, handoverMs }) => {
      const { world } = run
      const members = world.processes
        .find(({ host }) => host !== joiner)
        ?.program?.getState().members
      const leaver = youngest(members ?? [])?.address.host
      if (leaver === undefined || leaver === joiner) return
      world.crash(joiner)
      world.start(joiner)
      leave(run, leaver, handoverMs)
    },
  }),
  defineAction({
    type: 'die-leaving',
    kind: 'fault',
    weight: 1,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      handoverMs: drawInteger(random, 1_000, 3_000),
      afterMs: drawLogarithmic(random, 1, 3_000),
    }),
    perform: (run, { host, handoverMs, afterMs }) => {
      if (run.world.processes.length < 2) return
      if (leave(run, host, handoverMs)) {
        run.later(afterMs, () => run.world.crash(host))
      }
    },
  }),
  defineAction({
    type: 'down-cut-off',
    kind: 'fault',
    weight: 1,
    draw: (random, hosts) => ({
      by: drawOne(random, hosts),
      host: drawOne(random, hosts),
      mode: drawOne(random, ['silent', 'reset'] as const),
      forMs: drawLogarithmic(random, 5_000, 30_000),
      share: random(),
    }),
    perform: (run, { by, host, mode, forMs, share }) => {
      if (by === host || clusterAt(run, host) === undefined) return
      run.note(host, 'fault', `is cut off for ${forMs} ms, and downed by ${by} meanwhile`)
      for (const other of run.world.hosts.filter((one) => one !== host)) {
        run.world.disturb({ from: host, to: other }, { type: 'cut', mode }, forMs)
        run.world.disturb({ from: other, to: host }, { type: 'cut', mode }, forMs)
      }
      run.later(forMs * share, () => down(run, by, host))
    },
  }),
]

/** Who decides is looked for so often: news needs longer for its way to another host. */
const lookEveryMs = 1
/** Whoever joins has become up by then, or will not soon. */
const decidedWithinMs = 3_000

/** A joiner has learned that it is up, and of the others nobody knows but whoever decided it. */
function onceKnownToJoinerAlone(
  run: MembershipRun,
  joiner: string,
  strike: (decider: string) => void,
): void {
  const { world } = run
  const process = world.running(joiner)
  const until = world.now + decidedWithinMs
  const look = (): void => {
    if (process?.isRunning !== true || run.isHealing || world.now > until) return
    const self = process.program?.selfMember
    if (self?.status !== 'up') {
      world.clock.schedule(lookEveryMs, look)
      return
    }
    const [decider, ...others] = world.processes.filter(
      (other) => other !== process && run.stateOf(other)?.member(self.node)?.status === 'up',
    )
    if (decider !== undefined && others.length === 0) strike(decider.host)
  }
  look()
}

function down(run: MembershipRun, by: string, host: string): void {
  const cluster = clusterAt(run, by)
  const member = cluster?.getState().members.find(({ address }) => address.host === host)
  if (cluster === undefined || member === undefined || by === host) return
  run.note(by, 'workload', `down(${member.key})`)
  cluster.down(member.node)
}

/** Has a host leave, and hand over first for so long; false where nobody can leave. */
export function leave(run: MembershipRun, host: string, handoverMs: number): boolean {
  const cluster = clusterAt(run, host)
  const clock = run.world.running(host)?.clock
  if (cluster === undefined || clock === undefined) return false
  run.note(host, 'workload', `leave(), with a handover of ${handoverMs} ms`)
  cluster.beforeExit(
    async () => await new Promise<void>((resolve) => void clock.schedule(handoverMs, resolve)),
  )
  // It may be downed meanwhile, which is told by its end.
  cluster.leave().catch((error: unknown) => run.note(host, 'log', `leave: ${String(error)}`))
  return true
}

/** Somebody leaves in good order. */
export const leaveAction: ActionType<Cluster, ClusterState> = defineAction({
  type: 'leave',
  kind: 'workload',
  weight: 2,
  draw: (random, hosts) => ({
    host: drawOne(random, hosts),
    handoverMs: drawLogarithmic(random, 1, 3_000),
  }),
  perform: (run, { host, handoverMs }) => {
    if (run.world.processes.length > 1) leave(run, host, handoverMs)
  },
})

export const membershipWorkload: readonly ActionType<Cluster, ClusterState>[] = [
  leaveAction,
  defineAction({
    type: 'down',
    kind: 'workload',
    weight: 1,
    draw: (random, hosts) => ({ by: drawOne(random, hosts), host: drawOne(random, hosts) }),
    perform: (run, { by, host }) => down(run, by, host),
  }),
  ...untimelyEnds,
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
    // Often two at once, as where each takes itself for the one who allocates.
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      rival: drawOne(random, hosts),
      shards: drawInteger(random, 1, 5),
    }),
    perform: (run, { host, rival, shards }) => {
      for (const one of new Set([host, rival])) allocate(run, one, shards)
    },
  }),
]

function allocate(run: MembershipRun, host: string, shards: number): void {
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
}
