// What copies are for: the owner of some dies while it is cut off from those who keep them, or from a few others, and
// clients go on writing all the time.
import { disturb } from '../faults/network-faults.ts'
import { withRunning } from '../hosting/hosting-run.ts'
import { defineAction } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import { keepersOf, ownerOf } from './holders.ts'
import type { ShardingAction, ShardingRun } from './sharding-run.ts'
import { entityOf } from './workload.ts'

const writeEveryMs = 15
/** So long before the cut ends its owner is no more: what it has sent by then is lost, in milliseconds. */
const lastMs = 1

const cuts = ['keepers', 'keepers', 'keepers', 'all', 'even', 'odd', 'none'] as const

export const lostCopies: ShardingAction = defineAction({
  type: 'lose-owner',
  kind: 'fault',
  weight: 8,
  draw: (random) => ({
    entity: random(),
    /** Others that the owner does not reach any more: those who are to keep copies, or, by where they come, some. */
    cuts: drawOne(random, cuts),
    mode: drawOne(random, ['silent', 'hold'] as const),
    afterMs: drawInteger(random, 20, 400),
    forMs: drawInteger(random, 20, 1_200),
    end: drawOne(random, ['crash', 'power-loss'] as const),
    backAfterMs: drawLogarithmic(random, 100, 8_000),
  }),
  perform: (run, { entity, cuts: which, mode, afterMs, forMs, end, backAfterMs }) => {
    const id = entityOf(run, entity)
    const owner = ownerOf(run, id)
    if (owner === undefined || run.world.processes.length < 3) return
    writeFromAll(run, id, afterMs + forMs)
    run.later(afterMs, () => {
      const links = cutOff(run, owner, id, which).map((to) => ({ from: owner, to }))
      disturb(run, links, { type: 'cut', mode }, forMs)
    })
    run.later(afterMs + forMs - lastMs, () => {
      run.note(owner, 'fault', end)
      if (end === 'crash') run.world.crash(owner)
      else run.world.vanish(owner)
      run.later(backAfterMs, () => run.world.start(owner))
    })
  },
})

function cutOff(
  run: ShardingRun,
  owner: string,
  id: string,
  which: (typeof cuts)[number],
): readonly string[] {
  const others = run.world.hosts.filter((host) => host !== owner)
  switch (which) {
    case 'keepers':
      return keepersOf(run, owner, id)
    case 'all':
      return others
    case 'even':
    case 'odd':
      return others.filter((_host, index) => (index % 2 === 0) === (which === 'even'))
    case 'none':
      return []
  }
}

/** All nodes ask one entity with copies to add something, all the time. */
export function writeFromAll(run: ShardingRun, id: string, forMs: number): void {
  const { hosts } = run.world
  const options = { isAsk: true, isRead: false, workMs: 0, timeoutMs: 2_000 }
  for (let [at, turn] = [0, 0]; at < forMs; at += writeEveryMs, turn++) {
    run.later(at, () => {
      withRunning(run, hosts[turn % hosts.length] ?? '', (program) => {
        void program.send('copied', id, options)
      })
    })
  }
}
