import { HeartbeatSenderState, selectReceivers } from '@casty/failure-detector'
import {
  booleanOf,
  isAbsent,
  numberOf,
  objectsOf,
  oneOf,
  sorted,
  textOf,
  textsOf,
  type JsonObject,
} from '../json.ts'
import { casesBySection } from '../sections.ts'
import { answer, fact, type Fact, type Suite } from '../vector-case.ts'

export const heartbeat: Suite = (file) => casesBySection('heartbeat', file, { ring, senderState })

function ring(data: JsonObject): readonly Fact[] {
  const receivers = selectReceivers({
    ringOrder: textsOf(data['ringOrder'], 'ringOrder'),
    self: textOf(data['sender'], 'sender'),
    unreachable: new Set(textsOf(data['unreachable'] ?? [], 'unreachable')),
    count: numberOf(data['monitoredByNrOfMembers'], 'monitoredByNrOfMembers'),
  })
  return answer(sorted(textsOf(data['expect'], 'expect')), sorted(receivers))
}

function senderState(data: JsonObject): readonly Fact[] {
  let state = HeartbeatSenderState.create({
    self: textOf(data['self'], 'self'),
    monitoredByCount: numberOf(data['monitoredByNrOfMembers'], 'monitoredByNrOfMembers'),
    nodes: textsOf(data['initialNodes'] ?? [], 'initialNodes'),
    order: givenOrder(textsOf(data['ringOrder'], 'ringOrder')),
  })
  return objectsOf(data['steps'], 'steps').flatMap((step, index) => {
    if (!isAbsent(step['op'])) state = applied(state, step)
    return expectations(state, step, `step ${index + 1}`)
  })
}

/** The order of the ring is the vector's; nodes that it does not name come last. */
function givenOrder(order: readonly string[]): (nodes: Iterable<string>) => readonly string[] {
  const place = (node: string): number => {
    const index = order.indexOf(node)
    return index < 0 ? order.length : index
  }
  return (nodes) => [...nodes].toSorted((left, right) => place(left) - place(right))
}

const operations = [
  'add',
  'remove',
  'unreachable',
  'reachable',
  'response',
  'detector-unavailable',
] as const

function applied(state: HeartbeatSenderState, step: JsonObject): HeartbeatSenderState {
  const node = textOf(step['node'], 'node')
  switch (oneOf(step['op'], operations, 'op')) {
    case 'add':
      return state.add(node)
    case 'remove':
      return state.remove(node)
    case 'unreachable':
      return state.unreachable(node)
    case 'reachable':
      return state.reachable(node)
    case 'response':
      return state.response(node)
    case 'detector-unavailable':
      return state.detectorUnavailable(node)
  }
}

function expectations(
  state: HeartbeatSenderState,
  step: JsonObject,
  part: string,
): readonly Fact[] {
  const facts: Fact[] = []
  if (!isAbsent(step['expectActive'])) {
    const expected = sorted(textsOf(step['expectActive'], 'expectActive'))
    facts.push(fact(`${part}, active`, expected, sorted(state.active)))
  }
  if (!isAbsent(step['expectMonitoring'])) {
    const node = textOf(step['expectMonitoring'], 'expectMonitoring')
    const expected = booleanOf(step['value'], 'value')
    facts.push(fact(`${part}, monitoring ${node}`, expected, state.isMonitoring(node)))
  }
  return facts
}
