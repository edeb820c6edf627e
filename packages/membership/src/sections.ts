// Shard tables and services, which spread apart from the members: asked for by what is held, and told
// by what that lacks.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { isNewerTable } from './allocations.ts'
import type { ClusterState } from './cluster-state.ts'
import type { MembershipEffect, MembershipState, Moment, Step } from './membership-state.ts'
import type { MembershipMessage } from './messages.ts'
import { falseClaim, offeredInOurName, refuseClaim } from './own-word.ts'
import { implausibleSections } from './plausibility.ts'
import { sendTo } from './sending.ts'

export function receiveSectionsRequest(
  state: MembershipState,
  from: NodeIdentity,
  held: Extract<MembershipMessage, { type: 'sections-request' }>,
): Step {
  const tables = state.cluster.allocations.newerThan(held.tables)
  const { rows: registry, changes } = state.cluster.registry.newerThan(held.registry)
  const effects: MembershipEffect[] = []
  if (tables.length + registry.length + changes.length > 0)
    effects.push(sendTo(from, { type: 'sections', tables, registry, changes }))
  if (lacks(state.cluster, held)) effects.push(sendTo(from, sectionsRequest(state.cluster)))
  return [state, effects]
}

/** Whether the holder has a table or a row that is newer than ours, so that it pays to ask back. */
function lacks(
  cluster: ClusterState,
  held: Extract<MembershipMessage, { type: 'sections-request' }>,
): boolean {
  const newerTable = [...held.tables].some(([type, table]) =>
    isNewerTable(table, cluster.allocations.tables.get(type)),
  )
  const isNewerRow = ([node, version]: readonly [NodeKey, number]): boolean =>
    cluster.membersByKey.has(node) && version > (cluster.registry.rows.get(node)?.version ?? 0)
  return newerTable || [...held.registry].some(isNewerRow)
}

export function receiveSections(
  state: MembershipState,
  from: NodeIdentity,
  sections: Extract<MembershipMessage, { type: 'sections' }>,
  { wallNow }: Moment,
): Step {
  const { cluster, self } = state
  const { tables, registry, changes } = sections
  if (!cluster.member(from)) return [state, [{ type: 'drop', reason: 'foreign-cluster' }]]
  const implausible = implausibleSections(sections, wallNow)
  if (implausible) return [state, refuseClaim(from, implausible)]
  const isOfOther = ({ node }: { readonly node: NodeIdentity }): boolean =>
    cluster.member(node) !== undefined && !node.equals(self)
  const allocations = cluster.allocations.merge(tables)
  const merged = cluster.registry.merge(registry.filter(isOfOther), changes.filter(isOfOther))
  const forged = offeredInOurName(state, registry, changes)
  if (forged !== undefined) {
    const detail = `what it offers it says itself, and never came to version ${forged}`
    const claim = { claim: 'own-services', about: self.key, detail } as const
    const next = cluster.with({ allocations, registry: merged.outbid(self, forged) })
    return [{ ...state, cluster: next }, [falseClaim(from, claim, 'contradicted')]]
  }
  if (allocations === cluster.allocations && merged === cluster.registry) return [state, []]
  return [{ ...state, cluster: cluster.with({ allocations, registry: merged }) }, []]
}

/** "This is what I have": for whoever has more. */
export function sectionsRequest({ allocations, registry }: ClusterState): MembershipMessage {
  const versions = [...registry.rows].map(([node, row]): [NodeKey, number] => [node, row.version])
  return { type: 'sections-request', tables: allocations.tables, registry: new Map(versions) }
}
