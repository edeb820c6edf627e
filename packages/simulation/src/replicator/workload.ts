// What users do while everything goes wrong, and whoever runs the cluster.
import type { Random } from '@casty/clock'
import type { Consistency } from '@casty/replicator'
import { leaveAndReturn } from '../membership/leaving.ts'
import { defineAction } from '../run/action.ts'
import { drawLogarithmic, drawOne } from '../world/seeds.ts'
import { add, clear, handOn, read, remove, type CallOptions } from './acts.ts'
import type { ReplicatorAction, ReplicatorProcess, ReplicatorRun } from './replicator-run.ts'
import { sharedValues, type SharedValue } from './shared-values.ts'

const consistencies = ['local', 'local', 'two', 'majority', 'majority', 'all'] as const

function consistencyOf(name: (typeof consistencies)[number]): Consistency {
  return name === 'two' ? { nodes: 2 } : name
}

/** Those who can do something. */
function processBy(run: ReplicatorRun, draw: number): ReplicatorProcess | undefined {
  const able = run.world.processes.filter(
    ({ program, host }) =>
      program?.cluster.selfMember?.status === 'up' && !run.world.isStopped(host),
  )
  return able[Math.floor(draw * able.length)]
}

type Burst = {
  readonly node: number
  /** Whether each turn is another node's. */
  readonly spread: boolean
  readonly value: string
  readonly times: number
  readonly everyMs: number
  readonly timeoutMs: number
  readonly consistency: (typeof consistencies)[number]
}

function drawBurst(random: Random, values: readonly SharedValue[]): Burst {
  return {
    node: random(),
    spread: random() < 0.5,
    value: drawOne(random, values).name,
    times: drawLogarithmic(random, 1, 8),
    everyMs: drawLogarithmic(random, 1, 400),
    timeoutMs: drawOne(random, [300, 1_500, 5_000]),
    consistency: drawOne(random, consistencies),
  }
}

type Step = (
  run: ReplicatorRun,
  process: ReplicatorProcess,
  value: SharedValue,
  options: CallOptions,
) => Promise<void>

function burst(run: ReplicatorRun, drawn: Burst, step: Step): void {
  const { node, spread, times, everyMs, timeoutMs, consistency } = drawn
  const value = sharedValues.find(({ name }) => name === drawn.value)
  if (!value) return
  for (let turn = 0; turn < times; turn++) {
    run.later(turn * everyMs, () => {
      const process = processBy(run, (node + (spread ? turn * 0.377 : 0)) % 1)
      const options = { timeoutMs, consistency: consistencyOf(consistency) }
      if (process) void step(run, process, value, options)
    })
  }
}

const removable = sharedValues.filter(({ kind }) => kind === 'removable')

export const replicatorWorkload: readonly ReplicatorAction[] = [
  defineAction({
    type: 'add',
    kind: 'workload',
    weight: 60,
    draw: (random) => drawBurst(random, sharedValues),
    perform: (run, drawn) => burst(run, drawn, add),
  }),
  defineAction({
    type: 'remove',
    kind: 'workload',
    weight: 25,
    draw: (random) => ({ ...drawBurst(random, removable), which: random() }),
    perform: (run, { which, ...drawn }) =>
      burst(run, drawn, async (of, process, value, options) => {
        await remove(of, process, value, which, options)
      }),
  }),
  defineAction({
    type: 'clear',
    kind: 'workload',
    weight: 3,
    draw: (random) => ({ ...drawBurst(random, removable), times: 1 }),
    perform: (run, drawn) => burst(run, drawn, clear),
  }),
  defineAction({
    type: 'read',
    kind: 'workload',
    weight: 25,
    draw: (random) => drawBurst(random, sharedValues),
    perform: (run, drawn) => burst(run, drawn, read),
  }),
  defineAction({
    type: 'hand-on',
    kind: 'workload',
    weight: 25,
    draw: (random) => ({
      ...drawBurst(random, sharedValues),
      consistency: drawOne(random, ['majority', 'all'] as const),
      reader: random(),
    }),
    perform: (run, { reader, ...drawn }) =>
      burst(run, drawn, async (of, writer, value, options) => {
        const other = processBy(of, reader)
        if (other && other !== writer) await handOn(of, [writer, other], value, options)
      }),
  }),
  defineAction({
    type: 'leave',
    kind: 'workload',
    weight: 2,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      backAfterMs: drawLogarithmic(random, 10, 5_000),
    }),
    perform: (run, { host, backAfterMs }) => leave(run, host, backAfterMs),
  }),
]

/** In good order, and back again, as for a new version. */
function leave(run: ReplicatorRun, host: string, backAfterMs: number): void {
  const program = run.world.running(host)?.program
  if (!program || run.world.isStopped(host) || run.world.processes.length < 3) return
  const { cluster } = program
  leaveAndReturn(run, host, cluster, backAfterMs, async () => await cluster.leave())
}
