// P7, vote by vote: nobody accuses whom it could hear. An observer that newly finds somebody
// unreachable has a bad link to just that one, or the accused does not run, or stood still. Nor is one bad
// link a reason where all others could tell that they reach the accused: then it is the link that is at fault.
import type { ClusterState } from '@casty/membership'
import { hostOf } from '../world/addresses.ts'
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'
import { dataCenterOf } from './places.ts'

/** What happened longer ago than this is no reason any more. */
const memoryMs = 7_000
/** The same of members of another data center, with whom patience is greater. */
const memoryAcrossMs = 20_000
/** For so long a link that was bad may keep two from finding each other again. */
const estrangedMs = 20_000
/** To stand still for less than this goes unnoticed by a healthy observer. */
const unnoticedMs = 1_500

export function accusationsHaveReasons(run: MembershipRun): MembershipWatcher {
  const name = 'accusations have reasons'
  const hasReason = (observer: string, subject: string): boolean => {
    const { disturbances, now } = run.world
    const host = hostOf(subject)
    const process = run.world.running(host)
    if (process?.program?.self.key !== subject) return true
    const isAcross = dataCenterOf(run, observer) !== dataCenterOf(run, host)
    const since = now - (isAcross ? memoryAcrossMs : memoryMs)
    const stoppedMs = disturbances.stoppedMs(host, Math.max(since, process.startedAt), now)
    return stoppedMs > unnoticedMs || disturbances.wasLinkBad(observer, host, since)
  }
  /** Whoever ran all the time, with good links to whom it has to do with. */
  const isWell = (host: string, peers: readonly string[]): boolean => {
    const { disturbances, now } = run.world
    const process = run.world.running(host)
    const since = now - estrangedMs
    return (
      process?.program !== undefined &&
      process.startedAt < since &&
      disturbances.stoppedMs(host, since, now) === 0 &&
      !peers.some((peer) => disturbances.wasLinkBad(host, peer, since))
    )
  }
  const isOutvoted = (observer: string, subject: string, state: ClusterState): boolean => {
    const host = hostOf(subject)
    const dataCenter = dataCenterOf(run, host)
    // Those who watch across are few: who they are is not known here.
    if (dataCenterOf(run, observer) !== dataCenter) return false
    const members = state.members.filter(
      ({ address }) => dataCenterOf(run, address.host) === dataCenter,
    )
    const helpers = members
      .filter(({ status }) => status === 'up')
      .map(({ address }) => address.host)
      .filter((helper) => helper !== observer && helper !== host)
    const areMembers = members.length === helpers.length + 2
    const isOneLink = isWell(observer, helpers) && isWell(host, helpers)
    return isOneLink && areMembers && helpers.length > 0 && helpers.every((one) => isWell(one, []))
  }
  return {
    changed({ host, program }, state, before) {
      if (program === undefined) return
      const observer = program.self.key
      for (const subject of newlyAccused(observer, state, before)) {
        const which = !hasReason(host, subject)
          ? 'it could hear'
          : isOutvoted(host, subject, state)
            ? 'all others reach'
            : undefined
        if (which === undefined) continue
        run.violate(name, `${host} accuses ${subject}, which ${which}`, host)
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
