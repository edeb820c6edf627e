import { clusterDefaults, crossDcDefaults } from '@casty/membership'
import type { MembershipRun } from './membership-run.ts'

/** What checkers must know of the settings that a plan has drawn; the defaults where it has none. */
export function settingsOf({ plan }: MembershipRun): {
  readonly minMembers: number
  readonly monitoredBy: number
  /** How many members of each data center keep in touch with the others. */
  readonly connections: number
  readonly tombstoneTtlMs: number
  /** Tombstones do not last as long as the chaos: whoever is away may be forgotten, and come back. */
  readonly forgets: boolean
} {
  const { minMembers, monitoredBy, tombstoneTtlMs } = { ...clusterDefaults, ...plan.settings }
  const { connections } = { ...crossDcDefaults, ...plan.settings }
  const forgets = tombstoneTtlMs < plan.chaosMs
  return { minMembers, monitoredBy, connections, tombstoneTtlMs, forgets }
}
