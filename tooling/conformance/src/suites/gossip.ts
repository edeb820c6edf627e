import {
  electLeader,
  exitingTargets,
  gossipCandidates,
  isConverged,
  isReachableFromDc,
  mergeGossip,
  oldestPerDc,
  youngest,
  type ClusterState,
  type Member,
  type Viewpoint,
} from '@casty/membership'
import {
  clusterOf,
  describeCluster,
  gossipFacts,
  labelsOf,
  outsider,
  tombstonesOf,
} from '../gossip-model.ts'
import {
  booleanOf,
  equalJson,
  isAbsent,
  isObject,
  MalformedVector,
  numberOf,
  objectOf,
  objectsOf,
  sorted,
  textOf,
  textsOf,
  type JsonObject,
} from '../json.ts'
import { memberOf } from '../member-json.ts'
import type { NodeLabels } from '../node-labels.ts'
import { casesByKind } from '../sections.ts'
import { answer, fact, type Fact, type Suite } from '../vector-case.ts'

export const gossip: Suite = (file) =>
  casesByKind('gossip', file, {
    convergence,
    leader,
    merge,
    remove,
    'mark-down': markDown,
    update,
    youngest: youngestMember,
    'oldest-per-dc': oldestMembers,
    'gossip-targets': gossipTargets,
    'exiting-targets': targetsOfExiting,
    'reachable-pair': reachablePairs,
    'reachable-aggregate': reachableFromDc,
    'prune-tombstones': pruneTombstones,
  })

interface Scene {
  readonly labels: NodeLabels
  readonly cluster: ClusterState
}

/** The gossip of a case; some give only its members. */
function sceneOf(data: JsonObject): Scene {
  const given = isAbsent(data['gossip']) ? data : objectOf(data['gossip'], 'gossip')
  const labels = labelsOf(given)
  return { labels, cluster: clusterOf(given, labels) }
}

/** From where upstream looks: one observer makes a member unreachable, and addresses order leaders. */
function viewOf(data: JsonObject, { labels, cluster }: Scene): Viewpoint {
  const confirmed = textsOf(data['exitingConfirmed'] ?? [], 'exitingConfirmed')
  const self = isAbsent(data['self'])
    ? undefined
    : cluster.membersByKey.get(labels.identity(textOf(data['self'], 'self')).key)?.key
  return {
    ...(self === undefined ? {} : { self }),
    dataCenter: dataCenterOf(data),
    leaderOrder: 'address',
    observersNeeded: () => 1,
    exitingConfirmed: new Set(
      cluster.members.map(({ key }) => key).filter((key) => confirmed.includes(labels.label(key))),
    ),
  }
}

function dataCenterOf(data: JsonObject): string {
  return textOf(data['selfDc'] ?? 'default', 'selfDc')
}

function labelled(labels: NodeLabels, member: Member | undefined): string | null {
  return member ? labels.label(member.key) : null
}

function labelledSet(labels: NodeLabels, members: Iterable<Member>): readonly string[] {
  return sorted([...members].map((member) => labels.label(member.key)))
}

function convergence(data: JsonObject): readonly Fact[] {
  const scene = sceneOf(withSelf(data))
  return answer(data['expect'], isConverged(scene.cluster, viewOf(withSelf(data), scene)))
}

/** An empty gossip names nobody, not even the node that asks. */
function withSelf(data: JsonObject): JsonObject {
  const members = objectOf(data['gossip'], 'gossip')['members']
  const names = objectsOf(members ?? [], 'members').map((member) => member['node'])
  if (names.includes(data['self'] ?? null)) return data
  const { self: _, ...rest } = data
  return rest
}

function leader(data: JsonObject): readonly Fact[] {
  const scene = sceneOf(data)
  const found = electLeader(scene.cluster, viewOf(withSelf(data), scene))
  return answer(data['expect'], labelled(scene.labels, found))
}

