// P7: whoever belongs to a clear majority that is healthy, and fully connected, is not downed; unless
// the others come and go for so long that no picture lasts. It is clear where the others are apart from
// it: where enough of them for a vote reach some of it, and not the rest, there are two sides in touch,
// and each may be a majority with those who reach both.
import type { Member, NodeKey } from '@casty/membership'
import type { MembershipRun, MembershipWatcher } from '../membership/membership-run.ts'
import { isActive } from '../membership/is-active.ts'
import { votesWanted } from '../membership/votes-count.ts'
import { recordOf } from './record.ts'
import { splitBrainSettings } from './settings.ts'

/** What happened longer ago than this is over: detection, doubts and the longest window. */
const memoryMs = 30_000

export function clearMajorityGoesOn(run: MembershipRun): MembershipWatcher {
  const { strategy, role } = splitBrainSettings(run.plan)
  if (strategy !== 'keep-majority' || role !== '') return {}
  recordOf(run).onRuling((told) => {
    const { cause, down, view } = told.ruling
    if (cause === 'unstable') return
    const active = view.members.filter(
      (member) => isActive(member) && member.dataCenter === view.dataCenter,
    )
    const healthy = active.filter((member) => isHealthy(run, member))
    for (const { key } of down) {
      const majority = largestGroup(run, healthy, key)
      if (2 * majority.length <= active.length) continue
      const inTouch = active.filter((member) => isInTouch(run, member, majority))
      if (inTouch.length >= votesWanted(active.length)) continue
      const names = majority.map(({ address }) => address.host).join(' ')
      const text = `${told.host} downs ${key}, of the majority ${names}: ${told.ruling.reason}`
      run.violate('a clear majority goes on', text, told.host)
    }
  })
  return {}
}

/** It is up, as it was for long, and never stood still. */
function isHealthy(run: MembershipRun, { status, key, address }: Member): boolean {
  const { world } = run
  const process = world.running(address.host)
  const since = world.now - memoryMs
  return (
    status === 'up' &&
    process?.program?.self.key === key &&
    process.startedAt < Math.max(since, earlyMs) &&
    world.disturbances.stoppedMs(address.host, Math.max(since, process.startedAt), world.now) === 0
  )
}

/** The hosts that are started first have no past. */
const earlyMs = 2_500

/** It reaches some of a group that it does not belong to, and others of it not. */
function isInTouch(
  { world }: MembershipRun,
  { key, address: { host } }: Member,
  group: readonly Member[],
): boolean {
  const isOutside =
    world.running(host)?.program?.self.key === key && group.every((one) => one.key !== key)
  const wasBad = (since: number) => (one: Member) =>
    world.disturbances.wasLinkBad(host, one.address.host, since)
  return isOutside && group.some(wasBad(world.now - memoryMs)) && !group.every(wasBad(world.now))
}

/** The largest group around one of whom all have been connected with each other. */
function largestGroup(
  { world }: MembershipRun,
  members: readonly Member[],
  around: NodeKey,
): readonly Member[] {
  const areConnected = (one: Member, other: Member): boolean =>
    one === other ||
    !world.disturbances.wasLinkBad(one.address.host, other.address.host, world.now - memoryMs)
  const center = members.find(({ key }) => key === around)
  const grow = (group: readonly Member[], candidates: readonly Member[]): readonly Member[] =>
    candidates.reduce<readonly Member[]>((best, next, index) => {
      const left = candidates.slice(index + 1).filter((other) => areConnected(next, other))
      const grown = grow([...group, next], left)
      return grown.length > best.length ? grown : best
    }, group)
  return center === undefined
    ? []
    : grow(
        [center],
        members.filter((one) => one !== center && areConnected(center, one)),
      )
}
