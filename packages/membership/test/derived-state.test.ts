// What is worked out of a state from what was known of one before has to be what would be worked out anew.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ClusterState, gossipFor, type Member } from '../src/index.ts'
import { cluster, node } from './states.ts'

const hosts = ['a', 'b', 'c', 'd', 'e', 'f', 'g'] as const
const host = fc.constantFrom(...hosts)
const change = fc.oneof(
  fc.record({ type: fc.constant('observe' as const), by: host, of: host, lost: fc.boolean() }),
  fc.record({ type: fc.constant('doubt' as const), by: host, doubtful: fc.boolean() }),
  fc.record({ type: fc.constant('leave' as const), by: host, of: host }),
  fc.record({ type: fc.constant('remove' as const), by: host, of: host }),
  fc.record({ type: fc.constant('ask' as const) }),
)
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

function changed(state: ClusterState, step: Change): ClusterState {
  switch (step.type) {
    case 'observe':
      return step.lost
        ? state.markUnreachable(node(step.of), node(step.by))
        : state.markReachable(node(step.of), node(step.by))
    case 'doubt':
      return state.markDoubtful(node(step.by), step.doubtful)
    case 'leave':
      return state.updateStatus(node(step.of), 'leaving', node(step.by))
    case 'remove':
      return step.of === step.by ? state : state.removeMembers([node(step.of)], 0, node(step.by))
    case 'ask':
      whatFollows(state)
      return state
  }
}

function whatFollows(state: ClusterState): object {
  const { records, rows } = gossipFor(state, state.version.without(node('a').key))
  return {
    members: state.members.map(String),
    unreachable: [...state.unreachable].toSorted(),
    leader: state.leader?.key,
    orphans: state.hasOrphans,
    version: state.versionDigest,
    records: records.map(({ member }: { member: Member }) => String(member)).toSorted(),
    rows: rows.map(({ observer }) => observer.key).toSorted(),
  }
}

/** The same without anything that was known of it. */
function anew(state: ClusterState): ClusterState {
  const { records, reachability, rowCounters, tombstones, version, seen, clusterId } = state
  return ClusterState.empty.with({
    records: new Map(records),
    reachability,
    rowCounters: new Map(rowCounters),
    tombstones,
    version,
    seen: new Set(seen),
    clusterId,
  })
}

test('what follows from a state is the same whatever was asked of those before', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (steps) => {
      let state = cluster('a.up b.up c.up d.up e.up f.up g.joining')
      for (const step of steps) state = changed(state, step)
      expect(whatFollows(state)).toEqual(whatFollows(anew(state)))
    }),
  )
})
