// What is demanded once the faults are over: the dead are found unreachable, the living are not; and
// when the dead have been started again or downed, all agree.
import type { Cluster, ClusterState, Member } from '@casty/membership'
import type { HealStage } from '../run/scenario.ts'
import { forkRandom } from '../world/seeds.ts'
import { describeState, shortName } from './describe.ts'
import { isActive } from './is-active.ts'
import type { MembershipRun } from './membership-run.ts'
import { settingsOf } from './settings.ts'

/** Longest silence until unreachability, with all doubts of the observers and a reconnection. */
const detectWithinMs = 15_000
/** Rounds of gossip, once everybody is there. */
const agreeWithinMs = 5_000
/**
 * A `leave` that began in the chaos is carried through, or given up, within this: it waits for others
 * for `leaveTimeoutMs`, hands over for up to 3 s, and waits as long again.
 */
const leaveWithinMs = 15_000

export function healStages(run: MembershipRun): readonly HealStage[] {
  return [theDeadAreFound(run), everybodyIsThere(run), allAgree(run)]
}

/** Nothing is started or downed yet: what is known follows from failure detection alone. */
function theDeadAreFound(run: MembershipRun): HealStage {
  const wrong = (): readonly string[] =>
    states(run).flatMap(({ host, state }) =>
      state.members
        .filter(
          (member) =>
            isActive(member) && isAlive(run, member) === state.unreachable.has(member.key),
        )
        .map(
          (member) =>
            `${host} finds ${shortName(member.key)} ${state.unreachable.has(member.key) ? 'un' : ''}reachable`,
        ),
    )
  return {
    name: 'the dead are unreachable, the living are not',
    withinMs: detectWithinMs,
    isDone: () => wrong().length === 0,
    explain: () => wrong().join('; '),
  }
}

/** Each host that stands empty is started again, or downed by somebody who lives. */
function everybodyIsThere(run: MembershipRun): HealStage {
  const random = forkRandom(run.plan.seed, 'healing')
  const { world } = run
  const abandoned = new Set(world.hosts.filter((host) => !world.running(host) && random() < 0.3))
  // Only the first contact may form a cluster: where there is none, it has to come back.
  const isFormed = world.processes.some(({ program }) => program?.selfMember !== undefined)
  const isEnough = world.hosts.length - abandoned.size >= settingsOf(run).minMembers
  if (!isFormed || !isEnough) abandoned.clear()
  const missing = (): readonly string[] => [
    ...world.hosts
      .filter((host) => !abandoned.has(host) && !isMember(run, host))
      .map((host) => explainAbsence(run, host)),
    ...states(run).flatMap(({ state }) =>
      state.members
        .filter((member) => !isAlive(run, member))
        .map(({ key }) => `${shortName(key)} is still a member, though gone`),
    ),
  ]
  return {
    name: 'everybody is there',
    withinMs: leaveWithinMs,
    nudge() {
      // Whoever was a member may have been downed before.
      if (!world.processes.some(({ program }) => program?.selfMember)) abandoned.clear()
      for (const host of world.hosts) if (!abandoned.has(host)) world.start(host)
      for (const { cluster, state } of states(run)) {
        const gone = state.members.find(
          (member) =>
            abandoned.has(member.address.host) && isActive(member) && !isAlive(run, member),
        )
        if (gone !== undefined) cluster.down(gone.node)
      }
    },
    isDone: () => missing().length === 0,
    explain: () => `${[...new Set(missing())].join('; ')}. ${explainAll(run)}`,
  }
}

function allAgree(run: MembershipRun): HealStage {
  // A machine that slept forgets the removed later than the others: their memory may differ for long.
  const { forgets } = settingsOf(run)
  const isEqual = (one: ClusterState, other: ClusterState): boolean =>
    describeServices(one) === describeServices(other) &&
    (forgets
      ? one.version.equals(other.version) && describeState(one) === describeState(other)
      : one.equals(other))
  const disagreement = (): string | undefined => {
    const all = states(run)
    const [first, ...others] = all
    if (first === undefined) return 'nobody runs'
    const unsettled = all.find(
      ({ state }) => !state.isConverged || state.members.some(({ status }) => status !== 'up'),
    )
    if (unsettled !== undefined) {
      return `${unsettled.host} has ${describeState(unsettled.state)}; ${unsettled.cluster.explain().summary}`
    }
    const other = others.find(({ state }) => !isEqual(state, first.state))
    return (
      other &&
      `${first.host} has ${describeAll(first.state)}, ${other.host} ${describeAll(other.state)}`
    )
  }
  return {
    name: 'all agree',
    withinMs: agreeWithinMs,
    isDone: () => disagreement() === undefined,
    explain: () => disagreement() ?? '',
  }
}

/** States compare services by their versions: here is what they say. */
function describeServices({ services }: ClusterState): string {
  return services.map(({ key, node, path }) => `${key} at ${node.key}${path}`).join()
}

function describeAll(state: ClusterState): string {
  return [describeState(state), describeServices(state)].filter((text) => text !== '').join(' | ')
}

/** What every node says of itself, each sentence once. */
function explainAll(run: MembershipRun): string {
  const said = run.world.processes.flatMap(({ program }) => program?.explain().summary ?? [])
  return [...new Set(said)].join(' ')
}

interface Standing {
  readonly host: string
  readonly cluster: Cluster
  readonly state: ClusterState
}

/** Those that run and are no mere joiners. */
function states(run: MembershipRun): readonly Standing[] {
  return run.world.processes.flatMap(({ host, program }) => {
    const state = program?.getState()
    return program === undefined || state === undefined || state.members.length === 0
      ? []
      : [{ host, cluster: program, state }]
  })
}

function isAlive(run: MembershipRun, { address, key }: Member): boolean {
  return run.world.running(address.host)?.program?.self.key === key
}

function isMember(run: MembershipRun, host: string): boolean {
  return run.world.running(host)?.program?.selfMember?.status === 'up'
}

/** Why a host does not count as there. */
function explainAbsence(run: MembershipRun, host: string): string {
  const program = run.world.running(host)?.program
  if (program === undefined) return `nothing runs on ${host} yet`
  const name = shortName(program.self.key)
  const status = program.selfMember?.status
  return status === undefined ? `${name} is no member yet` : `${name} is ${status}, not up`
}
