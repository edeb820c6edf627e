// Who is to decide stands still just before, and goes on when it is over. What it saw before is no ground
// for a decision any more, least of all where it stood still for a moment already and distrusts itself; and
// meanwhile the others have to see to their side, also where they hear of those whom they have lost.
import type { Random } from '@casty/clock'
import type { Cluster, ClusterState } from '@casty/membership'
import { isSbrExplanation } from '@casty/sbr'
import { across, disturb } from '../faults/network-faults.ts'
import type { MembershipRun } from '../membership/membership-run.ts'
import { defineAction, type ActionType } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import type { Link } from '../world/links.ts'
import type { SimulatedProcess } from '../world/simulated-process.ts'
import type { ResumeOrder } from '../world/standstills.ts'
import { lookUntil } from './look-until.ts'
import { drawMode, drawShape } from './partition-faults.ts'

const orders: readonly ResumeOrder[] = ['timers-first', 'sockets-first']
/** Found out and decided by then. */
const decidedWithinMs = 25_000
const lookEveryMs = 50

export const stoppedDeciders: readonly ActionType<Cluster, ClusterState>[] = [
  stopDeciders('stop-deciders', (random) => ({
    bridges: [],
    beforeMs: drawLogarithmic(random, 100, 1_500),
    frozenMs: drawInteger(random, 3_500, 12_000),
    shakenMs: random() < 0.4 ? 0 : drawInteger(random, 1_000, 2_500),
  })),
  stopDeciders('stop-deciders-amid-news', (random, hosts) => ({
    bridges: [` ${drawOne(random, hosts)}`],
    // Too late for the others to find it out before they have to decide.
    beforeMs: drawInteger(random, 100, 250),
    frozenMs: drawInteger(random, 5_000, 9_000),
    shakenMs: 0,
  })),
]

/** What tells one such fault from another. */
interface Standstill {
  /** These hosts keep all their links, so that news goes around; as sides are written. */
  readonly bridges: readonly string[]
  /** How long before it would decide somebody stands still, and for how long. */
  readonly beforeMs: number
  readonly frozenMs: number
  /** As soon as there is something to decide, it stands still for so long; or not, for 0. */
  readonly shakenMs: number
}

function stopDeciders(
  type: string,
  drawStandstill: (random: Random, hosts: readonly string[]) => Standstill,
): ActionType<Cluster, ClusterState> {
  return defineAction({
    type,
    kind: 'fault',
    weight: 5,
    draw: (random, hosts) => ({
      sides: drawShape(random, hosts),
      mode: drawMode(random),
      forMs: drawInteger(random, 20_000, 35_000),
      order: drawOne(random, orders),
      ...drawStandstill(random, hosts),
    }),
    perform: (run, { sides, mode, forMs, order, ...standstill }) => {
      const isCut = ({ from, to }: Link): boolean =>
        [from, to].every((host) => !standstill.bridges.includes(` ${host}`))
      disturb(run, across(sides, false).filter(isCut), { type: 'cut', mode }, forMs)
      stopEach(run, standstill, order)
    },
  })
}

/** Each one who is to decide, once. */
function stopEach(
  run: MembershipRun,
  { bridges, beforeMs, frozenMs, shakenMs }: Standstill,
  order: ResumeOrder,
): void {
  const { world } = run
  const [shaken, frozen] = [new Set<unknown>(), new Set<unknown>()]
  const pause = ({ host }: SimulatedProcess<Cluster>, forMs: number): void => {
    run.note(host, 'fault', `is to decide: pause for ${forMs} ms, ${order}`)
    world.pause(host, forMs, { order })
  }
  lookUntil(run, world.now + decidedWithinMs, lookEveryMs, () => {
    for (const process of world.processes) {
      const isBridge = bridges.includes(` ${process.host}`)
      if (isBridge || world.isStopped(process.host) || frozen.has(process)) continue
      const dueInMs = decidesInMs(process)
      if (dueInMs === undefined) continue
      if (shakenMs > 0 && !shaken.has(process)) {
        shaken.add(process)
        pause(process, shakenMs)
      } else if (dueInMs <= beforeMs) {
        frozen.add(process)
        pause(process, frozenMs)
      }
    }
    return false
  })
}

/** In how long a process decides for its side, where it is to and something is to be decided. */
function decidesInMs({ program }: SimulatedProcess<Cluster>): number | undefined {
  const { downing } = program?.explain() ?? {}
  return isSbrExplanation(downing) && downing.isResponsible ? downing.decidesInMs : undefined
}
