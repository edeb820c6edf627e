import type { ClusterState } from '@casty/membership'
import { hostOf } from '../world/addresses.ts'

/** `a:up b:down | c✗b`: each member, and who finds whom unreachable; `-` for no members. */
export function describeState({ members, unreachable, reachability }: ClusterState): string {
  const statuses = members.map(
    ({ key, status }) => `${shortName(key)}:${status}${unreachable.has(key) ? '!' : ''}`,
  )
  const rows = [...reachability.rows].map(([observer]) => ({
    observer: hostOf(observer),
    subjects: reachability.unreachableFrom(observer).map(hostOf).toSorted(),
  }))
  const pairs = rows
    .filter(({ subjects }) => subjects.length > 0)
    .map(({ observer, subjects }) => `${observer}✗${subjects.join('')}`)
    .toSorted()
  return [statuses.join(' ') || '-', ...(pairs.length > 0 ? [pairs.join(' ')] : [])].join(' | ')
}

/** `b#0201` of `b:1#1700000000201`: short, and lives of a host that follow one another differ. */
export function shortName(key: string): string {
  return `${hostOf(key)}#${key.slice(key.indexOf('#') + 1).slice(-4)}`
}
