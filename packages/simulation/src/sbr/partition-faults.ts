// Partitions of every kind, long enough to be decided on.
import type { Random } from '@casty/clock'
import type { Cluster, ClusterState } from '@casty/membership'
import type { CutMode } from '@casty/transport'
import { across, disturb } from '../faults/network-faults.ts'
import type { MembershipRun } from '../membership/membership-run.ts'
import { defineAction, type ActionType } from '../run/action.ts'
import type { Link, LinkFault } from '../world/links.ts'
import { drawInteger, drawLogarithmic, drawOne, drawSome } from '../world/seeds.ts'

type SplitBrainAction = ActionType<Cluster, ClusterState>

const cutModes: readonly CutMode[] = ['silent', 'silent', 'hold', 'reset']

/** From inside of the time that detection takes to long after a decision. */
export function splitMs(random: Random): number {
  return drawLogarithmic(random, 3_000, 45_000)
}

export function drawMode(random: Random): CutMode {
  return drawOne(random, cutModes)
}

/** A side for each host: its number, and the host. Shapes that strategies find hard come often. */
export function drawShape(random: Random, hosts: readonly string[]): readonly string[] {
  const inOrder = drawSome(random, hosts, hosts.length)
  const sided = (sideOf: (index: number) => number): readonly string[] =>
    inOrder.map((host, index) => `${sideOf(index)}${host}`).toSorted(byHost)
  switch (drawInteger(random, 0, 4)) {
    case 0:
      return sided((index) => (index === 0 ? 1 : 2)) // One against the rest.
    case 1:
      return sided((index) => (index < Math.floor(hosts.length / 2) ? 1 : 2)) // Halves, or nearly.
    case 2:
      return sided((index) => 1 + (index % 3)) // Three, as equal as can be.
    default: {
      const count = random() < 0.75 ? 2 : 3
      return sided(() => drawInteger(random, 1, count))
    }
  }
}

function byHost(left: string, right: string): number {
  return left.slice(1) < right.slice(1) ? -1 : 1
}

export function splitBy(
  run: MembershipRun,
  sides: readonly string[],
  mode: CutMode,
  forMs: number,
  oneWay = false,
): void {
  disturb(run, across(sides, oneWay), { type: 'cut', mode }, forMs)
}

function everyLink(run: MembershipRun): readonly Link[] {
  const { hosts } = run.world
  return hosts.flatMap((from) => hosts.filter((to) => to !== from).map((to) => ({ from, to })))
}

function bothWays(from: string, to: string): readonly Link[] {
  return [
    { from, to },
    { from: to, to: from },
  ]
}

/** Those of the hosts that run stand still. */
export function freeze(run: MembershipRun, hosts: readonly string[], forMs: number): void {
  for (const host of hosts) {
    if (run.world.running(host) === undefined) continue
    run.note(host, 'fault', `pause for ${forMs} ms`)
    run.world.pause(host, forMs)
  }
}

/** Again and again, while the chaos lasts. */
function repeat(run: MembershipRun, everyMs: number, times: number, act: () => void): void {
  for (let turn = 0; turn < times; turn++) {
    run.world.clock.schedule(turn * everyMs, () => {
      if (!run.isHealing) act()
    })
  }
}

/** All links of the network, or those of one host. */
function wideFault(
  type: string,
  weight: number,
  drawFault: (random: Random) => LinkFault,
): SplitBrainAction {
  return defineAction({
    type,
    kind: 'fault',
    weight,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      everywhere: random() < 0.5,
      forMs: splitMs(random),
      ...drawFault(random),
    }),
    perform: (run, { host, everywhere, forMs, ...fault }) => {
      const links = everyLink(run).filter(
        ({ from, to }) => everywhere || from === host || to === host,
      )
      // `drawFault` gave the rest.
      disturb(run, links, fault as LinkFault, forMs)
    },
  })
}

