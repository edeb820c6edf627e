// P7: a node that was merely slow, stalled or badly connected to too few peers to be outvoted is not
// found unreachable. Every vote against it needs a reason: its own standstill, or a bad link between
// the voter and it. A node that is cut off itself judges by its own votes alone. Votes are those of the
// data center of the accused. Elsewhere nobody is found unreachable without them, unless something is, or
// was, wrong in or between the two data centers: whose word was held up there cannot be told.
import type { ClusterState, Member } from '@casty/membership'
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'
import { dataCenterOf, hostsIn } from './places.ts'

/** What happened longer ago than this excuses nothing any more. */
const memoryMs = 20_000
/** No standstill is longer. */
const longestMs = 70_000
/**
 * The votes that a cluster of three asks for, by the documentation: a checker must not share the
 * mistakes that it looks for. Larger clusters may ask for more; but how large this one was when the
 * votes were taken is not known, as members may have come since.
 */
const fewestVotes = 2
/** Less than this, in all, is merely a stall. */
const mereStallMs = 2_500

export function reachabilityIsFair(run: MembershipRun): MembershipWatcher {
  const name = 'the healthy are reachable'
  const check = (observer: string, state: ClusterState, { address, key }: Member): void => {
    const { disturbances, now } = run.world
    const { host } = address
    // Whoever stood still judges by what it knew before.
    const since = now - memoryMs - disturbances.stoppedMs(observer, now - longestMs, now)
    const process = run.world.running(host)
    if (process?.program?.self.key !== key) return
    const ranLately = (one: string, from = since): boolean =>
      disturbances.stoppedMs(one, from, now) <= mereStallMs
    // That its host stood empty before is no reason to accuse this process.
    if (!ranLately(host, Math.max(since, process.startedAt))) return
    const dataCenter = dataCenterOf(run, host)
    const isAcross = dataCenterOf(run, observer) !== dataCenter
    if (isAcross && isAnythingWrong(run, [dataCenterOf(run, observer), dataCenter])) return
    const near = hostsIn(run, dataCenter)
    const badLinksOf = (one: string): number =>
      near.filter((other) => other !== one && disturbances.wasLinkBad(one, other, since)).length
    // Whom the view does not know has no vote in it, and the dead have none.
    const hasVote = (other: string): boolean => {
      const voter = run.world.running(other)?.program?.self
      return voter !== undefined && state.member(voter) !== undefined && ranLately(other)
    }
    const voters = near.filter((other) => other !== host && hasVote(other)).length
    const members = state.members.filter((member) => near.includes(member.address.host))
    const most = Math.min(fewestVotes, voters, members.length - 1)
    const needed = Math.max(1, most) // To have stood still itself is no reason to accuse others.
    // Whoever is cut off itself counts only its own votes.
    if (badLinksOf(host) >= needed || badLinksOf(observer) >= needed) return
    run.violate(name, `${observer} finds ${key} unreachable, which ran and was connected`, observer)
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

/** Whether a link in or between data centers was bad, or somebody there stood still. */
function isAnythingWrong(run: MembershipRun, dataCenters: readonly string[]): boolean {
  const { disturbances, now } = run.world
  const hosts = dataCenters.flatMap((name) => hostsIn(run, name))
  return hosts.some(
    (one, index) =>
      disturbances.stoppedMs(one, now - longestMs, now) > 0 ||
      hosts.slice(index + 1).some((other) => disturbances.wasLinkBad(one, other, now - longestMs)),
  )
}
