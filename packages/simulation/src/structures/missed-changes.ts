// One watches while others change what it watches, and is cut off meanwhile: what it misses it is told of.
import { disturb } from '../faults/network-faults.ts'
import { defineAction } from '../run/action.ts'
import type { Link } from '../world/links.ts'
import { drawInteger, drawOne } from '../world/seeds.ts'
import type { StructuresAction } from './structures-run.ts'
import { userOfTurn } from './turns.ts'
import { changeWatched, growWatched, watch, watchedChanges, watchedKeys } from './watch.ts'
import { userBy } from './workload.ts'

const changeEveryMs = 60
const changes = 40

export const missedChanges: StructuresAction = defineAction({
  type: 'miss-changes',
  kind: 'fault',
  weight: 5,
  draw: (random) => ({
    user: random(),
    what: drawOne(random, ['counter', 'map', 'one key'] as const),
    afterMs: drawInteger(random, 100, 1_500),
    forMs: drawInteger(random, 200, 3_000),
  }),
  perform: (run, { user, what, afterMs, forMs }) => {
    const watcher = userBy(run, user)
    if (!watcher) return
    void watch(run, watcher, { what, forMs: Infinity })
    for (let turn = 1; turn <= changes; turn++) {
      run.later(turn * changeEveryMs, () => {
        const other = userOfTurn(run, user, turn)
        if (!other) return
        const change = watchedChanges[turn % watchedChanges.length] ?? 'put'
        if (what === 'counter') void growWatched(run, other, 5_000)
        else void changeWatched(run, other, watchedKeys[0], change, 5_000)
      })
    }
    run.later(afterMs, () => {
      const others = run.world.hosts.filter((host) => host !== watcher.host)
      const ways = others.map((from): Link => ({ from, to: watcher.host }))
      disturb(run, ways, { type: 'cut', mode: 'silent' }, forMs)
    })
  },
})
