import type { Run } from '../run/run.ts'
import type { Watcher } from '../run/scenario.ts'
import { drawLogarithmic, forkRandom } from '../world/seeds.ts'

/**
 * Whoever the cluster decided against is started again after a while, as a supervisor would; who could not be started,
 * or left something behind, is told of.
 */
export function supervising<P, S>(
  run: Run<P, S>,
): Required<Pick<Watcher<P, S>, 'ended' | 'finished'>> {
  const random = forkRandom(run.plan.seed, 'supervisor')
  return {
    ended({ host, end }) {
      if (end?.how === 'failed') {
        run.violate('every process starts', `${host} did not: ${end.reason}`, host)
      }
      if (end?.how !== 'exited' || end.reason === 'left') return
      const afterMs = drawLogarithmic(random, 200, 5_000)
      run.world.clock.schedule(afterMs, () => {
        if (!run.isOver) run.world.start(host)
      })
    },
    finished() {
      for (const process of run.world.everStarted) {
        if (process.leftTimers === 0) continue
        run.violate('nothing is left behind', `${process} left ${process.leftTimers} timers`)
      }
    },
  }
}
