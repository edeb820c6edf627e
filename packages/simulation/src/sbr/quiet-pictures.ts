// A decision rests on a picture that has been quiet, and looked at: for `stableAfterMs` before it nobody
// came up, went, was downed or changed in reach in its data center, as the one who decides sees it, and it
// did not stand still.
import type { Cluster, ClusterState } from '@casty/membership'
import type { SimulatedProcess } from '../world/simulated-process.ts'
import type { MembershipRun, MembershipWatcher } from '../membership/membership-run.ts'
import { dataCenterOf } from '../membership/places.ts'
import { recordOf } from './record.ts'
import { splitBrainSettings } from './settings.ts'

/** To stand still for less goes unnoticed, or changes nothing. */
const noticedMs = 3_000
/** Clocks of nodes may run faster than that of the world. */
const tolerance = 0.99

export function quietPictures(run: MembershipRun): MembershipWatcher {
  const { stableAfterMs } = splitBrainSettings(run.plan)
  const changedAt = new Map<SimulatedProcess<Cluster>, number>()
  recordOf(run).onRuling(({ host, at, ruling }) => {
    const process = run.world.running(host)
    const since = process && changedAt.get(process)
    if (since === undefined || ruling.cause !== 'stable') return
    // Held up in the middle of deciding: by its own clock it is later, and here the ruling is told now.
    if (run.world.isStopped(host)) return
    const complain = (text: string): void =>
      run.violate('decisions rest on quiet pictures', `${host} decided ${text}`, host)
    const windowMs = tolerance * stableAfterMs
    const stoodMs = run.world.disturbances.stoppedMs(host, at - windowMs, at)
    if (at - since < windowMs) complain(`${Math.round(at - since)} ms after the last change`)
    else if (stoodMs >= noticedMs) complain(`though it stood still for ${Math.round(stoodMs)} ms`)
  })
  return {
    changed(process, state, before) {
      const dataCenter = dataCenterOf(run, process.host)
      if (before === undefined || hasChanged(before, state, dataCenter)) {
        changedAt.set(process, run.world.now)
      }
    },
  }
}

function hasChanged(before: ClusterState, after: ClusterState, dataCenter: string): boolean {
  const own = after.members.filter((member) => member.dataCenter === dataCenter)
  return own.some(({ node, key, status }) => {
    const was = before.member(node)
    const isNewStatus =
      status !== was?.status && (status === 'up' || status === 'exiting' || status === 'down')
    return isNewStatus || after.unreachable.has(key) !== before.unreachable.has(key)
  })
}