export const partitionFaults: readonly SplitBrainAction[] = [
  defineAction({
    type: 'split',
    kind: 'fault',
    weight: 8,
    draw: (random, hosts) => ({
      sides: drawShape(random, hosts),
      mode: drawMode(random),
      forMs: splitMs(random),
    }),
    perform: (run, { sides, mode, forMs }) => splitBy(run, sides, mode, forMs),
  }),
  defineAction({
    type: 'split-one-way',
    kind: 'fault',
    weight: 3,
    draw: (random, hosts) => ({
      sides: drawShape(random, hosts),
      mode: drawMode(random),
      forMs: splitMs(random),
    }),
    perform: (run, { sides, mode, forMs }) => splitBy(run, sides, mode, forMs, true),
  }),
  defineAction({
    type: 'lone-link',
    kind: 'fault',
    weight: 2,
    draw: (random, hosts) => {
      const [from = '', to = from] = drawSome(random, hosts, 2)
      return { from, to, oneWay: random() < 0.5, mode: drawMode(random), forMs: splitMs(random) }
    },
    perform: (run, { from, to, oneWay, mode, forMs }) =>
      disturb(run, bothWays(from, to).slice(0, oneWay ? 1 : 2), { type: 'cut', mode }, forMs),
  }),
  defineAction({
    type: 'torn-host',
    kind: 'fault',
    weight: 3,
    draw: (random, hosts) => {
      const [torn = '', ...others] = drawSome(random, hosts, hosts.length)
      return {
        torn,
        from: others.slice(0, drawInteger(random, 1, others.length - 1)).map((host) => ` ${host}`),
        oneWay: random() < 0.3,
        mode: drawMode(random),
        forMs: splitMs(random),
      }
    },
    perform: (run, { torn, from, oneWay, mode, forMs }) =>
      disturb(
        run,
        from.flatMap((other) => bothWays(torn, other.slice(1)).slice(0, oneWay ? 1 : 2)),
        { type: 'cut', mode },
        forMs,
      ),
  }),
  defineAction({
    type: 'flapping-link',
    kind: 'fault',
    weight: 1,
    draw: (random, hosts) => {
      const [from = '', to = from] = drawSome(random, hosts, 2)
      const periodMs = drawInteger(random, 1_000, 10_000)
      return { from, to, mode: drawMode(random), periodMs, times: drawInteger(random, 3, 10) }
    },
    perform: (run, { from, to, mode, periodMs, times }) =>
      repeat(run, periodMs, times, () =>
        disturb(run, bothWays(from, to), { type: 'cut', mode }, periodMs / 2),
      ),
  }),
  defineAction({
    type: 'flapping-split',
    kind: 'fault',
    weight: 2,
    draw: (random, hosts) => ({
      sides: drawShape(random, hosts),
      mode: drawMode(random),
      cutMs: drawInteger(random, 1_000, 12_000),
      wholeMs: drawInteger(random, 500, 5_000),
      times: drawInteger(random, 2, 6),
    }),
    perform: (run, { sides, mode, cutMs, wholeMs, times }) =>
      repeat(run, cutMs + wholeMs, times, () => splitBy(run, sides, mode, cutMs)),
  }),
  defineAction({
    type: 'all-links-down',
    kind: 'fault',
    weight: 1,
    draw: (random) => ({ mode: drawMode(random), forMs: drawOne(random, [2_000, 8_000, 30_000]) }),
    perform: (run, { mode, forMs }) => disturb(run, everyLink(run), { type: 'cut', mode }, forMs),
  }),
  defineAction({
    type: 'freeze',
    kind: 'fault',
    weight: 2,
    draw: (random, hosts) => ({
      frozen: drawSome(random, hosts, drawInteger(random, 1, 3)).map((host) => ` ${host}`),
      forMs: drawOne(random, [3_000, 10_000, 60_000]),
    }),
    perform: (run, { frozen, forMs }) =>
      freeze(
        run,
        frozen.map((one) => one.slice(1)),
        forMs,
      ),
  }),
  wideFault('slow-network', 1, (random) => ({
    type: 'delay',
    latencyMs: drawInteger(random, 100, 300),
    jitterMs: drawInteger(random, 0, 200),
  })),
  wideFault('black-hole', 1, (random) => ({
    type: 'black-hole',
    // Frames of most heartbeats are smaller, those of full size are larger.
    largestBytes: drawInteger(random, 60, 1_400),
  })),
  wideFault('lossy-network', 2, (random) => ({
    type: 'retransmit',
    probability: drawInteger(random, 1, 30) / 100,
  })),
]