/**
 * Upstream merges only where versions are concurrent: an equal or newer one replaces the other. So
 * both sides have made one change of their own here, and neither version covers the other.
 */
function merge(data: JsonObject): readonly Fact[] {
  const [left, right] = [objectOf(data['left'], 'left'), objectOf(data['right'], 'right')]
  const labels = labelsOf(left, right)
  const ours = clusterOf(left, labels, outsider('left'))
  const theirs = clusterOf(right, labels, outsider('right'))
  const merged = mergeGossip(ours, theirs)
  const facts = gossipFacts(data['expect'], merged, labels)
  if (isAbsent(data['commutes'])) return facts
  const reversed = mergeGossip(theirs, ours)
  const commutes = equalJson(describeCluster(merged, labels), describeCluster(reversed, labels))
  return [...facts, fact('commutes', booleanOf(data['commutes'], 'commutes'), commutes)]
}

/** The nodes that a case removes or downs. */
export function nodesOf(data: JsonObject): readonly string[] {
  return isAbsent(data['nodes']) ? [textOf(data['node'], 'node')] : textsOf(data['nodes'], 'nodes')
}

function remove(data: JsonObject): readonly Fact[] {
  const { cluster, labels } = sceneOf(data)
  const nodes = nodesOf(data).map((label) => labels.identity(label))
  return gossipFacts(data['expect'], cluster.removeMembers(nodes, 1, outsider('author')), labels)
}

function markDown(data: JsonObject): readonly Fact[] {
  const { cluster, labels } = sceneOf(data)
  const downed = nodesOf(data).reduce(
    (state, label) => state.updateStatus(labels.identity(label), 'down', outsider('author')),
    cluster,
  )
  return gossipFacts(data['expect'], downed, labels)
}

function update(data: JsonObject): readonly Fact[] {
  const given = objectOf(data['gossip'], 'gossip')
  const labels = labelsOf(given, { members: data['members'] ?? [] })
  const members = objectsOf(data['members'], 'members').map((member) =>
    memberOf(member, labels.identity(textOf(member['node'], 'node'))),
  )
  const updated = clusterOf(given, labels).mergeMembers(members, outsider('author'))
  return gossipFacts(data['expect'], updated, labels)
}

function membersInDc(data: JsonObject, { cluster }: Scene): readonly Member[] {
  const dataCenter = dataCenterOf(data)
  return cluster.members.filter((member) => member.dataCenter === dataCenter)
}

function youngestMember(data: JsonObject): readonly Fact[] {
  const scene = sceneOf(data)
  return answer(data['expect'], labelled(scene.labels, youngest(membersInDc(data, scene))))
}

function oldestMembers(data: JsonObject): readonly Fact[] {
  const { cluster, labels } = sceneOf(data)
  const count = data['crossDcConnections'] ?? data['count'] ?? data['n']
  const oldest = oldestPerDc(cluster.members, numberOf(count, 'crossDcConnections'))
  const expected = Object.entries(objectOf(data['expect'], 'expect'))
  return [
    fact('data centers', sorted(expected.map(([name]) => name)), sorted(oldest.keys())),
    ...expected.map(([name, nodes]) =>
      fact(name, sorted(textsOf(nodes, name)), labelledSet(labels, oldest.get(name) ?? [])),
    ),
  ]
}

function gossipTargets(data: JsonObject): readonly Fact[] {
  const { cluster, labels } = sceneOf(data)
  const choices = objectOf(data['choices'] ?? {}, 'choices')
  const self = labels.identity(textOf(data['self'], 'self'))
  const order = choices['dcOrder'] ?? 'alphabetical'
  const targets = gossipCandidates(cluster, self.key, {
    preferUnseen: booleanOf(choices['preferDifferentView'] ?? false, 'preferDifferentView'),
    crossDc: !booleanOf(choices['stayInDc'] ?? false, 'stayInDc'),
    crossDcConnections: numberOf(data['crossDcConnections'] ?? 5, 'crossDcConnections'),
    ...(Array.isArray(order) ? { order: () => textsOf(order, 'dcOrder') } : {}),
  })
  if (!Array.isArray(order) && order !== 'alphabetical')
    throw new MalformedVector(`dcOrder is ${JSON.stringify(order)}, expected alphabetical or names`)
  return answer(sorted(textsOf(data['expect'], 'expect')), labelledSet(labels, targets))
}

