// States of a vector as states of the packages, and back to the form in which they are compared.
import { VectorClock } from '@casty/clock'
import { ClusterState, NodeAddress, NodeIdentity, Tombstones, type Dot } from '@casty/membership'
import {
  countsOf,
  isAbsent,
  isObject,
  objectOf,
  objectsOf,
  textOf,
  textsOf,
  type Json,
  type JsonObject,
} from './json.ts'
import { describeMember, expectedMember, memberOf } from './member-json.ts'
import { NodeLabels } from './node-labels.ts'
import { reachabilityOf } from './suites/reachability.ts'
import { fact, type Fact } from './vector-case.ts'

/** An author of changes that is no member of any vector: what it counts is left out of answers. */
export function outsider(name: string): NodeIdentity {
  return NodeIdentity.of(NodeAddress.of(`outsider-${name}`, 1), 0)
}

const isOutsider = (key: string): boolean => key.startsWith('outsider-')

/** The nodes that the given gossips, or lists of members, name. */
export function labelsOf(...gossips: readonly JsonObject[]): NodeLabels {
  const members = gossips.flatMap((gossip) => objectsOf(gossip['members'] ?? [], 'members'))
  const removed = gossips.flatMap((gossip) => Object.keys(tombstonesOf(gossip['tombstones'])))
  const known = new Set(members.map((member) => member['node']))
  return new NodeLabels(
    members,
    removed.filter((label) => !known.has(label)),
  )
}

/** By label, the time of removal: 1 where the vector gives none. */
export function tombstonesOf(value: Json | undefined): Readonly<Record<string, number>> {
  if (isAbsent(value)) return {}
  return isObject(value)
    ? Object.fromEntries(countsOf(value, 'tombstones'))
    : Object.fromEntries(textsOf(value, 'tombstones').map((label) => [label, 1]))
}

/**
 * A state that holds what a vector's gossip says.
 *
 * @param author - made every change in it; where two states are to be concurrent each has its own
 */
export function clusterOf(
  gossip: JsonObject,
  labels: NodeLabels,
  author: NodeIdentity = outsider('author'),
): ClusterState {
  const dot: Dot = { node: author.key, counter: 1 }
  const members = objectsOf(gossip['members'] ?? [], 'members').map((data) =>
    memberOf(data, labels.identity(textOf(data['node'], 'node'))),
  )
  const tombstones = Object.entries(tombstonesOf(gossip['tombstones'])).map(([label, at]) => {
    const node = labels.identity(label)
    return { node, removedAtMs: at, left: false, dot }
  })
  const reachability = reachabilityOf(
    gossip['observations'],
    gossip['observationVersions'],
    (label) => labels.key(label),
  )
  const version = countsOf(gossip['version'] ?? {}, 'version').map(
    ([label, count]) => [labels.key(label), count] as const,
  )
  const seen = textsOf(gossip['seen'] ?? [], 'seen')
  return ClusterState.empty
    .with({
      clusterId: 'vectors',
      records: new Map(members.map((member) => [member.address.toString(), { member, dot }])),
      tombstones: Tombstones.of(tombstones),
      reachability,
      rowCounters: new Map(members.map(({ key }) => [key, 1])),
      version: VectorClock.of([...version, [author.key, 1]]),
      seen: new Set(
        members.map(({ key }) => key).filter((key) => seen.includes(labels.label(key))),
      ),
    })
    .normalized()
}

/** The parts of a state that vectors speak of, in the form of `expectedGossip`. */
export function describeCluster(cluster: ClusterState, labels: NodeLabels): JsonObject {
  const rows = [...cluster.reachability.rows]
  const observations = rows.flatMap(([observer, row]) =>
    [...row.records].map(([subject, record]) => ({
      observer: labels.label(observer),
      subject: labels.label(subject),
      ...record,
    })),
  )
  const version = cluster.version.entries().filter(([key]) => !isOutsider(key))
  return {
    members: byNode(
      cluster.members.map((member) => describeMember(member, labels.label(member.key))),
    ),
    seen: [...cluster.seen].map((key) => labels.label(key)).toSorted(),
    observations: byObservation(observations),
    observationVersions: Object.fromEntries(
      rows.map(([observer, row]) => [labels.label(observer), row.version]),
    ),
    version: Object.fromEntries(version.map(([key, count]) => [labels.label(key), count])),
    tombstones: [...cluster.tombstones.values()]
      .map(({ node }) => labels.label(node.key))
      .toSorted(),
  }
}

/** What a vector expects of a gossip: sets in one order, parts that nobody knows left out. */
export function expectedGossip(value: Json | undefined): JsonObject {
  const given = objectOf(value, 'expect')
  const parts: Record<string, Json> = {}
  for (const [part, wanted] of Object.entries(given)) {
    if (part === 'members') parts[part] = byNode(objectsOf(wanted, part).map(expectedMember))
    else if (part === 'seen') parts[part] = textsOf(wanted, part).toSorted()
    else if (part === 'observations') parts[part] = byObservation(objectsOf(wanted, part))
    else if (part === 'tombstones') parts[part] = Object.keys(tombstonesOf(wanted)).toSorted()
    else if (part === 'version' || part === 'observationVersions') parts[part] = wanted
  }
  return parts
}

/** Every known part of the expectation, and that members stand in the order of their addresses. */
export function gossipFacts(
  expect: Json | undefined,
  cluster: ClusterState,
  labels: NodeLabels,
): readonly Fact[] {
  const expected = expectedGossip(expect)
  const actual = describeCluster(cluster, labels)
  const order = cluster.members.map(({ key }) => labels.label(key))
  const sortedOrder = cluster.members
    .toSorted((left, right) => NodeIdentity.compare(left.node, right.node))
    .map(({ key }) => labels.label(key))
  return [
    ...Object.entries(expected).map(([part, wanted]) => fact(part, wanted, actual[part] ?? null)),
    fact('order of members', sortedOrder, order),
  ]
}

function byNode(members: readonly JsonObject[]): readonly JsonObject[] {
  const label = (member: JsonObject): string => textOf(member['node'], 'node')
  return members.toSorted((left, right) => (label(left) < label(right) ? -1 : 1))
}

function byObservation(observations: readonly JsonObject[]): readonly JsonObject[] {
  const place = (observation: JsonObject): string =>
    `${textOf(observation['observer'], 'observer')} ${textOf(observation['subject'], 'subject')}`
  return observations
    .map(({ observer, subject, status, version }) => ({
      observer: observer ?? null,
      subject: subject ?? null,
      status: status ?? null,
      version: version ?? null,
    }))
    .toSorted((left, right) => (place(left) < place(right) ? -1 : 1))
}
