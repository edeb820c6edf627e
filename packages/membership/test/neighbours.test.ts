import { ClusterState, Member, NodeAddress, NodeIdentity, type NodeKey } from '@casty/membership'
import { describe, expect, test } from 'vitest'
import { neighboursOf } from '../src/neighbours.ts'

function clusterOf(count: number): ClusterState {
  const nodes = Array.from({ length: count }, (_, index) =>
    NodeIdentity.of(NodeAddress.of(`node-${index}`, 1), 1),
  )
  const [first] = nodes
  const members = nodes.map((node, index) => Member.of({ node, status: 'up', upNumber: index + 1 }))
  return first === undefined
    ? ClusterState.empty
    : ClusterState.empty.with({ monitoredBy: 5 }).mergeMembers(members, first)
}

/** Steps that news takes from a member to the last of those that it reaches, and how many these are. */
function spreadFrom(cluster: ClusterState, start: NodeKey): { steps: number; reached: number } {
  const found = new Map<NodeKey, number>([[start, 0]])
  for (const [key, steps] of found) {
    for (const neighbour of neighboursOf(cluster, key)) {
      if (!found.has(neighbour.key)) found.set(neighbour.key, steps + 1)
    }
  }
  return { steps: Math.max(...found.values()), reached: found.size }
}

test('in a small cluster everybody talks to everybody', () => {
  const cluster = clusterOf(20)
  for (const { key } of cluster.members) expect(neighboursOf(cluster, key)).toBe(cluster.members)
})

describe.each([
  [21, 3],
  [100, 4],
  [1_000, 6],
])('in a cluster of %i', (count, mostSteps) => {
  const cluster = clusterOf(count)

  test('nobody has more than twelve neighbours', () => {
    const counts = cluster.members.map(({ key }) => neighboursOf(cluster, key).length)
    expect(Math.max(...counts)).toBeLessThanOrEqual(12)
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(10)
  })

  test('whoever is a neighbour has one', () => {
    const pairs = cluster.members.flatMap(({ key }) =>
      neighboursOf(cluster, key).map((neighbour) => `${key} ${neighbour.key}`),
    )
    const swapped = pairs.map((pair) => pair.split(' ').toReversed().join(' '))
    expect(new Set(swapped)).toEqual(new Set(pairs))
  })

  test(`news reaches everybody within ${mostSteps} steps`, () => {
    const [first] = cluster.members
    expect(first && spreadFrom(cluster, first.key)).toEqual({
      steps: expect.toSatisfy((steps: number) => steps <= mostSteps),
      reached: count,
    })
  })
})

test('where neighbours are unreachable, others come along', () => {
  const cluster = clusterOf(100)
  const [self] = cluster.members
  const watchers = neighboursOf(cluster, self?.key ?? ('' as NodeKey))
  const observers = cluster.members.filter((member) => !watchers.includes(member)).slice(1, 4)
  let cut = cluster
  for (const { node } of watchers) {
    for (const observer of observers) cut = cut.markUnreachable(node, observer.node)
  }
  const left = neighboursOf(cut, self?.key ?? ('' as NodeKey))
  expect(cut.unreachable.size).toBe(watchers.length)
  expect(left.filter(({ key }) => !cut.unreachable.has(key)).length).toBeGreaterThanOrEqual(10)
  expect(left).toEqual(expect.arrayContaining([...watchers]))
})
