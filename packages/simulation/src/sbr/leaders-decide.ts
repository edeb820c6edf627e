// Each side has one who decides for it. That a side goes on is for its leader to say, as it sees itself:
// were every node to decide on its own view, two might decide differently.
import { electLeader, type LeaderOrder } from '@casty/membership'
import type { MembershipRun, MembershipWatcher } from '../membership/membership-run.ts'
import { recordOf } from './record.ts'

export function leadersDecide(run: MembershipRun): MembershipWatcher {
  // Drawn of these two.
  const { leaderOrder = 'age' } = run.plan.settings as { readonly leaderOrder?: LeaderOrder }
  recordOf(run).onRuling(({ host, by, ruling }) => {
    if (ruling.cause !== 'stable' && ruling.cause !== 'lease-granted') return
    const state = run.world.running(host)?.program?.getState()
    const { dataCenter } = ruling.view
    const leader = state && electLeader(state, { self: by, leaderOrder, dataCenter })?.key
    if (leader === by) return
    run.violate('leaders decide', `${by} decides, and ${leader ?? 'nobody'} leads its side`, host)
  })
  return {}
}
