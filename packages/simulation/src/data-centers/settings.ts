// What a plan settles for data centers, and what each host is told of it.
import { DC_ROLE_PREFIX, type ClusterConfig } from '@casty/membership'
import type { MembershipRun } from '../membership/membership-run.ts'
import { dataCenterOf, dataCentersIn } from '../membership/places.ts'
import { settingsOf } from '../membership/settings.ts'
import { membershipSettings } from '../sbr/settings.ts'

/** What is drawn: two or three data centers, alike, lopsided, or with a single host. */
export const dataCenterChoices: Readonly<
  Record<'places' | 'connections', readonly (string | number)[]>
> = {
  places: ['ew', 'ew', 'eew', 'ewn', 'ewn', 'eewwn', 'ewwwwwwww'],
  // As few as one: then each loss of an envoy cuts the data centers apart, until the next one takes over.
  connections: [1, 2, 2, 5],
}

/** The membership options of a host. */
export function configOf(run: MembershipRun, host: string): Partial<ClusterConfig> {
  const settings = Object.entries(membershipSettings(run.plan)).filter(
    ([name]) => !(name in dataCenterChoices),
  )
  return {
    ...Object.fromEntries(settings),
    roles: [`${DC_ROLE_PREFIX}${dataCenterOf(run, host)}`],
    crossDc: { connections: settingsOf(run).connections },
  }
}

/** The data center that an action means by a number that it drew. */
export function dataCenterAt(run: MembershipRun, index: number): string {
  const all = dataCentersIn(run)
  return all[index % all.length] ?? ''
}
