// One that has a lock is cut off until after its time, and another has it by then, while a third one waits: what the first
// one still says of it concerns nobody any more.
import { disturb } from '../faults/network-faults.ts'
import { defineAction } from '../run/action.ts'
import type { Link } from '../world/links.ts'
import { drawLogarithmic } from '../world/seeds.ts'
import { contendedLock, hold, type HoldOptions } from './hold.ts'
import { structuresSettings } from './settings.ts'
import type { StructuresAction } from './structures-run.ts'
import { userBy } from './workload.ts'

export const lateRelease: StructuresAction = defineAction({
  type: 'late-release',
  kind: 'fault',
  weight: 4,
  draw: (random) => ({
    user: random(),
    afterMs: drawLogarithmic(random, 50, 1_500),
    /** As a share of the time that it has it for. */
    cutShare: 1.1 + 0.9 * random(),
  }),
  perform: (run, { user, afterMs, cutShare }) => {
    const first = userBy(run, user)
    if (!first) return
    const { ttlMs } = structuresSettings(run.plan)
    const common: HoldOptions = {
      kind: 'lock',
      name: contendedLock,
      permits: 1,
      waitMs: 1_000,
      holdMs: afterMs + 4 * ttlMs,
      renew: true,
      forgets: false,
      timeoutMs: 5_000,
      hopMs: 1,
    }
    void hold(run, first, common)
    for (const turn of [1, 2]) {
      run.later(100 * turn, () => {
        const next = userBy(run, (user + turn * 0.377) % 1)
        if (next) void hold(run, next, { ...common, waitMs: 10 * ttlMs, holdMs: 3 * ttlMs })
      })
    }
    run.later(afterMs, () => {
      const others = run.world.hosts.filter((host) => host !== first.host)
      const links = others.flatMap((other): readonly Link[] => [
        { from: first.host, to: other },
        { from: other, to: first.host },
      ])
      disturb(run, links, { type: 'cut', mode: 'silent' }, cutShare * ttlMs)
    })
  },
})
