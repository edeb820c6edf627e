// What people do, wisely or not.
import type { Cluster, ClusterState } from '@casty/membership'
import type { MembershipRun } from '../membership/membership-run.ts'
import { settingsOf } from '../membership/settings.ts'
import { defineAction, type ActionType } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import { drawMode, drawShape, splitBy } from './partition-faults.ts'
import { recordOf } from './record.ts'

export const handDowns: readonly ActionType<Cluster, ClusterState>[] = [
  defineAction({
    type: 'down-the-dead',
    kind: 'workload',
    weight: 1,
    draw: (random, hosts) => ({ by: drawOne(random, hosts) }),
    perform: (run, { by }) => {
      const dead = run.world.hosts.filter((host) => run.world.running(host) === undefined)
      for (const host of dead) downByHand(run, by, host)
    },
  }),
  defineAction({
    type: 'down-both-sides',
    kind: 'workload',
    weight: 2,
    draw: (random, hosts) => ({
      sides: drawShape(random, hosts),
      mode: drawMode(random),
      // From before it is noticed to after one side is gone.
      afterMs: drawLogarithmic(random, 500, 15_000),
      forMs: drawInteger(random, 15_000, 45_000),
    }),
    perform: (run, { sides, mode, afterMs, forMs }) => {
      // Sides that have forgotten each other do not look for each other.
      if (settingsOf(run).forgets) return
      splitBy(run, sides, mode, forMs)
      run.world.clock.schedule(afterMs, () => {
        if (!run.isHealing) downAcross(run, sides)
      })
    },
  }),
]

/** Somebody of each side gives up all the others. */
function downAcross(run: MembershipRun, sides: readonly string[]): void {
  for (const side of new Set(sides.map((sided) => sided.charAt(0)))) {
    const isHere = (host: string): boolean => sides.includes(`${side}${host}`)
    const by = run.world.processes.find(({ host }) => isHere(host))
    if (by === undefined) continue
    for (const host of run.world.hosts) if (!isHere(host)) downByHand(run, by.host, host)
  }
}

function downByHand(run: MembershipRun, by: string, host: string): void {
  const cluster = run.world.isStopped(by) ? undefined : run.world.running(by)?.program
  const member = cluster?.getState().members.find(({ address }) => address.host === host)
  if (cluster?.selfMember === undefined || member === undefined) return
  run.note(by, 'workload', `down(${member.key})`)
  if (run.world.running(host)?.program?.self.equals(member.node) === true) {
    recordOf(run).handDownedAt ??= run.world.now
  }
  cluster.down(member.node)
}
