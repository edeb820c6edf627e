import type { MembershipRun, MembershipWatcher } from '../membership/membership-run.ts'
import { drawLogarithmic, forkRandom } from '../world/seeds.ts'

/** Whoever the cluster decided against is started again after a while, as a supervisor would. */
export function restarts(run: MembershipRun): MembershipWatcher {
  const random = forkRandom(run.plan.seed, 'supervisor')
  return {
    ended({ host, end }) {
      if (end?.how !== 'exited' || end.reason === 'left') return
      const afterMs = drawLogarithmic(random, 200, 10_000)
      run.world.clock.schedule(afterMs, () => {
        if (!run.isOver) run.world.start(host)
      })
    },
  }
}
