// P2: a decision is never undone. In the view of one process, the status of an incarnation only moves
// forward, and an age, once given, stays. No two members of one data center have one age, and of two that
// count each other in neither gives a member another age than the other. (A number that a leader gave and
// took with it, told to nobody who is left, binds nobody; and whoever leaves, or is downed, by somebody
// who does not know its number yet, goes without one.)
import {
  memberStatuses,
  type Cluster,
  type ClusterState,
  type Member,
  type MemberStatus,
} from '@casty/membership'
import type { SimulatedProcess } from '../world/simulated-process.ts'
import { isActive } from './is-active.ts'
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'

export function forwardOnly(run: MembershipRun): MembershipWatcher {
  const name = 'decisions are never undone'
  /** Statuses on the way out, by member, as shown first: true where whoever decided knew no age. */
  const ageless = new Map<string, boolean>()
  const compareAges = (
    process: SimulatedProcess<Cluster>,
    state: ClusterState,
    of: Member,
  ): void => {
    const { key, node, upNumber } = of
    for (const other of run.world.processes) {
      const theirs = run.stateOf(other)
      const age = theirs?.member(node)?.upNumber
      if (theirs === undefined || age === undefined || age === upNumber) continue
      if (!countsIn(state, other) || !countsIn(theirs, process)) continue
      const text = `${process.host} sees ${key} with age ${upNumber}, others with ${age}`
      run.violate(name, text, process.host)
    }
  }
  return {
    changed(process, state, before) {
      const { host } = process
      const numbered = new Map<string, string>()
      for (const member of state.members) {
        const { key, status, upNumber, dataCenter } = member
        const was = before?.member(member.node)
        const decision = `${key} ${status}`
        if (was?.status !== status && rank(status) >= rank('leaving') && !ageless.has(decision)) {
          const isUnknown = was?.upNumber === undefined || hasEnded(run, member)
          ageless.set(decision, upNumber === undefined && isUnknown)
        }
        if (was !== undefined && rank(status) < rank(was.status)) {
          run.violate(name, `${host} saw ${key} go from ${was.status} back to ${status}`, host)
        }
        const losesAge = upNumber === undefined && ageless.get(decision) === true
        if (was?.upNumber !== undefined && was.upNumber !== upNumber && !losesAge) {
          const text = `${host} saw the age of ${key} go from ${was.upNumber} to ${upNumber}`
          run.violate(name, text, host)
        }
        if (upNumber === undefined) continue
        if (was?.upNumber !== upNumber) compareAges(process, state, member)
        if (rank(status) >= rank('down')) continue
        const age = `${upNumber} of ${dataCenter}`
        const twin = numbered.get(age)
        if (twin !== undefined) {
          run.violate(name, `${host} sees ${key} and ${twin} with one age, ${upNumber}`, host)
        }
        numbered.set(age, key)
      }
    },
  }
}

/** What it decided last of itself, it showed to nobody. */
function hasEnded({ world }: MembershipRun, { key, address }: Member): boolean {
  return world.running(address.host)?.program?.self.key !== key
}

function rank(status: MemberStatus): number {
  return memberStatuses.indexOf(status)
}

/** Whether a view holds a process for an active member. */
function countsIn(view: ClusterState, { program }: SimulatedProcess<Cluster>): boolean {
  const member = program && view.member(program.self)
  return member !== undefined && isActive(member)
}
