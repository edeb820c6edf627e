// A scenario small enough to see through: lamps that are switched on and off and, in one order of two
// actions among many, burn out.
import {
  defineAction,
  planOf,
  Run,
  type Plan,
  type PlannedAction,
  type RunOptions,
  type RunResult,
  type Scenario,
  type Watcher,
} from '../../src/index.ts'

export interface LampState {
  readonly isLit: boolean
  readonly isHot: boolean
  readonly isBurnt: boolean
}

export class Lamp {
  state: LampState = { isLit: false, isHot: false, isBurnt: false }

  set(change: Partial<LampState>): void {
    this.state = { ...this.state, ...change }
  }
}

export type LampRun = Run<Lamp, LampState>
export type LampScenario = Scenario<Lamp, LampState>
export type LampWatcher = Watcher<Lamp, LampState>

const dark = 'no lamp burns out'

/** Violated as soon as a lamp has burnt out. */
export function watchBurning(run: LampRun): LampWatcher {
  return {
    changed({ host }, { isBurnt }) {
      if (isBurnt) run.violate(dark, `the lamp at ${host} has burnt out`, host)
    },
  }
}

/** `heat` and then `wet` of the same lamp burn it out; all else does no harm. */
export const lamps: LampScenario = {
  name: 'lamps',
  shape: {
    hosts: [3, 5],
    chaosMs: [10_000, 20_000],
    paceMs: [300, 600],
    startWithinMs: 1_000,
    clockDrift: 1e-3,
    wallOffsetMs: 60_000,
  },
  actions: [
    defineAction({
      type: 'switch',
      kind: 'workload',
      weight: 5,
      draw: (random, hosts) => ({ host: one(random, hosts), isLit: random() < 0.5 }),
      perform: (run, { host, isLit }) => run.world.running(host)?.program?.set({ isLit }),
    }),
    defineAction({
      type: 'heat',
      kind: 'fault',
      weight: 1,
      draw: (random, hosts) => ({ host: one(random, hosts) }),
      perform: (run, { host }) => run.world.running(host)?.program?.set({ isHot: true }),
    }),
    defineAction({
      type: 'wet',
      kind: 'fault',
      weight: 1,
      draw: (random, hosts) => ({ host: one(random, hosts) }),
      perform: (run, { host }) => {
        const lamp = run.world.running(host)?.program
        lamp?.set({ isHot: false, isBurnt: lamp.state.isHot })
      },
    }),
  ],
  program: () => async () => new Lamp(),
  stateOf: ({ state }) => state,
  describe: ({ isLit, isBurnt }) => (isBurnt ? 'burnt' : isLit ? 'lit' : 'dark'),
  watch: (run) => [watchBurning(run)],
  rareStates: ['all are lit'],
  heal: () => [],
}

function one(random: () => number, hosts: readonly string[]): string {
  return hosts[Math.floor(random() * hosts.length)] ?? ''
}

/** `500 heat a`: what is done to whom, and when. The lamps `a`, `b` and `c` are there already. */
export function planned(...lines: readonly string[]): Plan {
  const actions = lines.map((line): PlannedAction => {
    const [at = '', type = '', host = ''] = line.split(' ')
    return { at: Number(at), type, parameters: { host, isLit: true } }
  })
  const hosts = ['a', 'b', 'c'].map((name) => ({ name }))
  const starts = hosts.map(({ name }) => ({ at: 0, type: 'start', parameters: { host: name } }))
  return { ...planOf(lamps, 1), hosts, chaosMs: 10_000, actions: [...starts, ...actions] }
}

/** Carries out a plan on lamps that differ from the usual in some respect. */
export async function run(
  plan: Plan,
  change: Partial<LampScenario> = {},
  options: RunOptions = {},
): Promise<RunResult> {
  return await Run.of({ ...lamps, ...change }, plan, options)
}
