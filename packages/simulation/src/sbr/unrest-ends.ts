// P3: where members come and go, so that no picture lasts long enough to decide on, all go down: two sides
// would else work on for as long as that goes on. Counted is the time that the node runs, since it first
// had somebody of its data center out of reach over whom nothing is decided.
import type { Cluster, ClusterState, NodeKey } from '@casty/membership'
import { unstableAfterMs } from '@casty/sbr'
import { isActive } from '../membership/is-active.ts'
import type { MembershipRun, MembershipWatcher } from '../membership/membership-run.ts'
import { dataCenterOf } from '../membership/places.ts'
import type { SimulatedProcess } from '../world/simulated-process.ts'
import { splitBrainSettings } from './settings.ts'

/** Clocks of nodes may run slower than that of the world. */
const tolerance = 1.01
/** A node may be in the middle of asking for a lease. */
const slackMs = 1_000

/** What one process sees come and go. */
interface Unrest {
  readonly since: number
  readonly changedAt: number
  /** Out of reach, or accused still since they were. */
  readonly lost: ReadonlySet<NodeKey>
  readonly hasRegained: boolean
  readonly hasLostAgain: boolean
}

export function unrestEnds(run: MembershipRun): MembershipWatcher {
  const { stableAfterMs, downAllWhenUnstable } = splitBrainSettings(run.plan)
  const patienceMs = unstableAfterMs({ stableAfterMs, downAllWhenUnstable })
  if (patienceMs === undefined) return {}
  const limitMs = tolerance * (stableAfterMs + patienceMs) + slackMs
  const { world } = run
  const seen = new Map<SimulatedProcess<Cluster>, Unrest>()
  return {
    changed(process, state, before) {
      const { host } = process
      const was = seen.get(process)
      const { unreachable, reachability } = state
      const dataCenter = dataCenterOf(run, host)
      const members = state.members.filter((member) => member.dataCenter === dataCenter)
      const now = unrestIn({ members, unreachable, reachability }, before, was, world.now)
      if (!now) {
        seen.delete(process)
        return
      }
      // It watches all anew when it has stood still.
      const stoodStill = world.disturbances.stoppedMs(host, now.since, world.now) > 0
      seen.set(process, stoodStill ? begun(now.lost, world.now) : now)
      if (stoodStill || !was?.hasLostAgain || now.changedAt === was.changedAt) return
      const isRestless = now.changedAt - was.changedAt < stableAfterMs / tolerance
      const lastsMs = Math.round(world.now - now.since)
      if (!isRestless || lastsMs < limitMs) return
      run.violate('unrest ends', `${host} goes on after ${lastsMs} ms of comings and goings`, host)
    },
  }
}

/** A state, with the members of one data center. */
type OwnView = Pick<ClusterState, 'members' | 'unreachable' | 'reachability'>

function unrestIn(
  state: OwnView,
  before: ClusterState | undefined,
  was: Unrest | undefined,
  now: number,
): Unrest | undefined {
  const lost = lostIn(state, was?.lost)
  if (!state.members.some((one) => isActive(one) && state.unreachable.has(one.key)))
    return undefined
  const isDecided = state.members.some(
    ({ node, status }) => status === 'down' && before?.member(node)?.status !== 'down',
  )
  if (!was || isDecided) return begun(lost, now)
  const isLost = [...lost].some((key) => !was.lost.has(key))
  const isRegained = [...was.lost].some(
    (key) => !lost.has(key) && state.members.some((one) => one.key === key && isActive(one)),
  )
  return {
    since: was.since,
    changedAt: isLost || isRegained ? now : was.changedAt,
    lost,
    hasRegained: was.hasRegained || isRegained,
    hasLostAgain: was.hasLostAgain || (was.hasRegained && isLost),
  }
}

function begun(lost: ReadonlySet<NodeKey>, now: number): Unrest {
  return { since: now, changedAt: now, lost, hasRegained: false, hasLostAgain: false }
}

function lostIn(
  { members, unreachable, reachability }: OwnView,
  before: ReadonlySet<NodeKey> | undefined,
): ReadonlySet<NodeKey> {
  const isAccused = (key: NodeKey): boolean =>
    members.some((one) => reachability.statusBetween(one.key, key) !== 'reachable')
  const keys = members.map(({ key }) => key)
  return new Set(
    keys.filter((key) => unreachable.has(key) || (before?.has(key) === true && isAccused(key))),
  )
}
