import { VectorClock } from '@casty/clock'
import {
  electLeader,
  gossipDecide,
  heartbeatIntervalFor,
  isConverged,
  LeaderHandover,
  memberDc,
  nextStatus,
  partitionByDc,
  pickGossipTarget,
  sameDc,
  statusAfterDown,
  statusAfterLeave,
} from '@casty/membership'
import {
  booleanOf,
  countsOf,
  entriesOf,
  isAbsent,
  numberOf,
  objectOf,
  objectsOf,
  textOf,
  textsOf,
  type Json,
  type JsonObject,
} from '../json.ts'
import { casesByKind } from '../sections.ts'
import { clusterOfStatuses, statusViewOf } from '../status-model.ts'
import { answer, fact, type Fact, type Suite } from '../vector-case.ts'
import { downingDecision } from './atomr-downing.ts'
import { acceptedFrame } from './frame.ts'
import { eventType, statusOf, transitionEvent } from './member.ts'

export const atomrFunctions: Suite = (file) =>
  casesByKind('atomr-functions', file, rules, 'function')

/** As upstream looks: the lowest address leads, and one observer makes a member unreachable. */
const view = { leaderOrder: 'address', observersNeeded: () => 1 } as const

type Ask = (input: JsonObject, data: JsonObject) => readonly Fact[]

const functions: Readonly<Record<string, Ask>> = {
  next_status: (input, data) =>
    answer(
      data['expect'],
      nextStatus(statusOf(input['status']), {
        converged: booleanOf(input['converged'], 'converged'),
      }) ?? null,
    ),
  elect_leader: (input, data) => {
    const leader = electLeader(clusterOfStatuses(statusViewOf(input)), view)
    return answer(data['expect'], leader?.id ?? null)
  },
  is_converged: (input, data) => {
    return answer(data['expect'], isConverged(clusterOfStatuses(statusViewOf(input)), view))
  },
  'LeaderHandover.observe': observeHandovers,
  'MembershipState.down': (input, data) =>
    answer(data['expect'], statusAfterDown(statusOf(input['status'])) ?? null),
  'MembershipState.leave': (input, data) =>
    answer(data['expect'], statusAfterLeave(statusOf(input['status'])) ?? null),
  gossip_decide: (input, data) =>
    answer(
      data['expect'],
      gossipDecide(
        VectorClock.of(countsOf(input['local'], 'local')),
        VectorClock.of(countsOf(input['remote'], 'remote')),
      ),
    ),
  pick_gossip_target: (input, data) => {
    const peers = textsOf(input['peers'], 'peers')
    const cursor = numberOf(input['cursor'], 'cursor')
    return answer(
      data['expect'],
      pickGossipTarget(peers, textOf(input['self'], 'self'), cursor) ?? null,
    )
  },
  member_dc: (input, data) => answer(data['expect'], memberDc(withRoles(input['roles'], 'roles'))),
  same_dc: (input, data) =>
    answer(data['expect'], sameDc(withRoles(input['a'], 'a'), withRoles(input['b'], 'b'))),
  partition_by_dc: partition,
  heartbeat_interval_for: interval,
  'ClusterEvent.from_status_transition': transition,
  'TcpClusterTransport.frame': (input, data) =>
    acceptedFrame(
      numberOf(input['payloadLength'], 'payloadLength'),
      objectOf(data['expect'], 'expect'),
    ),
}

const rules = {
  ...Object.fromEntries(
    Object.entries(functions).map(([name, ask]) => [
      name,
      (data: JsonObject) => ask(objectOf(data['input'], 'input'), data),
    ]),
  ),
  'DowningStrategy.decide': downingDecision, // Names its sides beside an input, and has none.
}

function withRoles(value: Json | undefined, what: string): { readonly roles: readonly string[] } {
  return { roles: textsOf(value, what) }
}

function observeHandovers(input: JsonObject): readonly Fact[] {
  const handover = new LeaderHandover(view)
  return objectsOf(input['observations'], 'observations').map((observation, index) => {
    const seen = handover.observe(clusterOfStatuses(statusViewOf(observation)))
    const happened = seen ? { from: seen.from?.id ?? null, to: seen.to?.id ?? null } : null
    return fact(`observation ${index + 1}`, observation['expectEvent'] ?? null, happened)
  })
}

function partition(input: JsonObject, data: JsonObject): readonly Fact[] {
  const peers = entriesOf(input['peers'], 'peers').map(([name, roles]) => ({
    name,
    roles: textsOf(roles, name),
  }))
  const { inDc, crossDc } = partitionByDc(withRoles(input['local'], 'local'), peers)
  const expected = objectOf(data['expect'], 'expect')
  return [
    fact(
      'inDc',
      expected['inDc'] ?? null,
      inDc.map(({ name }) => name),
    ),
    fact(
      'crossDc',
      expected['crossDc'] ?? null,
      crossDc.map(({ name }) => name),
    ),
  ]
}

function interval(input: JsonObject, data: JsonObject): readonly Fact[] {
  const localIntervalMs = numberOf(input['localIntervalMs'], 'localIntervalMs')
  const local = memberDc(withRoles(input['local'], 'local'))
  const peer = memberDc(withRoles(input['peer'], 'peer'))
  const failureDetector = { heartbeatIntervalMs: localIntervalMs }
  if (isAbsent(input['crossDc']))
    return answer(data['expect'], heartbeatIntervalFor(local, peer, { failureDetector }))
  const given = objectOf(input['crossDc'], 'crossDc')
  const crossDc = {
    heartbeatIntervalMs: numberOf(given['heartbeatIntervalMs'], 'heartbeatIntervalMs'),
  }
  return answer(data['expect'], heartbeatIntervalFor(local, peer, { failureDetector, crossDc }))
}

function transition(input: JsonObject, data: JsonObject): readonly Fact[] {
  const from = isAbsent(input['old']) ? undefined : statusOf(input['old'], 'old')
  const found = transitionEvent(from, statusOf(input['new'], 'new'))
  const expected = isAbsent(data['expect']) ? {} : objectOf(data['expect'], 'expect')
  const previous = expected['previousStatus'] ?? expected['previous']
  const actual = found?.type === 'member-removed' ? found.previousStatus : null
  return [
    ...answer(eventType(expected['event']), found?.type ?? null),
    ...(isAbsent(previous) ? [] : [fact('previousStatus', previous, actual)]),
  ]
}
