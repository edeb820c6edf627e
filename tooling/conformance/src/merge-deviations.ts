// What our merge of states does otherwise: it is a lattice over addresses, in which news of a member
// goes only when its burial is known.
import type { Deviation, Parts } from './deviations.ts'
import { expectedGossip, labelsOf, tombstonesOf } from './gossip-model.ts'
import { objectOf, objectsOf, sorted, textOf, textsOf, type JsonObject } from './json.ts'
import { expectedMember } from './member-json.ts'
import { reachabilityOf } from './suites/reachability.ts'
import type { VectorCase } from './vector-case.ts'

interface Sides {
  readonly left: JsonObject
  readonly right: JsonObject
}

function sidesOf({ data }: VectorCase): Sides {
  return { left: objectOf(data['left'], 'left'), right: objectOf(data['right'], 'right') }
}

function membersOf(gossip: JsonObject): readonly JsonObject[] {
  return objectsOf(gossip['members'] ?? [], 'members')
}

function removedIn({ left, right }: Sides): ReadonlySet<string> {
  return new Set([left, right].flatMap((side) => Object.keys(tombstonesOf(side['tombstones']))))
}

function labelIn(member: JsonObject): string {
  return textOf(member['node'], 'node')
}

/** Members that are exiting or down, known on one side only, and removed on neither. */
function keptMembers(sides: Sides): readonly JsonObject[] {
  const removed = removedIn(sides)
  const names = (gossip: JsonObject): readonly string[] => membersOf(gossip).map(labelIn)
  const onlyIn = (side: JsonObject, other: JsonObject): readonly JsonObject[] =>
    membersOf(side).filter(
      (member) =>
        (member['status'] === 'exiting' || member['status'] === 'down') &&
        !names(other).includes(labelIn(member)) &&
        !removed.has(labelIn(member)),
    )
  return [...onlyIn(sides.left, sides.right), ...onlyIn(sides.right, sides.left)]
}

/** Per observer the row of the higher version, restricted to members, in the form of a vector. */
function mergedRows(sides: Sides, members: readonly string[]): Parts {
  const tableOf = (side: JsonObject): ReturnType<typeof reachabilityOf> =>
    reachabilityOf(side['observations'], side['observationVersions'], (label) => label)
  const merged = tableOf(sides.left).merge(tableOf(sides.right), (node) => members.includes(node))
  const rows = [...merged.rows]
  const observations = rows.flatMap(([observer, row]) =>
    [...row.records].map(([subject, record]) => ({ observer, subject, ...record })),
  )
  return {
    ...expectedGossip({ observations }),
    observationVersions: Object.fromEntries(rows.map(([observer, row]) => [observer, row.version])),
  }
}

/** The addresses of a case, to tell which labels are incarnations of one. */
function supersededIn(sides: Sides, labels: readonly string[]): readonly string[] {
  const nodes = labelsOf(sides.left, sides.right)
  const identities = labels.map((label) => ({ label, node: nodes.identity(label) }))
  return identities
    .filter(({ node }) =>
      identities.some(
        (other) =>
          other.node.address.equals(node.address) && other.node.incarnation > node.incarnation,
      ),
    )
    .map(({ label }) => label)
}

/**
 * The answer in which other members remain than the vector expects, and with them what they and
 * others recorded. The vector's own members are taken as they are: bent ones are missed anyway.
 */
function withRowsOf(
  remaining: (sides: Sides, members: readonly JsonObject[]) => readonly JsonObject[],
): (vector: VectorCase, expected: Parts) => Parts {
  return (vector, expected) => {
    const sides = sidesOf(vector)
    const members = remaining(sides, objectsOf(expected['members'] ?? [], 'members'))
    return { ...expectedGossip({ members }), ...mergedRows(sides, members.map(labelIn)) }
  }
}

export const incarnationDeviations: readonly Deviation[] = [
  {
    id: 'exiting-members-stay-until-removed',
    reason:
      'A member that is exiting or down is not dropped because the other side does not know it: only a tombstone removes, else the order of exchanges would decide who is a member.',
    applies: (vector) =>
      vector.suite === 'gossip' &&
      vector.kind === 'merge' &&
      keptMembers(sidesOf(vector)).length > 0,
    upstream: withRowsOf((_, members) => members),
    ours: withRowsOf((sides, members) => [...members, ...keptMembers(sides).map(expectedMember)]),
  },
  {
    id: 'one-incarnation-per-address',
    reason:
      'Of one address only the highest incarnation is a member: it could not have bound the address before the other was gone.',
    applies: (vector) => {
      if (vector.suite !== 'gossip' || vector.kind !== 'merge') return false
      const { left, right } = sidesOf(vector)
      const names = [left, right].flatMap(membersOf).map(labelIn)
      return supersededIn({ left, right }, sorted(names)).length > 0
    },
    upstream: withRowsOf((_, members) => members),
    ours: withRowsOf((sides, members) => {
      const gone = supersededIn(sides, members.map(labelIn))
      return members.filter((member) => !gone.includes(labelIn(member)))
    }),
  },
  {
    id: 'one-tombstone-per-address',
    reason:
      'A tombstone stands for its incarnation and all before it, so that one per address is enough and restarts do not add up.',
    applies: (vector) =>
      vector.suite === 'gossip' &&
      vector.kind === 'merge' &&
      supersededIn(sidesOf(vector), [...removedIn(sidesOf(vector))]).length > 0,
    upstream: (_, { tombstones }) => (tombstones === undefined ? {} : { tombstones }),
    ours: (vector, { tombstones }) => {
      const labels = textsOf(tombstones ?? [], 'tombstones')
      const gone = supersededIn(sidesOf(vector), labels)
      return { tombstones: labels.filter((label) => !gone.includes(label)) }
    },
  },
]
