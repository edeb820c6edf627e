// What goes wrong right when it hurts: to whoever hosts or coordinates, and on the way to the journal.
import { disturb } from '../faults/network-faults.ts'
import { defineAction } from '../run/action.ts'
import type { JournalFault } from '../sharding/journal-service.ts'
import { minedMessages } from '../sharding/mines.ts'
import type { Link } from '../world/links.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import { outside } from './outsider.ts'
import { recordOf } from './record.ts'
import { structuresSettings } from './settings.ts'
import type { StructuresAction, StructuresRun } from './structures-run.ts'
import { useCounter } from './acts.ts'
import { counters, leave, userBy, withRunning } from './workload.ts'

const harms = ['crash', 'crash', 'power-loss', 'pause', 'stall', 'leave', 'cut'] as const
type Harm = (typeof harms)[number]

function coordinatorOf(run: StructuresRun): string | undefined {
  return run.world.processes.find(({ program, clock }) =>
    clock.peek(() => program?.sharding.explain().isCoordinator),
  )?.host
}

function disturbJournal(
  run: StructuresRun,
  host: string,
  fault: JournalFault,
  forMs: number,
): void {
  if (!structuresSettings(run.plan).hasJournal) return
  const { journal } = recordOf(run)
  run.note(host, 'fault', `journal: ${Object.values(fault).join(' ')} for ${forMs} ms`)
  journal.disturb(host, fault)
  run.world.clock.schedule(forMs, () => journal.mend(host, fault))
}

export const structuresFaults: readonly StructuresAction[] = [
  defineAction({
    type: 'journal-away',
    kind: 'fault',
    weight: 2,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      fault: drawOne(random, ['requests-lost', 'answers-lost'] as const),
      forMs: drawLogarithmic(random, 50, 5_000),
    }),
    perform: (run, { host, fault, forMs }) => disturbJournal(run, host, { type: fault }, forMs),
  }),
  defineAction({
    type: 'journal-slow',
    kind: 'fault',
    weight: 3,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      upToMs: drawLogarithmic(random, 50, 10_000),
      forMs: drawLogarithmic(random, 200, 10_000),
    }),
    perform: (run, { host, upToMs, forMs }) =>
      disturbJournal(run, host, { type: 'slow', upToMs }, forMs),
  }),
  defineAction({
    // What is written is lost while others look: they must not have seen it.
    type: 'doubt',
    kind: 'fault',
    weight: 4,
    draw: (random) => ({
      name: drawOne(random, counters),
      first: random(),
      second: random(),
      third: random(),
      forMs: drawInteger(random, 300, 2_500),
    }),
    perform: (run, { name, first, second, third, forMs }) => {
      for (const host of run.world.hosts)
        disturbJournal(run, host, { type: 'requests-lost' }, forMs)
      const use = (afterMs: number, draw: number, act: 'add' | 'read'): void =>
        run.later(afterMs, () => {
          const user = userBy(run, draw)
          if (user) void useCounter(run, user, name, { act, timeoutMs: 1_500 })
        })
      use(0, first, 'add')
      for (const afterMs of [10, 40, 700]) use(afterMs, second, 'read')
      use(1_000, third, 'add')
      for (const afterMs of [20, 1_100, 3_000, 4_000]) use(afterMs, third, 'read')
    },
  }),
  defineAction({
    type: 'mine',
    kind: 'fault',
    weight: 6,
    draw: (random) => ({
      message: drawOne(random, minedMessages),
      stage: drawOne(random, ['sent', 'arrived'] as const),
      after: drawLogarithmic(random, 1, 12) - 1,
      victim: drawOne(random, ['sender', 'receiver', 'coordinator'] as const),
      harm: drawOne(random, harms),
      forMs: drawLogarithmic(random, 200, 10_000),
    }),
    perform: (run, { message, stage, after, victim, harm, forMs }) =>
      recordOf(run).mines.lay({
        message,
        stage,
        left: after,
        spring: (from, to) => {
          const coordinator = coordinatorOf(run) ?? from
          const host = victim === 'sender' ? from : victim === 'receiver' ? to : coordinator
          run.note(host, 'fault', `${harm} when ${message} of ${from} to ${to} is ${stage}`)
          doHarm(run, harm, host, forMs)
        },
      }),
  }),
  defineAction({
    type: 'harm-coordinator',
    kind: 'fault',
    weight: 2,
    draw: (random) => ({
      harm: drawOne(random, harms),
      forMs: drawLogarithmic(random, 200, 12_000),
    }),
    perform: (run, { harm, forMs }) => {
      const host = coordinatorOf(run)
      if (host !== undefined) doHarm(run, harm, host, forMs)
    },
  }),
  defineAction({
    type: 'harm',
    kind: 'fault',
    weight: 4,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      harm: drawOne(random, harms),
      forMs: drawLogarithmic(random, 200, 12_000),
    }),
    perform: (run, { host, harm, forMs }) => doHarm(run, harm, host, forMs),
  }),
  defineAction({
    type: 'cut-outside',
    kind: 'fault',
    weight: 4,
    draw: (random, hosts) => ({
      // Of all hosts, or of one.
      host: drawOne(random, hosts),
      ofAll: random() < 0.5,
      way: drawOne(random, ['to', 'from', 'both'] as const),
      mode: drawOne(random, ['silent', 'hold', 'reset'] as const),
      forMs: drawLogarithmic(random, 200, 12_000),
    }),
    perform: (run, { host, ofAll, way, mode, forMs }) => {
      if (!structuresSettings(run.plan).hasOutsider) return
      const links = (ofAll ? run.world.hosts : [host]).flatMap((one) => [
        ...(way === 'from' ? [] : [{ from: outside, to: one }]),
        ...(way === 'to' ? [] : [{ from: one, to: outside }]),
      ])
      disturb(run, links, { type: 'cut', mode }, forMs)
    },
  }),
  defineAction({
    type: 'restart-all',
    kind: 'fault',
    weight: 0.4,
    draw: (random) => ({ withinMs: drawInteger(random, 1, 2_000) }),
    perform: (run, { withinMs }) => {
      recordOf(run).reach('everybody dies at once')
      for (const [index, host] of run.world.hosts.entries()) {
        run.note(host, 'fault', 'all crash')
        run.world.crash(host)
        run.later((index * withinMs) / run.world.hosts.length, () => run.world.start(host))
      }
    },
  }),
]

function doHarm(run: StructuresRun, harm: Harm, host: string, forMs: number): void {
  const { world } = run
  if (!world.hosts.includes(host)) return // Of a client from outside, the ways are bad, and no more.
  switch (harm) {
    case 'crash':
    case 'power-loss':
      if (world.processes.length < 2) return
      run.note(host, 'fault', harm)
      if (harm === 'crash') world.crash(host)
      else world.vanish(host)
      run.later(forMs, () => world.start(host))
      return
    case 'pause':
    case 'stall':
      run.note(host, 'fault', `${harm} for ${forMs} ms`)
      withRunning(run, host, () => {
        if (harm === 'pause') world.pause(host, forMs)
        else world.stall(host, forMs, 3)
      })
      return
    case 'leave':
      if (world.processes.length > 2) leave(run, host, forMs, false)
      return
    case 'cut': {
      const links = world.hosts
        .filter((other) => other !== host)
        .flatMap((other): Link[] => [
          { from: host, to: other },
          { from: other, to: host },
        ])
      disturb(run, links, { type: 'cut', mode: 'silent' }, forMs)
    }
  }
}
