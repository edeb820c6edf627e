// P2: a decision is never undone. In the view of one process, the status of an incarnation only moves
// forward, and an age, once given, stays; over all views, everybody who was given an age has one.
import { memberStatuses, type MemberStatus } from '@casty/membership'
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'

export function forwardOnly(run: MembershipRun): MembershipWatcher {
  const name = 'decisions are never undone'
  const ages = new Map<string, number>()
  return {
    changed({ host }, state, before) {
      const numbered = new Map<number, string>()
      for (const member of state.members) {
        const { key, status, upNumber } = member
        const was = before?.member(member.node)
        if (
          was !== undefined &&
          memberStatuses.indexOf(status) < memberStatuses.indexOf(was.status)
        ) {
          run.violate(name, `${host} saw ${key} go from ${was.status} back to ${status}`, host)
        }
        if (upNumber === undefined) continue
        const known = ages.get(key)
        if (known !== undefined && known !== upNumber) {
          run.violate(name, `${host} sees ${key} with age ${upNumber}, others with ${known}`, host)
        }
        ages.set(key, upNumber)
        if (isOut(status)) continue
        const twin = numbered.get(upNumber)
        if (twin !== undefined) {
          run.violate(name, `${host} sees ${key} and ${twin} with one age, ${upNumber}`, host)
        }
        numbered.set(upNumber, key)
      }
    },
  }
}

function isOut(status: MemberStatus): boolean {
  return memberStatuses.indexOf(status) >= memberStatuses.indexOf('down')
}
