// What goes wrong between data centers, where links are long and few: for all members of one at once.
import type { Random } from '@casty/clock'
import type { Cluster, ClusterState } from '@casty/membership'
import { disturb } from '../faults/network-faults.ts'
import type { MembershipRun } from '../membership/membership-run.ts'
import { defineAction, type ActionType } from '../run/action.ts'
import { drawMode, splitMs } from '../sbr/partition-faults.ts'
import type { Link, LinkFault } from '../world/links.ts'
import { drawInteger, drawOne } from '../world/seeds.ts'
import { linesBetween, linesOf, type Direction } from './lines.ts'
import { dataCenterAt } from './settings.ts'

type DataCenterAction = ActionType<Cluster, ClusterState>

interface Lines {
  /** Which data center, of those there are. */
  readonly index: number
  /** All lines between any two, rather than its own. */
  readonly everywhere: boolean
  readonly direction: Direction
}

function drawLines(random: Random): Lines & Readonly<Record<string, string | number | boolean>> {
  const directions: readonly Direction[] = ['both', 'both', 'both', 'in', 'out']
  return {
    index: drawInteger(random, 0, 2),
    everywhere: random() < 0.3,
    direction: drawOne(random, directions),
  }
}

export function chosenLines(
  run: MembershipRun,
  { index, everywhere, direction }: Lines,
): readonly Link[] {
  return everywhere ? linesBetween(run) : linesOf(run, dataCenterAt(run, index), direction)
}

/** A fault of all lines of a data center, drawn by a function of its own. */
function lineFault(
  type: string,
  weight: number,
  drawFault: (random: Random) => LinkFault,
): DataCenterAction {
  return defineAction({
    type,
    kind: 'fault',
    weight,
    draw: (random) => {
      const { type: fault, ...values } = drawFault(random)
      return { ...drawLines(random), fault, forMs: splitMs(random), ...values }
    },
    perform: (run, { index, everywhere, direction, fault, forMs, ...values }) =>
      disturb(
        run,
        chosenLines(run, { index, everywhere, direction }),
        // `drawFault` gave the rest.
        { type: fault, ...values } as LinkFault,
        forMs,
      ),
  })
}

export const lineFaults: readonly DataCenterAction[] = [
  lineFault('cut-between', 8, (random) => ({ type: 'cut', mode: drawMode(random) })),
  lineFault('slow-between', 1, (random) => ({
    type: 'delay',
    latencyMs: drawInteger(random, 50, 2_000),
    jitterMs: drawInteger(random, 0, 500),
  })),
  lineFault('lossy-between', 2, (random) => ({ type: 'drop', probability: random() * 0.6 })),
  lineFault('late-between', 1, (random) => ({
    type: 'retransmit',
    probability: drawInteger(random, 5, 40) / 100,
  })),
  lineFault('black-hole-between', 1, (random) => ({
    type: 'black-hole',
    largestBytes: drawInteger(random, 60, 1_400),
  })),
  defineAction({
    type: 'flapping-between',
    kind: 'fault',
    weight: 2,
    draw: (random) => ({
      ...drawLines(random),
      mode: drawMode(random),
      cutMs: drawInteger(random, 1_000, 20_000),
      wholeMs: drawInteger(random, 500, 8_000),
      times: drawInteger(random, 2, 6),
    }),
    perform: (run, { mode, cutMs, wholeMs, times, ...lines }) => {
      for (let turn = 0; turn < times; turn++) {
        run.later(turn * (cutMs + wholeMs), () =>
          disturb(run, chosenLines(run, lines), { type: 'cut', mode }, cutMs),
        )
      }
    },
  }),
]
