import { DEFAULT_DC, Member, NodeIdentity, type NodeKey } from '@casty/membership'
import type { DowningDecision, SbrView } from '@casty/sbr'
import {
  booleanOf,
  isAbsent,
  numberOf,
  objectOf,
  objectsOf,
  textOf,
  type JsonObject,
} from '../json.ts'
import { strategyOf } from '../sbr-model.ts'
import { addressOf } from '../status-model.ts'
import { NodeLabels } from '../node-labels.ts'
import { answer, type Fact } from '../vector-case.ts'
import { statusOf } from './member.ts'

/** Asks a strategy at its word. Upstream names only sides: what is reachable goes with the node itself. */
export function downingDecision(data: JsonObject): readonly Fact[] {
  const sides = [
    objectsOf(data['reachable'], 'reachable'),
    objectsOf(data['unreachable'], 'unreachable'),
  ]
  const labels = new NodeLabels(sides.flat().map(withAddress))
  const [here = [], there = []] = sides.map((side) => side.map((one) => memberOf(one, labels)))
  const view: SbrView = {
    self: here[0]?.key ?? NodeIdentity.of(addressOf('nobody'), 1).key,
    dataCenter: DEFAULT_DC,
    members: [...here, ...there],
    observations: [],
    unreachable: new Set(there.map(({ key }) => key)),
    seenBy: new Set<NodeKey>(here.map(({ key }) => key)),
  }
  const settings = settingsOf(objectOf(data['strategy'], 'strategy'))
  const strategy = strategyOf(settings, { view, labels })
  return answer(data['expect'], outcomeOf(strategy.decide(view), settings))
}

function withAddress(member: JsonObject): JsonObject {
  const { host, port } = addressOf(textOf(member['node'], 'node'))
  return { ...member, host, port, uid: 1 }
}

function memberOf(member: JsonObject, labels: NodeLabels): Member {
  const name = textOf(member['node'], 'node')
  const { upNumber } = member
  return Member.of({
    node: labels.identity(name),
    status: statusOf(member['status']),
    ...(isAbsent(upNumber) ? {} : { upNumber: numberOf(upNumber, 'upNumber') }),
  })
}

/** Where upstream has a lease answered beforehand, there is nothing to wait for. */
function settingsOf(strategy: JsonObject): JsonObject {
  return strategy['name'] === 'lease-majority'
    ? { acquireLeaseDelayForMinorityMs: 0, ...strategy }
    : strategy
}

function outcomeOf(decision: DowningDecision, settings: JsonObject): string {
  switch (decision.type) {
    case 'acquire-lease': {
      const isGranted = booleanOf(settings['leaseAcquired'], 'leaseAcquired')
      return outcomeOf(isGranted ? decision.granted : decision.denied, settings)
    }
    case 'down-reachable':
      return 'down-self'
    default:
      return decision.type
  }
}
