// What independent faults hardly ever come to: a cut just when somebody joins, leaves or dies, while
// one side may know more than the other.
import type { Random } from '@casty/clock'
import type { Cluster, ClusterState } from '@casty/membership'
import type { MembershipRun } from '../membership/membership-run.ts'
import { leave } from '../membership/workload.ts'
import { defineAction, type ActionType } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawSome } from '../world/seeds.ts'
import { drawMode, drawShape, splitBy, splitMs } from './partition-faults.ts'

/** A split, and those to whom something is done so long before it, or after it. */
function race(
  type: string,
  weight: number,
  most: number,
  leadMs: (random: Random) => number,
  begin: (run: MembershipRun, host: string, leadMs: number) => void,
): ActionType<Cluster, ClusterState> {
  return defineAction({
    type,
    kind: 'fault',
    weight,
    draw: (random, hosts) => ({
      // As sides are written, which is how a host is left out of lists.
      racers: drawSome(random, hosts, drawInteger(random, 1, Math.min(most, hosts.length - 1))).map(
        (host) => ` ${host}`,
      ),
      leadMs: leadMs(random),
      sides: drawShape(random, hosts),
      mode: drawMode(random),
      forMs: splitMs(random),
    }),
    perform: (run, { racers, leadMs: lead, sides, mode, forMs }) => {
      for (const racer of racers) begin(run, racer.slice(1), lead)
      run.world.clock.schedule(lead, () => {
        if (!run.isHealing) splitBy(run, sides, mode, forMs)
      })
    },
  })
}

/** As its supervisor would, at once. */
export function restart(run: MembershipRun, host: string): void {
  if (run.world.running(host) !== undefined) run.note(host, 'fault', 'crash, and up again')
  run.world.crash(host)
  run.world.start(host)
}

export const races: readonly ActionType<Cluster, ClusterState>[] = [
  race('split-amid-joining', 4, 3, (random) => drawLogarithmic(random, 20, 3_000), restart),
  race(
    'split-amid-leaving',
    4,
    3,
    (random) => drawLogarithmic(random, 20, 3_000),
    (run, host) => void leave(run, host, 200),
  ),
  race(
    'split-amid-dying',
    3,
    3,
    (random) => drawInteger(random, 0, 12_000),
    (run, host, leadMs) => {
      // Some time before the cut, or at it.
      const [first] = host
      const afterMs = (first?.charCodeAt(0) ?? 0) % 2 === 0 ? leadMs : 0
      run.world.clock.schedule(afterMs, () => {
        if (run.isHealing || run.world.processes.length < 2) return
        run.note(host, 'fault', 'crash')
        run.world.crash(host)
      })
    },
  ),
  defineAction({
    type: 'split-amid-freezing',
    kind: 'fault',
    weight: 3,
    draw: (random, hosts) => ({
      sides: drawShape(random, hosts),
      mode: drawMode(random),
      // Found out, and not decided on yet; over when whoever stands still goes on, or not yet.
      afterMs: drawInteger(random, 3_000, 12_000),
      frozen: drawSome(random, hosts, drawInteger(random, 1, 3)).map((host) => ` ${host}`),
      frozenMs: drawInteger(random, 3_000, 20_000),
      forMs: drawInteger(random, 5_000, 30_000),
    }),
    perform: (run, { sides, mode, afterMs, frozen, frozenMs, forMs }) => {
      splitBy(run, sides, mode, forMs)
      run.world.clock.schedule(afterMs, () => {
        if (run.isHealing) return
        for (const host of frozen.map((one) => one.slice(1))) {
          run.note(host, 'fault', `pause for ${frozenMs} ms`)
          run.world.pause(host, frozenMs)
        }
      })
    },
  }),
  defineAction({
    type: 'rolling-restart',
    kind: 'workload',
    weight: 1,
    draw: (random) => ({
      everyMs: drawInteger(random, 1_000, 8_000),
      gracefully: random() < 0.5,
    }),
    perform: (run, { everyMs, gracefully }) =>
      run.world.hosts.forEach((host, index) => {
        run.world.clock.schedule(index * everyMs, () => {
          if (run.isHealing) return
          if (!gracefully) return restart(run, host)
          leave(run, host, 100)
          run.world.clock.schedule(everyMs, () => run.world.start(host))
        })
      }),
  }),
]
