// P7, vote by vote: nobody accuses whom it could hear. An observer that newly finds somebody
// unreachable has a bad link to just that one, or the accused does not run, or stood still.
import type { ClusterState } from '@casty/membership'
import { hostOf } from '../world/addresses.ts'
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'

/** What happened longer ago than this is no reason any more. */
const memoryMs = 7_000
/** To stand still for less than this goes unnoticed by a healthy observer. */
const unnoticedMs = 1_500

export function accusationsHaveReasons(run: MembershipRun): MembershipWatcher {
  const hasReason = (observer: string, subject: string): boolean => {
    const { disturbances, now } = run.world
    const host = hostOf(subject)
    const process = run.world.running(host)
    if (process?.program?.self.key !== subject) return true
    const since = now - memoryMs
    const stoppedMs = disturbances.stoppedMs(host, Math.max(since, process.startedAt), now)
    return stoppedMs > unnoticedMs || disturbances.wasLinkBad(observer, host, since)
  }
  return {
    changed({ host, program }, state, before) {
      if (program === undefined) return
      const observer = program.self.key
      for (const subject of newlyAccused(observer, state, before)) {
        if (hasReason(host, subject)) continue
        run.violate(
          'accusations have reasons',
          `${host} accuses ${subject}, which it could hear`,
          host,
        )
      }
    },
  }
}

function newlyAccused(
  observer: string,
  { reachability }: ClusterState,
  before: ClusterState | undefined,
): readonly string[] {
  const former = before?.reachability
  if (reachability.rows.get(observer) === former?.rows.get(observer)) return []
  return reachability
    .unreachableFrom(observer)
    .filter((subject) => (former?.statusBetween(observer, subject) ?? 'reachable') === 'reachable')
}
