// One works on an item for about as long as it has for it, and asks for more time then, while another waits for the item:
// either the one has it for as long as it is told, or it is told that it has it no more.
import { defineAction } from '../run/action.ts'
import { drawOne } from '../world/seeds.ts'
import { consume, produce } from './queue-acts.ts'
import { structuresSettings } from './settings.ts'
import type { StructuresAction } from './structures-run.ts'
import { disputedQueue, userBy } from './workload.ts'

export const outstaying: StructuresAction = defineAction({
  type: 'outstay',
  kind: 'workload',
  weight: 10,
  draw: (random) => ({
    first: random(),
    second: random(),
    /** As shares of the time that it has for the item. */
    workShare: 0.5 + random(),
    extendShare: 0.5 + 2 * random(),
    timeoutMs: drawOne(random, [300, 1_500, 5_000]),
  }),
  perform: (run, { first, second, workShare, extendShare, timeoutMs }) => {
    const { visibilityMs } = structuresSettings(run.plan)
    const user = userBy(run, first)
    if (!user) return
    void produce(run, user, disputedQueue, { timeoutMs })
    const common = { timeoutMs, end: 'ack' } as const
    void consume(run, user, disputedQueue, {
      ...common,
      waitMs: 0,
      workMs: workShare * visibilityMs,
      extendMs: extendShare * visibilityMs,
    })
    run.later(visibilityMs / 4, () => {
      const other = userBy(run, second)
      const [waitMs, workMs] = [4 * visibilityMs, visibilityMs]
      if (other) void consume(run, other, disputedQueue, { ...common, waitMs, workMs })
    })
  },
})
