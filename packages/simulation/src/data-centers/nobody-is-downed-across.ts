// A data center decides over its own members alone: whom another one cannot reach may be well. Only who
// was started again is given up everywhere, as the life that it was.
import type { Member, NodeKey } from '@casty/membership'
import type { MembershipRun, MembershipWatcher } from '../membership/membership-run.ts'
import { dataCenterOf } from '../membership/places.ts'
import { recordOf } from '../sbr/record.ts'

export function nobodyIsDownedAcross(run: MembershipRun): MembershipWatcher {
  const name = 'nobody is downed across'
  /** By a decision that was looked at. */
  const downed = new Set<NodeKey>()
  recordOf(run).onRuling(({ host, ruling }) => {
    const { down, view } = ruling
    // Whoever decides against itself as well shows nobody what it decided.
    for (const { key } of down) downed.add(key)
    const other = down.find(({ address }) => dataCenterOf(run, address.host) !== view.dataCenter)
    if (other === undefined) return
    run.violate(name, `${host} of ${view.dataCenter} decides against ${other.key}`, host)
  })
  return {
    changed({ host }, state, before) {
      if (state.records === before?.records) return
      for (const member of state.members) {
        const { key, node, status, dataCenter } = member
        if (status !== 'down' || downed.has(key)) continue
        // Whoever shows it first has decided it, and nobody shows it first who is merely told.
        downed.add(key)
        if (before?.member(node) === undefined || dataCenter === dataCenterOf(run, host)) continue
        if (isFormerLife(run, member)) continue
        run.violate(name, `${host} of another data center shows ${key} of ${dataCenter} down`, host)
      }
    },
  }
}

function isFormerLife({ world }: MembershipRun, { key, address }: Member): boolean {
  const latest = world.everStarted.findLast(({ host }) => host === address.host)
  return latest?.program?.self.key !== key
}
