// Which data center each host is in, as the plan says. Where it says nothing all are in one.
import { DEFAULT_DC } from '@casty/membership'
import type { MembershipRun } from './membership-run.ts'

const names: Readonly<Record<string, string>> = { e: 'east', w: 'west', n: 'north' }

/**
 * By the setting `places`, a letter for each host, over and over: of `eew`, the hosts a, b, d and e are in
 * one data center, c and f in another. It goes by the names of hosts, so that a plan with fewer hosts leaves
 * the others where they were.
 */
export function dataCenterOf({ plan }: MembershipRun, host: string): string {
  const { places = '' } = plan.settings
  if (typeof places !== 'string' || places === '') return DEFAULT_DC
  const letter = places[(host.charCodeAt(0) - 'a'.charCodeAt(0)) % places.length]
  return names[letter ?? ''] ?? DEFAULT_DC
}

/** The hosts of one data center. */
export function hostsIn(run: MembershipRun, dataCenter: string): readonly string[] {
  return run.world.hosts.filter((host) => dataCenterOf(run, host) === dataCenter)
}

/** The data centers that have hosts, in the order of their first ones. */
export function dataCentersIn(run: MembershipRun): readonly string[] {
  return [...new Set(run.world.hosts.map((host) => dataCenterOf(run, host)))]
}
