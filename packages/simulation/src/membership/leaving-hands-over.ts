// Whoever leaves has the time to hand over: what it is to do before its exit is done before the others
// let it go.
import type { Cluster } from '@casty/membership'
import type { SimulatedProcess } from '../world/simulated-process.ts'
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'

export function leavingHandsOver(run: MembershipRun): MembershipWatcher {
  const name = 'whoever leaves hands over first'
  const handedOver = new Set<SimulatedProcess<Cluster>>()
  // Whoever is downed while it leaves is given no time.
  const isDownedByHand = run.plan.actions.some(({ type }) => type.startsWith('down'))
  return {
    started(process) {
      process.program?.beforeExit(async () => void handedOver.add(process))
    },
    ended(process) {
      const { program, host, end } = process
      if (isDownedByHand || end?.reason !== 'left' || handedOver.has(process)) return
      const wasMember = (run.stateOf(process)?.members ?? []).length > 0
      if (wasMember) run.violate(name, `${program?.self.key ?? host} was let go before`, host)
    },
  }
}
