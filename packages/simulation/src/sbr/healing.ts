// What is demanded once the faults are over: whoever is left is one cluster, and all are in it again.
import type { ClusterState, NodeIdentity } from '@casty/membership'
import type { MembershipRun } from '../membership/membership-run.ts'
import { describeState } from '../membership/describe.ts'
import type { HealStage } from '../run/scenario.ts'
import { feud, hasGivenUp } from './one-side-survives.ts'
import { recordOf } from './record.ts'

/** Row 34 of the fault matrix: one cluster again, also where two sides gave each other up. */
const oneClusterWithinMs = 60_000
/** So long a person waits before ending a side that the other one cannot take back. */
const patienceMs = 30_000

export function oneClusterAgain(
  run: MembershipRun,
  withinMs: number = oneClusterWithinMs,
): HealStage {
  const { world } = run
  let since = world.now
  return {
    name: 'one cluster again',
    withinMs,
    begin() {
      since = world.now
    },
    nudge() {
      if (world.now >= since + patienceMs) for (const host of leftBehind(run)) world.crash(host)
      for (const host of world.hosts) world.start(host)
    },
    isDone: () => lacking(run) === undefined,
    explain: () => lacking(run) ?? '',
  }
}

/**
 * Hosts of a side that was downed by hand, of which the others were all started anew since. Whom these
 * refuse cannot tell them that it gave up their former lives: a person has to end it, as documented.
 */
function leftBehind(run: MembershipRun): readonly string[] {
  if (recordOf(run).handDownedAt === undefined) return []
  const all = run.world.processes.flatMap(({ host, program }) => {
    const state = program?.getState()
    return state && program ? [{ host, self: program.self, state }] : []
  })
  return all
    .filter(({ self, state }) => {
      const others = all.filter((other) => state.member(other.self) === undefined)
      const isStrange = others.every(
        (other) => hasGivenUp(other.state, self) && hasGivenUpFormerLife(state, other.self),
      )
      return others.length > 0 && isStrange && state.isConverged
    })
    .map(({ host }) => host)
}

function hasGivenUpFormerLife({ tombstones }: ClusterState, node: NodeIdentity): boolean {
  const tombstone = tombstones.get(node.address.toString())
  return tombstone?.left === false && tombstone.node.incarnation < node.incarnation
}

/** What is missing until all hosts are up and agree. */
export function lacking(run: MembershipRun): string | undefined {
  const pair = feud(run)
  if (pair !== undefined) return `${pair.join(' and ')} have given each other up`
  const [first] = run.world.processes
  const expected = first?.program?.getState()
  if (expected === undefined) return 'nobody runs'
  for (const host of run.world.hosts) {
    const program = run.world.running(host)?.program
    const state = program?.getState()
    if (program?.selfMember?.status !== 'up' || state === undefined) {
      const { summary = '' } = program?.explain() ?? {}
      return `${host} is ${program?.selfMember?.status ?? 'no member'}. ${summary}`
    }
    if (!state.isConverged) return `${host}: ${describeState(state)}. ${program.explain().summary}`
    if (
      !state.version.equals(expected.version) ||
      describeState(state) !== describeState(expected)
    ) {
      return `${first?.host ?? ''} has ${describeState(expected)}, ${host} ${describeState(state)}`
    }
    if (state.members.some(({ status }) => status !== 'up')) return describeState(state)
  }
  return undefined
}
