// A cut along who knows what: at the moment when one leader has decided that somebody is up, or exiting,
// and nobody else has heard of it. There two sides count differently, which a cut at any other time hardly
// ever comes to.
import type { Cluster, ClusterState, MemberStatus } from '@casty/membership'
import type { MembershipRun } from '../membership/membership-run.ts'
import { leave } from '../membership/workload.ts'
import { defineAction, type ActionType } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawSome } from '../world/seeds.ts'
import { drawMode, splitBy } from './partition-faults.ts'
import { restart } from './races.ts'

/** News needs longer for its way to another host. */
const lookEveryMs = 1
/** Whoever joins, or leaves, has been decided on by then, or will not be soon. */
const decidedWithinMs = 4_000

export const splitAsNewsSpreads: ActionType<Cluster, ClusterState> = defineAction({
  type: 'split-as-news-spreads',
  kind: 'fault',
  weight: 4,
  draw: (random, hosts) => {
    const movers = drawSome(random, hosts, drawInteger(random, 1, Math.min(3, hosts.length - 1)))
    const leaving = random() < 0.5 ? 1 : 0
    return {
      // As sides are written, which is how a host is left out of lists.
      leavers: movers.slice(0, leaving).map((host) => ` ${host}`),
      joiners: movers.slice(leaving).map((host) => ` ${host}`),
      lagMs: drawLogarithmic(random, 1, 200),
      // Of all others, how many come to the side of the one who knows: about half of them, mostly.
      share: random() < 0.7 ? 0.5 : random(),
      mode: drawMode(random),
      forMs: drawInteger(random, 15_000, 45_000),
    }
  },
  perform: (run, { leavers, joiners, lagMs, share, mode, forMs }) => {
    const { world } = run
    const [joining, going] = [joiners, leavers].map((list) => list.map((one) => one.slice(1)))
    for (const host of joining ?? []) restart(run, host)
    world.clock.schedule(lagMs, () => {
      for (const host of going ?? []) if (!run.isHealing) leave(run, host, 2_000)
    })
    onceKnownToOne(run, { joining: joining ?? [], going: going ?? [] }, (knower) => {
      const others = world.hosts.filter((host) => host !== knower)
      const free = others.filter((host) => !joining?.includes(host) && !going?.includes(host))
      const mine = new Set([knower, ...(joining ?? []), ...free.slice(0, sizeOf(share, free))])
      const sides = world.hosts.map((host) => `${mine.has(host) ? 1 : 2}${host}`)
      splitBy(run, sides, mode, forMs)
    })
  },
})

/** Of three or five, the smaller half: with whoever has come up it is as large as the other. */
function sizeOf(share: number, free: readonly string[]): number {
  return Math.floor(share * free.length)
}

function onceKnownToOne(
  run: MembershipRun,
  { joining, going }: { readonly joining: readonly string[]; readonly going: readonly string[] },
  strike: (knower: string) => void,
): void {
  const { world } = run
  const until = world.now + decidedWithinMs
  const knows = (state: ClusterState | undefined, host: string, status: MemberStatus): boolean => {
    const self = world.running(host)?.program?.self
    return self !== undefined && state?.member(self)?.status === status
  }
  const news = [
    ...joining.map((host) => ({ host, status: 'up' as const })),
    ...going.map((host) => ({ host, status: 'exiting' as const })),
  ]
  const look = (): void => {
    if (run.isHealing || world.now > until) return
    for (const { host, status } of news) {
      const [knower, ...others] = world.processes.filter(
        (process) => process.host !== host && knows(process.program?.getState(), host, status),
      )
      if (knower === undefined || others.length > 0 || going.includes(knower.host)) continue
      strike(knower.host)
      return
    }
    world.clock.schedule(lookEveryMs, look)
  }
  look()
}