function targetsOfExiting(data: JsonObject): readonly Fact[] {
  const { cluster, labels } = sceneOf(data)
  const names = textsOf(data['exiting'], 'exiting')
  const exiting = cluster.members.filter((member) => names.includes(labels.label(member.key)))
  const targets = exitingTargets(cluster.members, exiting, dataCenterOf(data))
  return answer(sorted(textsOf(data['expect'], 'expect')), labelledSet(labels, targets))
}

/** The pairs that a case asks for: a list, one answer for the case itself, or answers by node. */
function pairsOf(data: JsonObject): readonly JsonObject[] {
  const { expect } = data
  if (typeof expect === 'boolean') return [{ ...data, reachable: expect }]
  if (!isObject(expect)) return objectsOf(expect, 'expect')
  return Object.entries(expect).map(([to, reachable]) => ({ ...data, to, reachable }))
}

/** What one node itself recorded of another; who is no member is not reachable. */
function reachablePairs(data: JsonObject): readonly Fact[] {
  const { cluster, labels } = sceneOf(data)
  return pairsOf(data).map((pair) => {
    const from = textOf(pair['from'] ?? pair['self'], 'from')
    const to = textOf(pair['to'] ?? pair['node'], 'to')
    const reachable =
      cluster.member(labels.identity(to)) !== undefined &&
      cluster.reachability.statusBetween(labels.key(from), labels.key(to)) === 'reachable'
    return fact(`${from} to ${to}`, booleanOf(pair['reachable'], 'reachable'), reachable)
  })
}

/** What a data center finds: that of the node that asks, unless it is named. */
function reachableFromDc(data: JsonObject): readonly Fact[] {
  const { cluster, labels } = sceneOf(data)
  return pairsOf(data).map((pair) => {
    const from = textOf(pair['from'] ?? pair['self'] ?? data['self'], 'from')
    const to = textOf(pair['to'] ?? pair['node'] ?? pair['subject'], 'to')
    const own = cluster.member(labels.identity(from))?.dataCenter
    const dataCenter = textOf(pair['fromDc'] ?? pair['selfDc'] ?? own ?? data['selfDc'], 'selfDc')
    const subject = labels.identity(to).key
    const reachable = isReachableFromDc(cluster, dataCenter, subject, () => 1)
    return fact(`${from} to ${to}`, booleanOf(pair['reachable'], 'reachable'), reachable)
  })
}

function pruneTombstones(data: JsonObject): readonly Fact[] {
  const given = isAbsent(data['gossip']) ? data : objectOf(data['gossip'], 'gossip')
  const tombstones = data['tombstones'] ?? given['tombstones'] ?? {}
  const labels = labelsOf({ members: given['members'] ?? [], tombstones })
  const cluster = clusterOf({ members: given['members'] ?? [], tombstones }, labels)
  const removeEarlierThan = numberOf(data['removeEarlierThan'], 'removeEarlierThan')
  const kept = cluster.forgetTombstones((_, { removedAtMs }) => removedAtMs <= removeEarlierThan)
  const times = [...kept.tombstones.values()].map(
    ({ node, removedAtMs }) => [labels.label(node.key), removedAtMs] as const,
  )
  const expected = data['expect'] ?? null
  return Array.isArray(expected)
    ? answer(sorted(textsOf(expected, 'expect')), sorted(times.map(([label]) => label)))
    : answer(tombstonesOf(expected), Object.fromEntries(times))
}
