// Who is to survive a clean split, by the documentation of the strategies: written apart from them, as
// a checker must not share the mistakes that it looks for.
import type { MembershipRun } from '../membership/membership-run.ts'
import { quorumOf, refereeOf, rolesOf, splitBrainSettings } from './settings.ts'

/** Groups of hosts that are connected within, and with nobody else. */
export type Groups = readonly (readonly string[])[]

/** The group that survives; any one, where a lease decides; or nobody. */
export type Survivors = readonly string[] | 'any' | 'nobody'

/**
 * @param ages - the hosts, oldest first
 */
export function survivorsOf(
  run: MembershipRun,
  groups: Groups,
  ages: readonly string[],
): Survivors {
  const { strategy, role, downIfAlone } = splitBrainSettings(run.plan)
  const counted = groups.map((group) =>
    group.filter((host) => role === '' || rolesOf(run, host).includes(role)),
  )
  const all = counted.flat()
  const first = ages.find((host) => all.includes(host))
  const lowest = all.toSorted()[0]
  const survives = (here: readonly string[]): boolean => {
    const there = all.length - here.length
    switch (strategy) {
      case 'keep-majority':
        return here.length > there || (here.length === there && isIn(here, lowest))
      case 'static-quorum':
        return here.length >= quorumOf(run) && all.length < 2 * quorumOf(run)
      case 'keep-oldest':
        return isIn(here, first)
          ? !downIfAlone || here.length > 1 || there < 2
          : downIfAlone && there === 1 && here.length > 1
      case 'keep-referee':
        return false // By all members, whatever their roles: see below.
      case 'lease-majority':
      case 'down-all':
        return false
    }
  }
  if (strategy === 'lease-majority') return 'any'
  const winner =
    strategy === 'keep-referee'
      ? groups.find((group) => group.includes(refereeOf(run)))
      : groups.find((_group, index) => survives(counted[index] ?? []))
  return winner ?? 'nobody'
}

function isIn(group: readonly string[], host: string | undefined): boolean {
  return host !== undefined && group.includes(host)
}
