// P7: a node that was merely slow, stalled or badly connected to too few peers to be outvoted is not
// found unreachable. Every vote against it needs a reason: its own standstill, or a bad link between
// the voter and it.
import { observersNeeded, type Cluster, type ClusterState, type Member } from '@casty/membership'
import type { Watcher } from '../run/scenario.ts'
import type { MembershipRun } from './scenario.ts'

/** What happened longer ago than this excuses nothing any more. */
const memoryMs = 20_000
/** Less than this, in all, is merely a stall. */
const mereStallMs = 2_500

export function reachabilityIsFair(run: MembershipRun): Watcher<Cluster, ClusterState> {
  const name = 'the healthy are reachable'
  const check = (observer: string, state: ClusterState, { address, key }: Member): void => {
    const { disturbances, now } = run.world
    const { host } = address
    const since = now - memoryMs
    if (run.world.running(host)?.program?.self.key !== key) return
    if (disturbances.stoppedMs(host, since, now) > mereStallMs) return
    const badLinks = run.world.hosts.filter(
      (other) => other !== host && disturbances.wasLinkBad(host, other, since),
    ).length
    // The votes needed when the vote was taken: members may have come since.
    const needed = Math.min(observersNeeded(state.members.length), observersNeeded(2) + 1)
    if (badLinks >= Math.min(needed, state.members.length - 1)) return
    run.violate(
      name,
      `${observer} finds ${key} unreachable: it ran, and ${badLinks} of its links were bad`,
      observer,
    )
  }
  return {
    changed({ host }, state, before) {
      for (const key of state.unreachable) {
        if (before?.unreachable.has(key) === true) continue
        const member = state.members.find((one) => one.key === key)
        if (member !== undefined) check(host, state, member)
      }
    },
  }
}
