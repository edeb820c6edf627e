// What goes wrong with processes, machines and clocks.
import { defineAction, type ActionType } from '../run/action.ts'
import type { Run } from '../run/run.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import type { ResumeOrder } from '../world/standstills.ts'

const orders: readonly ResumeOrder[] = ['timers-first', 'sockets-first']

/** Only those who run can be disturbed; the rest of a plan goes on. */
function ifRunning<P, S>(run: Run<P, S>, host: string, text: string, action: () => void): void {
  if (run.world.running(host) === undefined) return
  run.note(host, 'fault', text)
  action()
}

/** Somebody sets the wall clock of a host. */
export interface WallJump {
  readonly host: string
  readonly byMs: number
}

const wallJump = 'wall-jump'

/**
 * Faults of processes where much depends on wall clocks: they are set half as often.
 *
 * @param isAllowed - asked before each is set: whether it may be
 */
export function processFaultsWithRareJumps<P, S>(
  isAllowed: (run: Run<P, S>, jump: WallJump) => boolean,
): readonly ActionType<P, S>[] {
  return processFaults<P, S>().map((action) =>
    action.type !== wallJump
      ? action
      : {
          ...action,
          weight: action.weight / 2,
          perform: (run, parameters) => {
            const jump = { host: String(parameters['host']), byMs: Number(parameters['byMs']) }
            if (isAllowed(run, jump)) action.perform(run, parameters)
          },
        },
  )
}

/** Faults of processes where nobody sets wall clocks. */
export function processFaultsWithoutJumps<P, S>(): readonly ActionType<P, S>[] {
  return processFaults<P, S>().filter(({ type }) => type !== wallJump)
}

/** Faults of processes, for any scenario. The last process that runs is left alone. */
export function processFaults<P, S>(): readonly ActionType<P, S>[] {
  return [
    defineAction({
      type: 'crash',
      kind: 'fault',
      weight: 2,
      draw: (random, hosts) => ({ host: drawOne(random, hosts) }),
      perform: (run, { host }) => {
        if (run.world.processes.length > 1) {
          ifRunning(run, host, 'crash', () => run.world.crash(host))
        }
      },
    }),
    defineAction({
      type: 'power-loss',
      kind: 'fault',
      weight: 1,
      draw: (random, hosts) => ({ host: drawOne(random, hosts) }),
      perform: (run, { host }) => {
        if (run.world.processes.length > 1) {
          ifRunning(run, host, 'power-loss', () => run.world.vanish(host))
        }
      },
    }),
    defineAction({
      type: 'start',
      kind: 'workload',
      weight: 4,
      draw: (random, hosts) => ({ host: drawOne(random, hosts) }),
      perform: (run, { host }) => run.world.start(host),
    }),
    defineAction({
      type: 'bounce',
      kind: 'fault',
      weight: 1,
      draw: (random, hosts) => ({
        host: drawOne(random, hosts),
        afterMs: drawLogarithmic(random, 1, 1_000),
      }),
      perform: (run, { host, afterMs }) => {
        ifRunning(run, host, `bounce, up again after ${afterMs} ms`, () => {
          run.world.crash(host)
          run.later(afterMs, () => run.world.start(host))
        })
      },
    }),
    defineAction({
      type: 'pause',
      kind: 'fault',
      weight: 2,
      draw: (random, hosts) => ({
        host: drawOne(random, hosts),
        forMs: drawLogarithmic(random, 100, 20_000),
        order: drawOne(random, orders),
      }),
      perform: (run, { host, forMs, order }) =>
        ifRunning(run, host, `pause for ${forMs} ms`, () =>
          run.world.pause(host, forMs, { order }),
        ),
    }),
    defineAction({
      type: 'stall',
      kind: 'fault',
      weight: 3,
      draw: (random, hosts) => ({
        host: drawOne(random, hosts),
        // Half of them short, half long enough for others to be accused after it.
        forMs:
          random() < 0.5 ? drawLogarithmic(random, 100, 4_000) : drawInteger(random, 4_000, 12_000),
        reads: drawInteger(random, 1, 40),
        order: drawOne(random, orders),
      }),
      perform: (run, { host, forMs, reads, order }) =>
        ifRunning(run, host, `stall for ${forMs} ms at read ${reads} of the clock`, () =>
          run.world.stall(host, forMs, reads, order),
        ),
    }),
    defineAction({
      type: 'sleep',
      kind: 'fault',
      weight: 1,
      draw: (random, hosts) => ({
        host: drawOne(random, hosts),
        forMs: drawLogarithmic(random, 1_000, 20_000),
        order: drawOne(random, orders),
      }),
      perform: (run, { host, forMs, order }) =>
        ifRunning(run, host, `machine sleeps for ${forMs} ms`, () =>
          run.world.pause(host, forMs, { order, asleep: true }),
        ),
    }),
    defineAction({
      type: wallJump,
      kind: 'fault',
      weight: 1,
      draw: (random, hosts) => ({
        host: drawOne(random, hosts),
        byMs: (random() < 0.5 ? -1 : 1) * drawLogarithmic(random, 100, 3_600_000),
      }),
      perform: (run, { host, byMs }) =>
        ifRunning(run, host, `wall clock jumps by ${byMs} ms`, () =>
          run.world.jumpWall(host, byMs),
        ),
    }),
  ]
}
