// How news passes between data centers. Only envoys gossip across, in rounds of their own: at long
// intervals while nothing changes, and soon after a change until somebody over there has seen it. Their
// own data centers spread it from there.
import { seededRandom } from '@casty/clock'
import type { ClusterState } from './cluster-state.ts'
import { crossDcDefaults, crossGossipIntervalMs } from './cross-dc.ts'
import { evictionsStatus } from './evicting.ts'
import { counterparts, envoysOf } from './envoys.ts'
import { openExchange, pickTargets, sectionsDiffer } from './gossip-round.ts'
import { candidatesAcross, envoysInReach } from './gossip-targets.ts'
import { isActive, isEstablished } from './member.ts'
import type { GossipPace, MembershipState, Moment, Step } from './membership-state.ts'

/** One round: one member of each other data center is told what it lacks, or asked whether it does. */
export function crossRound(state: MembershipState, moment: Moment): Step {
  const { cluster, self, crossPace } = state
  const draw = seededRandom(moment.draw * 4_294_967_296 + 1) // Other draws than those of a round at home.
  const targets = [...counterparts(cluster, self.key).keys()].flatMap((name) =>
    pickTargets(candidatesAcross(cluster, self.key, name), 1, draw),
  )
  const intervalMs = intervalOf(state)
  const delayMs = isToldAcross(state) ? intervalMs : Math.min(crossPace.delayMs * 2, intervalMs)
  const nextAt = moment.now + delayMs * (0.9 + 0.2 * draw())
  return [
    { ...state, crossPace: { nextAt, delayMs } },
    targets.flatMap(({ node }) => [openExchange(state, node), ...evictionsStatus(cluster, node)]),
  ]
}

/**
 * Who has become an envoy has rounds from now on, who is none any more has none. News that nobody over
 * there has seen yet brings the next one forward: not in all envoys at once, since the first of them to
 * tell it may spare the others that.
 */
export function hastenAcross(
  before: MembershipState,
  after: MembershipState,
  moment: Moment,
): MembershipState {
  const { cluster, self, crossPace, settings } = after
  const isNewEnvoy = crossPace.nextAt === Number.POSITIVE_INFINITY
  if (counterparts(cluster, self.key).size === 0) {
    return isNewEnvoy ? after : withPace(after, { nextAt: Number.POSITIVE_INFINITY, delayMs: 0 })
  }
  const latest = Math.min(crossPace.nextAt, moment.now + intervalOf(after))
  const isNews = isNewEnvoy || before.cluster.version !== cluster.version
  if (!sectionsDiffer(before, after) && !(isNews && !isToldAcross(after))) {
    return withPace(after, { ...crossPace, nextAt: latest })
  }
  const { wakeMinMs, wakeMaxMs } = settings
  const spreadMs = wakeMaxMs * envoysOf(cluster, settings.dataCenter).length
  const draw = seededRandom(moment.draw * 4_294_967_296 + 2)
  const soon = moment.now + wakeMinMs + (spreadMs - wakeMinMs) * draw()
  return withPace(after, { nextAt: Math.min(latest, soon), delayMs: spreadMs })
}

function withPace(state: MembershipState, crossPace: GossipPace): MembershipState {
  const { nextAt, delayMs } = state.crossPace
  const isSame = nextAt === crossPace.nextAt && delayMs === crossPace.delayMs
  return isSame ? state : { ...state, crossPace }
}

function intervalOf({ cluster, settings }: MembershipState): number {
  const { gossipIntervalMs, crossDc = crossDcDefaults, dataCenter } = settings
  const localMembers = cluster.dataCenters.get(dataCenter)?.members.length ?? 0
  return crossGossipIntervalMs(gossipIntervalMs, crossDc, localMembers)
}

/**
 * Whether somebody of every other data center has seen the view, as far as this node reaches them. Where
 * its own one has no established member yet everybody has to: its first one waits for that.
 */
function isToldAcross({ cluster, self, settings }: MembershipState): boolean {
  const home = cluster.dataCenters.get(settings.dataCenter)?.members ?? []
  if (!home.some(isEstablished)) return seenByAllActive(cluster)
  return [...counterparts(cluster, self.key).keys()].every((name) => {
    const members = cluster.dataCenters.get(name)?.members ?? []
    return (
      members.some(({ key }) => cluster.seen.has(key)) ||
      envoysInReach(cluster, self.key, name).length === 0
    )
  })
}

function seenByAllActive({ members, seen }: ClusterState): boolean {
  return members.every((member) => seen.has(member.key) || !isActive(member))
}
