// What goes wrong right when it hurts: to whoever hosts or coordinates, and on the way to the journal.
import { disturb } from '../faults/network-faults.ts'
import { harms, HostFaults, victims } from '../hosting/host-faults.ts'
import { defineAction } from '../run/action.ts'
import { minedMessages } from '../sharding/mines.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import { outside } from './outsider.ts'
import { recordOf } from './record.ts'
import { structuresSettings } from './settings.ts'
import type { StructuresHost } from './host.ts'
import type { StructuresAction } from './structures-run.ts'
import { useCounter } from './acts.ts'
import { counters, leave, userBy } from './workload.ts'

const hostFaults = new HostFaults<StructuresHost>({
  minesOf: (run) => recordOf(run).mines,
  journalOf: (run) => (structuresSettings(run.plan).hasJournal ? recordOf(run).journal : undefined),
  leave: (run, host, backAfterMs) => leave(run, host, backAfterMs, false),
  reachEnd: (run) => recordOf(run).reach('everybody dies at once'),
})

export const structuresFaults: readonly StructuresAction[] = [
  ...hostFaults.journalFaults(),
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
        hostFaults.disturbJournal(run, host, { type: 'requests-lost' }, forMs)
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
      victim: drawOne(random, victims),
      harm: drawOne(random, harms),
      forMs: drawLogarithmic(random, 200, 10_000),
    }),
    perform: (run, mine) => hostFaults.layMine(run, mine),
  }),
  hostFaults.toCoordinator(2),
  defineAction({
    type: 'harm',
    kind: 'fault',
    weight: 4,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      harm: drawOne(random, harms),
      forMs: drawLogarithmic(random, 200, 12_000),
    }),
    perform: (run, { host, harm, forMs }) => hostFaults.doHarm(run, harm, host, forMs),
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
  hostFaults.restartAll(),
]
