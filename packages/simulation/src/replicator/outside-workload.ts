// What a client outside does with values, and what is done to the ways to it.
import type { Random } from '@casty/clock'
import { cutOutside, outside } from '../hosting/outside-client.ts'
import { disturb } from '../faults/network-faults.ts'
import { defineAction } from '../run/action.ts'
import type { Link } from '../world/links.ts'
import { drawLogarithmic, drawOne } from '../world/seeds.ts'
import { Outsider } from './outsider.ts'
import { recordOf } from './record.ts'
import type { ReplicatorAction, ReplicatorRun, ReplicatorWatcher } from './replicator-run.ts'
import { replicatorSettings } from './settings.ts'
import { sharedValues, type CallEnd, type Holder, type SharedValue } from './shared-values.ts'

const consistencies = ['local', 'local', 'majority', 'all'] as const
type Level = (typeof consistencies)[number]

type Turns = {
  readonly value: string
  readonly times: number
  readonly everyMs: number
  readonly timeoutMs: number
  readonly consistency: Level
}

function drawTurns(random: Random): Turns {
  return {
    value: drawOne(random, sharedValues).name,
    times: drawLogarithmic(random, 1, 8),
    everyMs: drawLogarithmic(random, 1, 400),
    timeoutMs: drawOne(random, [300, 1_500, 5_000]),
    consistency: drawOne(random, consistencies),
  }
}

interface Step {
  readonly outsider: Outsider
  readonly holder: Holder
  readonly value: SharedValue
  readonly consistency: Level
  readonly timeoutMs: number
}

function eachTurn(run: ReplicatorRun, turns: Turns, step: (step: Step) => Promise<void>): void {
  const { times, everyMs, consistency, timeoutMs } = turns
  const value = sharedValues.find(({ name }) => name === turns.value)
  if (!value) return
  for (let turn = 0; turn < times; turn++) {
    run.later(turn * everyMs, () => {
      const { outsider } = recordOf(run)
      const holder = outsider?.replicator
      if (outsider && holder) void step({ outsider, holder, value, consistency, timeoutMs })
    })
  }
}

async function add(
  run: ReplicatorRun,
  { outsider, holder, value, consistency, timeoutMs }: Step,
): Promise<void> {
  const record = recordOf(run)
  const element = record.nextElement(value)
  if (element === undefined) return
  record.knowledge.adds(value, element)
  const options = { write: consistency, timeoutMs }
  const end = await outsider.put(value, element, timeoutMs, async () => {
    return await value.add(holder, element, options)
  })
  if (end?.type === 'unconfirmed') record.refusals.unconfirmed(value, element)
  if (end) judge(run, value, element, end)
  // It is undone: whoever is outside has it until members have told what there is.
  else record.knowledge.removes(value, element)
}

/** As many nodes as are said to have it must have it. */
function judge(
  run: ReplicatorRun,
  value: SharedValue,
  element: string,
  { type, nodes }: CallEnd,
): void {
  if (type !== 'confirmed') return
  const { knowledge } = recordOf(run)
  recordOf(run).reach('values are changed from outside')
  if (knowledge.mayBeGone(value, element)) return
  const knowers = knowledge.knowers(value, element, replicatorSettings(run.plan).hasStore)
  if (knowers >= nodes) return
  const text = `${element} of ${value.name} is confirmed by ${nodes} nodes, and ${knowers} have it`
  run.violate('what is confirmed is there', `${outside}: ${text}`, outside)
}

async function remove(
  run: ReplicatorRun,
  which: number,
  { outsider, holder, value, consistency, timeoutMs }: Step,
): Promise<void> {
  if (value.kind !== 'removable') return
  const there = [...value.elementsAt(holder)].toSorted()
  const element = there[Math.floor(which * there.length)]
  if (element === undefined) return
  recordOf(run).knowledge.removes(value, element)
  await outsider.call(`removing ${element} of ${value.name}`, timeoutMs, async () => {
    return await value.remove(holder, element, { write: consistency, timeoutMs })
  })
}

async function read({ outsider, holder, value, consistency, timeoutMs }: Step): Promise<void> {
  await outsider.call(`reading ${value.name}`, timeoutMs, async () => {
    return await value.read(holder, { read: consistency, timeoutMs })
  })
}

/** It begins with the first process. */
export function startOutsider(run: ReplicatorRun): ReplicatorWatcher {
  const record = recordOf(run)
  return {
    started() {
      if (hasOutsider(run)) record.outsider ??= new Outsider(run)
    },
  }
}

function hasOutsider({ plan }: ReplicatorRun): boolean {
  return replicatorSettings(plan).hasOutsider
}

export const outsideActions: readonly ReplicatorAction[] = [
  defineAction({
    type: 'add-outside',
    kind: 'workload',
    weight: 40,
    draw: drawTurns,
    perform: (run, turns) =>
      eachTurn(run, turns, async (step) => {
        await add(run, step)
      }),
  }),
  defineAction({
    type: 'remove-outside',
    kind: 'workload',
    weight: 15,
    draw: (random) => ({ ...drawTurns(random), which: random() }),
    perform: (run, { which, ...turns }) =>
      eachTurn(run, turns, async (step) => {
        await remove(run, which, step)
      }),
  }),
  defineAction({
    type: 'read-outside',
    kind: 'workload',
    weight: 10,
    draw: drawTurns,
    perform: (run, turns) => eachTurn(run, turns, read),
  }),
  defineAction({
    // Members let clients change a value no more for a while, and hear of some changes only when nobody waits any more.
    type: 'refuse-outside',
    kind: 'fault',
    weight: 6,
    draw: (random) => ({
      ...drawTurns(random),
      forMs: drawLogarithmic(random, 300, 8_000),
      unheardMs: random() < 0.5 ? 0 : drawLogarithmic(random, 300, 4_000),
    }),
    perform: (run, { forMs, unheardMs, ...turns }) => {
      const value = sharedValues.find(({ name }) => name === turns.value)
      if (!value) return
      run.note(outside, 'fault', `members refuse ${value.name} for ${forMs} ms`)
      recordOf(run).refusals.refuse(value, run.world.now + forMs)
      const links = run.world.hosts.map((to): Link => ({ from: outside, to }))
      if (unheardMs > 0) disturb(run, links, { type: 'cut', mode: 'hold' }, unheardMs)
      eachTurn(run, turns, async (step) => {
        await add(run, step)
      })
    },
  }),
  defineAction({
    // Whoever it talks to dies, with what nobody else has heard yet.
    type: 'crash-contact',
    kind: 'fault',
    weight: 4,
    draw: (random) => ({ backAfterMs: drawLogarithmic(random, 10, 8_000) }),
    perform: (run, { backAfterMs }) => {
      const host = recordOf(run).outsider?.contact
      if (host === undefined || run.world.processes.length < 2) return
      run.note(host, 'fault', 'crash, as the contact of who is outside')
      run.world.crash(host)
      run.later(backAfterMs, () => run.world.start(host))
    },
  }),
  cutOutside(4, 0.4, hasOutsider),
]
