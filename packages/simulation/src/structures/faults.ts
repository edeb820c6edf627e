// What goes wrong right when it hurts: to whoever hosts or coordinates, and on the way to the journal.
import { harms, HostFaults } from '../hosting/host-faults.ts'
import { cutOutside } from '../hosting/outside-client.ts'
import { defineAction } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
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
  hostFaults.mine(6, 12),
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
  cutOutside(4, 0.5, ({ plan }) => structuresSettings(plan).hasOutsider),
  hostFaults.restartAll(),
]
