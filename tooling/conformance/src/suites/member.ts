import {
  byAddress,
  byAge,
  byLeaderStatus,
  eventForTransition,
  isAllowedTransition,
  laterStatus,
  Member,
  memberStatuses,
  mergeMember,
  nextStatus,
  NodeAddress,
  NodeIdentity,
  statusAfterDown,
  statusAfterLeave,
  withUpNumbers,
  type MemberEvent,
  type MemberStatus,
} from '@casty/membership'
import {
  booleanOf,
  isAbsent,
  isObject,
  listOf,
  numberOf,
  objectsOf,
  oneOf,
  textOf,
  textsOf,
  type Json,
  type JsonObject,
} from '../json.ts'
import { NodeLabels } from '../node-labels.ts'
import { casesBySection } from '../sections.ts'
import { answer, fact, type Fact, type Suite } from '../vector-case.ts'

export const member: Suite = (file) =>
  casesBySection('member', file, {
    transitions: transition,
    mergePriority: priority,
    events: event,
    leaderActions: leaderAction,
    upNumbers,
    leaveCommand: (data) =>
      answer(data['expect'], statusAfterLeave(statusOf(data['status'])) ?? null),
    downCommand: (data) =>
      answer(data['expect'], statusAfterDown(statusOf(data['status'])) ?? null),
    orderings: ordering,
  })

export function statusOf(value: Json | undefined, what = 'status'): MemberStatus {
  return oneOf(value, memberStatuses, what)
}

const someNode = NodeIdentity.of(NodeAddress.of('some-node', 1), 1)

function transition(data: JsonObject): readonly Fact[] {
  const [from, to] = [statusOf(data['from'], 'from'), statusOf(data['to'], 'to')]
  const before = Member.of({ node: someNode, status: from })
  const isNoOp = before.withStatus(to) === before
  return [
    fact('allowed', data['allowed'] ?? null, isNoOp ? 'no-op' : isAllowedTransition(from, to)),
  ]
}

/** Which of two statuses of one member a merge keeps, asked both ways. */
function priority(data: JsonObject): readonly Fact[] {
  const [left, right] = [versionOf(data['left']), versionOf(data['right'])]
  const expected = data['expect'] ?? null
  const kept = (merged: Member): Json =>
    isObject(expected)
      ? { status: merged.status, upNumber: merged.upNumber ?? null }
      : merged.status
  const wanted = isObject(expected)
    ? { status: expected['status'] ?? null, upNumber: expected['upNumber'] ?? null }
    : expected
  return [
    fact('left with right', wanted, kept(mergeMember(left, right))),
    fact('right with left', wanted, kept(mergeMember(right, left))),
    ...(isObject(expected)
      ? []
      : [fact('status', expected, laterStatus(left.status, right.status))]),
  ]
}

function versionOf(value: Json | undefined): Member {
  if (!isObject(value)) return Member.of({ node: someNode, status: statusOf(value) })
  const status = statusOf(value['status'])
  return isAbsent(value['upNumber'])
    ? Member.of({ node: someNode, status })
    : Member.of({ node: someNode, status, upNumber: numberOf(value['upNumber'], 'upNumber') })
}

function event(data: JsonObject): readonly Fact[] {
  const from = isAbsent(data['from']) ? undefined : statusOf(data['from'], 'from')
  const found = transitionEvent(from, statusOf(data['to'], 'to'))
  const previous = found?.type === 'member-removed' ? found.previousStatus : null
  return [
    ...answer(eventType(data['expect']), found?.type ?? null),
    ...('previousStatus' in data ? [fact('previousStatus', data['previousStatus'], previous)] : []),
  ]
}

export function transitionEvent(
  from: MemberStatus | undefined,
  to: MemberStatus,
): MemberEvent | undefined {
  return eventForTransition(from, to, Member.of({ node: someNode, status: to }))
}

/** Upstream's `MemberWeaklyUp` is `member-weakly-up` here. */
export function eventType(name: Json | undefined): string | null {
  if (isAbsent(name)) return null
  return textOf(name, 'event')
    .replace(/(?!^)[A-Z]/g, '-$&')
    .toLowerCase()
}

function leaderAction(data: JsonObject): readonly Fact[] {
  const flag = (key: string, otherwise: boolean): boolean => booleanOf(data[key] ?? otherwise, key)
  const next = nextStatus(statusOf(data['status']), {
    converged: flag('converged', true),
    unreachable: flag('unreachable', false),
    exitingConfirmed: flag('exitingConfirmed', false),
    enoughMembers: flag('enoughMembers', true),
  })
  return answer(data['expect'], next ?? null)
}

function upNumbers(data: JsonObject): readonly Fact[] {
  const existing = listOf(data['existingUpNumbers'], 'existingUpNumbers').map((upNumber, index) =>
    Member.of({
      node: NodeIdentity.of(NodeAddress.of('existing', index + 1), 1),
      status: 'up',
      upNumber: numberOf(upNumber, 'existingUpNumbers'),
    }),
  )
  // The vector's order is the order of addresses, so the place of a name becomes its port.
  const names = textsOf(data['joiningInAddressOrder'], 'joiningInAddressOrder')
  const joining = names.map((_, index) =>
    Member.of({ node: NodeIdentity.of(NodeAddress.of('joining', index + 1), 1) }),
  )
  const numbered = withUpNumbers([...existing, ...joining], joining.toReversed()).map(
    ({ address, upNumber }) => [names[address.port - 1] ?? '', upNumber ?? null] as const,
  )
  return answer(data['expect'], Object.fromEntries(numbered))
}

const orders = { address: byAddress, 'leader-status': byLeaderStatus, age: byAge } as const
const orderKinds = ['address', 'leader-status', 'age'] as const

function ordering(data: JsonObject): readonly Fact[] {
  const compare = orders[oneOf(data['kind'], orderKinds, 'kind')]
  const input = objectsOf(data['input'], 'input').map(named)
  const expected = objectsOf(data['expect'], 'expect').map(named)
  const labels = new NodeLabels(input)
  const members = input.map((entry) => orderedMember(entry, labels))
  const name = (found: Member): string => labels.label(found.key)
  return [
    fact(
      'order',
      expected.map(({ node }) => node ?? null),
      members.toSorted(compare).map(name),
    ),
    fact(
      'order of the reversed input',
      expected.map(({ node }) => node ?? null),
      members.toReversed().toSorted(compare).map(name),
    ),
  ]
}

function named(entry: JsonObject): JsonObject {
  const uid = numberOf(entry['uid'] ?? 0, 'uid')
  const address = `${textOf(entry['host'], 'host')}:${numberOf(entry['port'], 'port')}`
  return { ...entry, uid, node: `${address}#${uid}` }
}

function orderedMember(entry: JsonObject, labels: NodeLabels): Member {
  const node = labels.identity(textOf(entry['node'], 'node'))
  const status = isAbsent(entry['status']) ? 'up' : statusOf(entry['status'])
  return isAbsent(entry['upNumber'])
    ? Member.of({ node, status })
    : Member.of({ node, status, upNumber: numberOf(entry['upNumber'], 'upNumber') })
}
