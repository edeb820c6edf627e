// What goes wrong between hosts.
import type { Random } from '@casty/clock'
import type { CutMode } from '@casty/transport'
import { defineAction, type ActionType } from '../run/action.ts'
import type { Run } from '../run/run.ts'
import { drawInteger, drawLogarithmic, drawOne, drawSome } from '../world/seeds.ts'
import type { Link, LinkFault } from '../world/links.ts'

/** Long enough to matter, short enough that several fit a run. */
const lastsMs = (random: Random): number => drawLogarithmic(random, 200, 20_000)
const cutModes: readonly CutMode[] = ['silent', 'hold', 'reset']

interface LinkDraw {
  readonly from: string
  readonly to: string
  readonly bothWays: boolean
}

function drawLink(random: Random, hosts: readonly string[], oneWayShare = 0.5): LinkDraw {
  const [from = '', to = from] = drawSome(random, hosts, 2) // One host alone has no link to lose.
  return { from, to, bothWays: random() >= oneWayShare }
}

function linksOf({ from, to, bothWays }: LinkDraw): readonly Link[] {
  return bothWays
    ? [
        { from, to },
        { from: to, to: from },
      ]
    : [{ from, to }]
}

/** Lays a fault on some links, and notes it. */
export function disturb<P, S>(
  run: Run<P, S>,
  links: readonly Link[],
  fault: LinkFault,
  forMs: number,
): void {
  for (const link of links) {
    run.note(link.from, 'fault', `${describe(fault)} to ${link.to} for ${forMs} ms`)
    run.world.disturb(link, fault, forMs)
  }
}

function describe({ type, ...values }: LinkFault): string {
  return `${type} ${Object.values(values).join(' ')}`
}

/** A fault of one link, drawn by a function of its own. */
function linkFault<P, S>(
  type: string,
  weight: number,
  drawFault: (random: Random) => Omit<LinkFault, 'type'> & Readonly<Record<string, number>>,
): ActionType<P, S> {
  return {
    type,
    kind: 'fault',
    weight,
    draw: (random, hosts) => ({
      ...drawLink(random, hosts),
      ...drawFault(random),
      forMs: lastsMs(random),
    }),
    perform: (run, parameters) => {
      const { from, to, bothWays, forMs, ...fault } = parameters
      const link = { from: String(from), to: String(to), bothWays: bothWays === true }
      // `drawFault` of the same type gave the rest.
      disturb(run, linksOf(link), { type, ...fault } as LinkFault, Number(forMs))
    },
  }
}

/** Faults of the network, for any scenario. */
export function networkFaults<P, S>(): readonly ActionType<P, S>[] {
  return [
    defineAction({
      type: 'cut',
      kind: 'fault',
      weight: 3,
      draw: (random, hosts) => ({
        ...drawLink(random, hosts),
        mode: drawOne(random, cutModes),
        forMs: lastsMs(random),
      }),
      perform: (run, { mode, forMs, ...link }) =>
        disturb(run, linksOf(link), { type: 'cut', mode }, forMs),
    }),
    defineAction({
      type: 'partition',
      kind: 'fault',
      weight: 2,
      draw: (random, hosts) => ({
        sides: drawSides(random, hosts),
        oneWay: random() < 0.25,
        mode: drawOne(random, cutModes),
        forMs: lastsMs(random),
      }),
      perform: (run, { sides, oneWay, mode, forMs }) =>
        disturb(run, across(sides, oneWay), { type: 'cut', mode }, forMs),
    }),
    defineAction({
      type: 'flap',
      kind: 'fault',
      weight: 1,
      draw: (random, hosts) => ({
        ...drawLink(random, hosts, 0.3),
        mode: drawOne(random, cutModes),
        periodMs: drawLogarithmic(random, 200, 5_000),
        times: drawInteger(random, 2, 8),
      }),
      perform: (run, { mode, periodMs, times, ...link }) => {
        for (let turn = 0; turn < times; turn++) {
          run.later(turn * periodMs, () =>
            disturb(run, linksOf(link), { type: 'cut', mode }, periodMs / 2),
          )
        }
      },
    }),
    linkFault('drop', 1, (random) => ({ probability: random() * 0.5 })),
    linkFault('retransmit', 2, (random) => ({ probability: random() * 0.3 })),
    linkFault('duplicate', 1, (random) => ({ probability: random() * 0.5 })),
    linkFault('reorder', 1, (random) => ({
      probability: random() * 0.5,
      delayMs: drawLogarithmic(random, 1, 500),
    })),
    linkFault('delay', 2, (random) => ({
      latencyMs: drawLogarithmic(random, 1, 1_000),
      jitterMs: drawLogarithmic(random, 1, 500),
    })),
    linkFault('bandwidth', 1, (random) => ({
      bytesPerSecond: drawLogarithmic(random, 1_000, 1_000_000),
    })),
  ]
}

/** What no stream does to what is sent on it. */
const brokenStreams: ReadonlySet<string> = new Set(['duplicate', 'reorder'])

/** The same, where what is sent is as good as the streams that carry it: messages of users are. */
export function streamFaults<P, S>(): readonly ActionType<P, S>[] {
  return networkFaults<P, S>().filter(({ type }) => !brokenStreams.has(type))
}

/** A side for each host, as text: its number, one of two or three, and the host. */
function drawSides(random: Random, hosts: readonly string[]): readonly string[] {
  const count = random() < 0.8 ? 2 : 3
  return hosts.map((host) => `${drawInteger(random, 1, count)}${host}`)
}

/** Every link between two sides; of a one-way partition only those towards the higher side. */
export function across(sides: readonly string[], oneWay: boolean): readonly Link[] {
  return sides.flatMap((left) =>
    sides
      .filter((right) => (oneWay ? side(left) < side(right) : side(left) !== side(right)))
      .map((right) => ({ from: left.slice(1), to: right.slice(1) })),
  )
}

function side(sided: string): string {
  return sided.charAt(0)
}
