// Whoever acts on the lease holds it, as the store knows, when it acts.
import type { MembershipRun, MembershipWatcher } from '../membership/membership-run.ts'
import { leaseOfAll, leaseOwner } from './program.ts'
import { recordOf } from './record.ts'

export function leaseIsHeld(run: MembershipRun): MembershipWatcher {
  const record = recordOf(run)
  record.onRuling(({ host, ruling }) => {
    if (ruling.cause !== 'lease-granted') return
    const holder = record.leases.holder(leaseOfAll)
    const process = run.world.running(host)
    const owner = process && leaseOwner(process)
    if (owner !== undefined && holder?.owner === owner) return
    const text = `${owner ?? host} acts on the lease of ${holder?.owner ?? 'nobody'}`
    run.violate('the lease is held by who acts', text, host)
  })
  return {}
}
