// A cut that leaves a smaller half to which others come while it is decided: they are members on that side,
// and the other side has never heard of them.
import type { Cluster, ClusterState } from '@casty/membership'
import type { MembershipRun } from '../membership/membership-run.ts'
import { defineAction, type ActionType } from '../run/action.ts'
import { drawInteger, drawSome } from '../world/seeds.ts'
import { lookUntil } from './look-until.ts'
import { drawMode, splitBy } from './partition-faults.ts'
import { stage } from './staged.ts'

/** Who has crashed has been found, decided on and removed by then, or will not be soon. */
const removedWithinMs = 20_000
const lookEveryMs = 50

export const splitBeforeJoining: ActionType<Cluster, ClusterState> = defineAction({
  type: 'split-before-joining',
  kind: 'fault',
  weight: 2,
  draw: (random, hosts) => {
    const inOrder = drawSome(random, hosts, hosts.length)
    const late = drawInteger(random, 1, Math.max(1, Math.min(2, hosts.length - 2)))
    const here = Math.max(1, Math.floor((hosts.length - late) / 2))
    return {
      late: inOrder.slice(0, late).map((host) => ` ${host}`),
      sides: inOrder.map((host, index) => `${index < late + here ? 1 : 2}${host}`),
      // Of the time in which a split is found out and decided.
      afterMs: drawInteger(random, 0, 7_000),
      mode: drawMode(random),
      forMs: drawInteger(random, 12_000, 25_000),
    }
  },
  perform: (run, { late, sides, afterMs, mode, forMs }) => {
    const { world } = run
    const joiners = late.map((host) => host.slice(1))
    stage(run, removedWithinMs + forMs, () => {
      for (const host of joiners) world.crash(host)
      lookUntil(run, world.now + removedWithinMs, lookEveryMs, () => {
        if (!joiners.every((host) => isGone(run, host))) return false
        splitBy(run, sides, mode, forMs)
        run.later(afterMs, () => {
          for (const host of joiners) world.start(host)
        })
        return true
      })
    })
  },
})

/** It does not run, and nobody knows of a member there. */
export function isGone({ world }: MembershipRun, host: string): boolean {
  const isKnown = (state: ClusterState | undefined): boolean =>
    state?.members.some(({ address }) => address.host === host) === true
  const isRunning = world.running(host) !== undefined
  return !isRunning && !world.processes.some(({ program }) => isKnown(program?.getState()))
}
