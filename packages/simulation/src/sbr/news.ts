// A cut along who knows what: at the moment when one leader has decided that somebody is up, or exiting,
// and nobody else has heard of it. There two sides count differently, which a cut at any other time hardly
// ever comes to.
//
// Two majorities are there where one side alone knows that one of its members is up, or that one of the
// others is exiting. Two quorums of half the hosts take both, decided in one step, for the leader takes
// no next step before all others have seen the last one. It does so when one of these stands still for a
// moment: by then, joiners have seen that others are leaving.
import type { Random } from '@casty/clock'
import type { Cluster, ClusterState, MemberStatus } from '@casty/membership'
import type { MembershipRun } from '../membership/membership-run.ts'
import { defineAction, type ActionType } from '../run/action.ts'
import { drawInteger, drawSome } from '../world/seeds.ts'
import { lookUntil } from './look-until.ts'
import { drawMode, splitBy } from './partition-faults.ts'
import { restart } from './races.ts'
import { leaveStage, stage } from './staged.ts'

/** Whoever joins, or leaves, has been decided on by then, or will not be soon. */
const decidedWithinMs = 4_000
/** News needs longer for its way to another host. */
const lookEveryMs = 1
/** Long enough for joiners to see what there is to see, too short to be suspected. */
const standstillMs = 400
/** Longer than it takes to find out that there is a split, and to decide. */
const handoverMs = 25_000
/** The oldest leads no more when it comes back; the one with the lowest address always would. */
const mostTries = 5

/** Somebody comes up, or is let go. */
const splitAsOneMoves = splitAsNewsSpreads('split-as-one-moves', (random) => {
  const leaving = random() < 0.4 ? 1 : 0
  return { leaving, joining: leaving === 1 ? 0 : drawInteger(random, 1, 2) }
})

/** Somebody comes up and somebody is let go, in one step. One more looks on, besides the leader. */
const splitAsTwoMove = splitAsNewsSpreads('split-as-two-move', (random, { length }) => ({
  leaving: 1,
  joining: drawInteger(random, 1, Math.max(1, Math.min(2, length - 3))),
}))

export const newsFaults: readonly ActionType<Cluster, ClusterState>[] = [
  splitAsOneMoves,
  splitAsTwoMove,
]

function splitAsNewsSpreads(
  type: string,
  drawMoves: (
    random: Random,
    hosts: readonly string[],
  ) => { readonly leaving: number; readonly joining: number },
): ActionType<Cluster, ClusterState> {
  return defineAction({
    type,
    kind: 'fault',
    weight: 3,
    draw: (random, hosts) => {
      const { leaving, joining } = drawMoves(random, hosts)
      const movers = drawSome(random, hosts, Math.min(leaving + joining, hosts.length - 1))
      const sided = movers.map((host) => ` ${host}`)
      return {
        // As sides are written, which is how a host is left out of lists.
        leavers: sided.slice(0, leaving),
        joiners: sided.slice(leaving),
        // Of all others, as many come to the side of the one who knows as make it no more than half by what
        // the others know; or any number.
        share: random() < 0.8 ? 0.5 : random(),
        mode: drawMode(random),
        forMs: drawInteger(random, 12_000, 25_000),
      }
    },
    perform: (run, { leavers, joiners, share, mode, forMs }) => {
      const news: News = { joining: namesOf(joiners), leaving: namesOf(leavers) }
      attempt(run, news, forMs, (knower) => {
        run.note(knower, 'fault', `is the first to know of${[...joiners, ...leavers].join()}`)
        splitBy(run, sidesAround(run, knower, news, share), mode, forMs)
      })
    },
  })
}

type Strike = (knower: string) => void

interface News {
  readonly joining: readonly string[]
  readonly leaving: readonly string[]
}

function namesOf(sided: readonly string[]): readonly string[] {
  return sided.map((host) => host.slice(1))
}

