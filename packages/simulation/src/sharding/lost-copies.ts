// What copies are for: the owner of some dies right after it was cut off from a few of those who keep them, while
// clients go on writing.
import { disturb } from '../faults/network-faults.ts'
import { defineAction } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import { entityOf, withRunning } from './workload.ts'
import type { ShardingAction, ShardingRun } from './sharding-run.ts'

const writeEveryMs = 15

export const lostCopies: ShardingAction = defineAction({
  type: 'lose-owner',
  kind: 'fault',
  weight: 8,
  draw: (random) => ({
    entity: random(),
    /** Others that the owner does not reach any more, by where they come: every one, or every other. */
    cuts: drawOne(random, ['all', 'even', 'odd', 'none'] as const),
    mode: drawOne(random, ['silent', 'hold'] as const),
    afterMs: drawInteger(random, 20, 400),
    forMs: drawInteger(random, 20, 1_200),
    end: drawOne(random, ['crash', 'power-loss'] as const),
    backAfterMs: drawLogarithmic(random, 100, 8_000),
  }),
  perform: (run, { entity, cuts, mode, afterMs, forMs, end, backAfterMs }) => {
    const id = entityOf(run, entity)
    const owner = ownerOf(run, id)
    if (owner === undefined || run.world.processes.length < 3) return
    const others = run.world.hosts.filter((host) => host !== owner)
    writeFromAll(run, id, afterMs + forMs)
    const cutOff = others.filter(
      (_host, index) =>
        cuts === 'all' || (cuts !== 'none' && (index % 2 === 0) === (cuts === 'even')),
    )
    run.later(afterMs, () => {
      const links = cutOff.map((to) => ({ from: owner, to }))
      disturb(run, links, { type: 'cut', mode }, forMs)
    })
    run.later(afterMs + forMs - 1, () => {
      run.note(owner, 'fault', end)
      if (end === 'crash') run.world.crash(owner)
      else run.world.vanish(owner)
      run.later(backAfterMs, () => run.world.start(owner))
    })
  },
})

function ownerOf(run: ShardingRun, id: string): string | undefined {
  const owner = run.world.processes.find(({ program, clock }) =>
    clock.peek(() => {
      const region = program?.regionOf('copied')
      return region?.explain(region.shardOf(id)).stage === 'running'
    }),
  )
  return owner?.host
}

function writeFromAll(run: ShardingRun, id: string, forMs: number): void {
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
