// P3: whoever is removed by decision has stopped before others take over from it: within the removal
// margin of the first view without it. Counted is the time that it runs; and there must be somebody who
// could take over.
import type { NodeIdentity, NodeKey } from '@casty/membership'
import { resolverDefaults } from '@casty/sbr'
import type { MembershipRun, MembershipWatcher } from '../membership/membership-run.ts'
import { hasGivenUp } from './one-side-survives.ts'
import { recordOf } from './record.ts'
import { splitBrainSettings } from './settings.ts'

/** Timers may come this early. */
const roundingMs = 1

export function loserStops(run: MembershipRun): MembershipWatcher {
  // Where pictures may change for ever, the losing side may run for ever.
  if (splitBrainSettings(run.plan).downAllWhenUnstable === 'off') return {}
  const { world } = run
  const record = recordOf(run)
  const watched = new Set<NodeKey>()
  const heirOf = (node: NodeIdentity): string | undefined =>
    world.processes.find(({ program }) => program && hasGivenUp(program.getState(), node))?.host
  const check = (node: NodeIdentity, since: number): void => {
    const { key, address } = node
    if (record.handDownedAt !== undefined) return
    const program = world.running(address.host)?.program
    if (run.isOver || program?.self.key !== key) return
    if (program.selfMember === undefined) return // Let in, but never told so: it only asks, and holds nothing.
    const ranMs = world.now - since - world.disturbances.stoppedMs(address.host, since, world.now)
    const { marginMs = resolverDefaults.stableAfterMs } = record
    if (ranMs < marginMs - roundingMs) {
      world.clock.schedule(marginMs - ranMs, () => check(node, since))
      return
    }
    const heir = heirOf(node)
    watched.delete(key)
    if (heir === undefined) return
    const text = `${key} runs ${Math.round(ranMs)} ms after it was removed, and ${heir} goes on`
    run.violate('the loser stops in time', text, address.host)
  }
  return {
    changed(_process, state, before) {
      if (state.tombstones === before?.tombstones) return
      for (const { node, left } of state.tombstones.values()) {
        if (left || watched.has(node.key)) continue
        if (world.running(node.address.host)?.program?.self.equals(node) !== true) continue
        watched.add(node.key)
        check(node, world.now)
      }
    },
  }
}