/** Again and again, until all of it is known to one alone: then strikes. */
function attempt(
  run: MembershipRun,
  news: News,
  lastsMs: number,
  strike: Strike,
  triesLeft: number = mostTries,
): void {
  const { world } = run
  stage(run, lastsMs, () => {
    const handover = move(run, news)
    lookUntil(run, world.now + decidedWithinMs, lookEveryMs, () => {
      const who = knowersOf(run, news)
      if (who === 'nobody') return false
      if (who === 'several') {
        handover.end()
        onceGone(run, news.leaving, () => {
          leaveStage(run)
          if (triesLeft > 1) attempt(run, news, lastsMs, strike, triesLeft - 1)
        })
      } else strike(who.alone)
      return true
    })
  })
}

/** Whoever leaves still runs for a while; the next attempt starts only those who do not. */
function onceGone(run: MembershipRun, hosts: readonly string[], then: () => void): void {
  const { world } = run
  lookUntil(run, world.now + decidedWithinMs, lookEveryMs, () => {
    if (hosts.some((host) => world.running(host) !== undefined)) return false
    then()
    return true
  })
}

/** What those who leave wait for. */
interface Handover {
  end(): void
}

/** Whoever leaves does so as soon as joiners know that they join, which is before they are decided on. */
function move(run: MembershipRun, news: News): Handover {
  const { world } = run
  const { joining, leaving } = news
  const leader = world.processes[0]?.program?.getState().leader?.address.host
  const bystander = bystanders(run, news).find((host) => host !== leader)
  if (bystander !== undefined) world.pause(bystander, standstillMs)
  let end = (): void => {}
  const handover = new Promise<void>((resolve) => {
    end = resolve
    // Not by a clock of theirs, where it would be left behind if they end before.
    world.clock.schedule(handoverMs, resolve)
  })
  for (const host of joining) restart(run, host)
  lookUntil(run, world.now + decidedWithinMs, lookEveryMs, () => {
    if (joining.some((host) => world.running(host)?.program?.selfMember === undefined)) return false
    for (const host of leaving) leave(run, host, handover)
    return true
  })
  return { end }
}

/** It is there, and counted by those who know no better, until its handover ends. */
function leave(run: MembershipRun, host: string, handover: Promise<void>): void {
  const cluster = run.world.isStopped(host) ? undefined : run.world.running(host)?.program
  if (cluster?.selfMember === undefined) return
  run.note(host, 'workload', 'leave(), with a long handover')
  cluster.beforeExit(async () => await handover)
  // It may be downed meanwhile, which is told by its end.
  cluster.leave().catch(() => {})
}

/** Who knows of news: nobody of any; one of all; or several, or of some alone. */
function knowersOf(
  { world }: MembershipRun,
  { joining, leaving }: News,
): 'nobody' | 'several' | { readonly alone: string } {
  const knowersFor = (host: string, status: MemberStatus): readonly string[] => {
    const self = world.running(host)?.program?.self
    if (self === undefined) return []
    return world.processes
      .filter(({ program }) => program?.getState().member(self)?.status === status)
      .map((process) => process.host)
  }
  const knowers = [
    ...joining.map((host) => knowersFor(host, 'up')),
    ...leaving.map((host) => knowersFor(host, 'exiting')),
  ]
  const [alone, ...others] = new Set(knowers.flat())
  if (alone === undefined) return 'nobody'
  const isAlone = others.length === 0 && knowers.every(({ length }) => length === 1)
  return isAlone && !leaving.includes(alone) ? { alone } : 'several'
}

function bystanders({ world }: MembershipRun, { joining, leaving }: News): readonly string[] {
  return world.hosts.filter((host) => !joining.includes(host) && !leaving.includes(host))
}

/** Who has come up is on the side of the one who knows, who leaves is on the other. */
function sidesAround(
  run: MembershipRun,
  knower: string,
  news: News,
  share: number,
): readonly string[] {
  const free = bystanders(run, news).filter((host) => host !== knower)
  const size =
    share === 0.5
      ? Math.floor(Math.max(0, free.length - 1) / 2)
      : Math.floor(share * (free.length + 1))
  const mine = new Set([knower, ...news.joining, ...free.slice(free.length - size)])
  return run.world.hosts.map((host) => `${mine.has(host) ? 1 : 2}${host}`)
}
