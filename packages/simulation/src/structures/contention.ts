// One has a lock for long, another waits for it, and meanwhile something happens to the way of the one that has it, or to
// those who keep it: whoever has it must know of its loss before the other has it.
import { disturb } from '../faults/network-faults.ts'
import { defineAction } from '../run/action.ts'
import type { Link } from '../world/links.ts'
import { drawLogarithmic, drawOne } from '../world/seeds.ts'
import { contendedLock, hold, type HoldOptions } from './hold.ts'
import { recordOf } from './record.ts'
import { structuresSettings } from './settings.ts'
import type { StructuresAction, StructuresRun } from './structures-run.ts'
import { leave, userBy } from './workload.ts'

const troubles = ['cut', 'answers-late', 'moves', 'unheard', 'unheard'] as const
type Trouble = (typeof troubles)[number]

/** Each node leaves and comes back, one after the other in so many milliseconds. */
const moveEveryMs = 1_500

export const contention: StructuresAction = defineAction({
  type: 'contend',
  kind: 'fault',
  weight: 8,
  draw: (random) => ({
    holder: random(),
    waiter: random(),
    afterMs: drawLogarithmic(random, 50, 3_000),
    trouble: drawOne(random, troubles),
  }),
  perform: (run, { holder, waiter, afterMs, trouble }) => {
    const having = recordOf(run).outsider?.user ?? userBy(run, holder)
    if (!having) return
    const { ttlMs } = structuresSettings(run.plan)
    const common: HoldOptions = {
      kind: 'lock',
      name: contendedLock,
      permits: 1,
      waitMs: 1_000,
      holdMs: afterMs + 4 * ttlMs,
      renew: true,
      forgets: false,
      timeoutMs: 1_500,
      hopMs: 1,
    }
    void hold(run, having, common)
    run.later(100, () => {
      const other = userBy(run, waiter)
      if (other) void hold(run, other, { ...common, waitMs: 8 * ttlMs, holdMs: 4 })
    })
    run.later(afterMs, () => lay(run, trouble, having.host, ttlMs))
  },
})

function lay(run: StructuresRun, trouble: Trouble, host: string, ttlMs: number): void {
  const others = run.world.hosts.filter((other) => other !== host)
  const ways = others.map((to): Link => ({ from: host, to }))
  const waysBack = others.map((from): Link => ({ from, to: host }))
  switch (trouble) {
    case 'cut':
      disturb(run, [...ways, ...waysBack], { type: 'cut', mode: 'silent' }, 2 * ttlMs)
      return
    case 'answers-late': {
      // What it hears is old by then, and nothing that it says is heard any more, nor does it hear what becomes of that.
      disturb(run, waysBack, { type: 'cut', mode: 'hold' }, 0.55 * ttlMs)
      run.later(0.3 * ttlMs, () => disturb(run, ways, { type: 'cut', mode: 'silent' }, 2 * ttlMs))
      run.later(0.65 * ttlMs, () =>
        disturb(run, waysBack, { type: 'cut', mode: 'silent' }, 1.65 * ttlMs),
      )
      return
    }
    case 'unheard':
      // Whoever takes over does not hear of it, for less than it has.
      disturb(run, ways, { type: 'cut', mode: 'silent' }, 0.8 * ttlMs)
      move(run, others, 300)
      return
    case 'moves':
      move(run, others, moveEveryMs)
  }
}

function move(run: StructuresRun, hosts: readonly string[], everyMs: number): void {
  for (const [index, host] of hosts.entries()) {
    run.later(index * everyMs, () => {
      if (run.world.processes.length > 2) leave(run, host, 300, false)
    })
  }
}
