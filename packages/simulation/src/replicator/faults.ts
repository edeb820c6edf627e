// What goes wrong with all nodes at once, and with disks for good.
import { disturb } from '../faults/network-faults.ts'
import { defineAction } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import { add } from './acts.ts'
import { recordOf } from './record.ts'
import type { ReplicatorAction } from './replicator-run.ts'
import { sharedValues } from './shared-values.ts'

/** Of which it can be told in the end that nothing is lost. */
const lastingOrRemovable = sharedValues.filter(({ kind }) => kind !== 'replaced')

export const replicatorFaults: readonly ReplicatorAction[] = [
  defineAction({
    type: 'restart-all',
    kind: 'fault',
    weight: 0.5,
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
  defineAction({
    // What only its disk has comes to all, though others have gone on without its name for long.
    type: 'alone-and-away',
    kind: 'fault',
    weight: 2,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      value: drawOne(random, lastingOrRemovable).name,
      /** Before and while nobody hears it. */
      times: drawInteger(random, 1, 4),
      aloneMs: drawLogarithmic(random, 200, 6_000),
      backAfterMs: drawLogarithmic(random, 5_000, 60_000),
    }),
    perform: (run, { host, value: name, times, aloneMs, backAfterMs }) => {
      const process = run.world.running(host)
      const value = sharedValues.find((one) => one.name === name)
      if (!value || !process?.program || run.world.processes.length < 3) return
      const write = (): void => {
        if (!process.isRunning || run.world.isStopped(host)) return
        void add(run, process, value, { consistency: 'local', timeoutMs: 5_000 })
      }
      write()
      run.later(1_000, () => {
        const links = run.world.hosts
          .filter((other) => other !== host)
          .flatMap((other) => [
            { from: host, to: other },
            { from: other, to: host },
          ])
        disturb(run, links, { type: 'cut', mode: 'silent' }, aloneMs)
      })
      for (let turn = 1; turn <= times; turn++) run.later(1_000 + (turn * aloneMs) / 8, write)
      run.later(1_000 + aloneMs, () => {
        if (!process.isRunning || run.world.processes.length < 3) return
        run.note(host, 'fault', 'crash, alone')
        run.world.crash(host)
        run.later(backAfterMs, () => run.world.start(host))
      })
    },
  }),
  defineAction({
    type: 'lose-disk',
    kind: 'fault',
    weight: 1,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      backAfterMs: drawLogarithmic(random, 10, 5_000),
    }),
    perform: (run, { host, backAfterMs }) => {
      if (run.world.running(host) === undefined || run.world.processes.length < 2) return
      run.note(host, 'fault', 'the machine is lost with its disk')
      run.world.vanish(host)
      recordOf(run).disks.lose(host)
      recordOf(run).knowledge.diskLost(host)
      recordOf(run).reach('a disk is lost for good')
      run.later(backAfterMs, () => run.world.start(host))
    },
  }),
]
