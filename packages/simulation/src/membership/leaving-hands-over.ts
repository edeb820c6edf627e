// Whoever leaves has the time to hand over: what it is to do before its exit has come to its end before
// the others let it go. Only whom they lost in the middle of it, or downed, is given no time.
import type { Cluster, NodeKey } from '@casty/membership'
import type { SimulatedProcess } from '../world/simulated-process.ts'
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'

/** Long enough for a leader that does not wait to be noticed, by the clock of the leaver. */
const handoverMs = 150

export function leavingHandsOver(run: MembershipRun): MembershipWatcher {
  const name = 'whoever leaves hands over first'
  const handedOver = new Set<SimulatedProcess<Cluster>>()
  const lost = new Set<NodeKey>()
  return {
    started(process) {
      process.program?.beforeExit(async () => {
        await new Promise<void>((resolve) => void process.clock.schedule(handoverMs, resolve))
        handedOver.add(process)
      })
    },
    changed(_process, { members, unreachable }) {
      for (const { key, status } of members) {
        const isOnItsWay = status === 'leaving' || status === 'exiting'
        if (status === 'down' || (isOnItsWay && unreachable.has(key))) lost.add(key)
      }
    },
    ended(process) {
      const { program, host, end } = process
      const key = program?.self.key
      const isInTime = handedOver.has(process) || (key !== undefined && lost.has(key))
      if (end?.reason !== 'left' || isInTime) return
      const wasMember = (run.stateOf(process)?.members ?? []).length > 0
      if (wasMember) run.violate(name, `${key ?? host} was let go before`, host)
    },
  }
}
