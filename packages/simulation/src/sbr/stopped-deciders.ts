// Who is to decide stands still just before, and goes on when it is over. What it saw before is no ground
// for a decision any more; and meanwhile the others have to see to their side, also where they hear of
// those whom they have lost. That takes seven hosts or more: of fewer, too many reach the one who passes on the
// news for anybody to be lost.
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

/** What comes in while it stood still may be read before it finds out that it did. */
const orders: readonly ResumeOrder[] = ['timers-first', 'sockets-first', 'sockets-first']
/** Found out and decided by then. */
const decidedWithinMs = 25_000
const lookEveryMs = 50

export const stoppedDeciders: readonly ActionType<Cluster, ClusterState>[] = [
  stopDeciders('stop-deciders', (random) => ({
    bridges: [],
    beforeMs: drawLogarithmic(random, 100, 1_500),
    // Mostly for as long as the others need to find it out: what they say of it is the first that it hears,
    // before it finds out itself.
    frozenMs:
      random() < 0.8 ? drawInteger(random, 4_000, 4_800) : drawInteger(random, 3_100, 12_000),
  })),
  stopDeciders('stop-deciders-amid-news', (random, hosts) => ({
    bridges: [` ${drawOne(random, hosts)}`],
    // Too late for the others to find it out before they have to decide.
    beforeMs: drawInteger(random, 100, 250),
    frozenMs: drawInteger(random, 5_000, 9_000),
  })),
]

/** What tells one such fault from another. */
interface Standstill {
  /** These hosts keep all their links, so that news goes around; as sides are written. */
  readonly bridges: readonly string[]
  /** How long before it would decide somebody stands still, and for how long. */
  readonly beforeMs: number
  readonly frozenMs: number
}

function stopDeciders(
  type: string,
  drawStandstill: (random: Random, hosts: readonly string[]) => Standstill,
): ActionType<Cluster, ClusterState> {
  return defineAction({
    type,
    kind: 'fault',
    weight: 6,
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
  { bridges, beforeMs, frozenMs }: Standstill,
  order: ResumeOrder,
): void {
  const { world } = run
  const frozen = new Set<SimulatedProcess<Cluster>>()
  lookUntil(run, world.now + decidedWithinMs, lookEveryMs, () => {
    for (const process of world.processes) {
      const isBridge = bridges.includes(` ${process.host}`)
      if (isBridge || world.isStopped(process.host) || frozen.has(process)) continue
      if (decidesInMs(process) > beforeMs) continue
      frozen.add(process)
      run.note(process.host, 'fault', `is to decide: pause for ${frozenMs} ms, ${order}`)
      world.pause(process.host, frozenMs, { order })
    }
    return false
  })
}

/** In how long a process decides for its side; infinity where it is not to, or there is nothing to decide. */
function decidesInMs({ program }: SimulatedProcess<Cluster>): number {
  const { downing } = program?.explain() ?? {}
  const isToDecide = isSbrExplanation(downing) && downing.isResponsible
  return (isToDecide ? downing.decidesInMs : undefined) ?? Number.POSITIVE_INFINITY
}
