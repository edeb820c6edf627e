// Views and strategies of the vectors on split-brain resolution, and the form in which answers are
// compared: labels of nodes, and decisions by upstream's names.
import {
  downAll,
  keepMajority,
  keepOldest,
  keepReferee,
  leaseMajority,
  nodesToDown,
  staticQuorum,
  type DowningDecision,
  type DowningStrategy,
  type Lease,
  type SbrView,
} from '@casty/sbr'
import {
  booleanOf,
  isAbsent,
  MalformedVector,
  numberOf,
  objectOf,
  objectsOf,
  oneOf,
  sorted,
  textOf,
  textsOf,
  type Json,
  type JsonObject,
} from './json.ts'
import { memberOf } from './member-json.ts'
import { NodeLabels } from './node-labels.ts'

/** A view of a vector, with the labels of its nodes. */
export interface LabelledView {
  readonly view: SbrView
  readonly labels: NodeLabels
}

export function sbrViewOf(data: JsonObject): LabelledView {
  const members = objectsOf(data['members'], 'members')
  const labels = new NodeLabels(members)
  const key = (value: Json | undefined, what: string): SbrView['self'] =>
    labels.identity(textOf(value, what)).key
  const keys = (name: string): ReadonlySet<SbrView['self']> =>
    new Set(textsOf(data[name] ?? [], name).map((label) => key(label, name)))
  const observations = objectsOf(data['observations'] ?? [], 'observations').map((one) => ({
    observer: key(one['observer'], 'observer'),
    subject: key(one['subject'], 'subject'),
    status: oneOf(one['status'], ['reachable', 'unreachable', 'terminated'], 'status'),
  }))
  const view: SbrView = {
    self: key(data['self'], 'self'),
    dataCenter: textOf(data['selfDc'] ?? 'default', 'selfDc'),
    members: members.map((one) => memberOf(one, labels.identity(textOf(one['node'], 'node')))),
    observations: observations.flatMap(({ status, ...ends }) =>
      status === 'reachable' ? [] : [{ ...ends, status }],
    ),
    unreachable: keys('unreachable'),
    seenBy: keys('seenBy'),
  }
  return { view, labels }
}

/** Asked for by decisions, and never called: the answers of a lease are part of a vector. */
const uncalledLease: Lease = {
  name: 'vectors',
  owner: 'vectors',
  acquire: () => Promise.reject(new Error('no lease is asked by a decision')),
  release: () => Promise.reject(new Error('no lease is asked by a decision')),
  checkLease: () => false,
  fence: undefined,
}

/** The strategies by their names in vectors. */
export function strategyOf(
  data: JsonObject,
  { labels, view }: LabelledView,
  lease: Lease = uncalledLease,
): DowningStrategy {
  const role = isAbsent(data['role']) ? {} : { role: textOf(data['role'], 'role') }
  const number = (name: string): number => numberOf(data[name], name)
  const name = textOf(data['name'], 'strategy')
  switch (name) {
    case 'keep-majority':
      return keepMajority(role)
    case 'keep-oldest':
      return keepOldest({ downIfAlone: booleanOf(data['downIfAlone'], 'downIfAlone'), ...role })
    case 'keep-referee':
      return keepReferee({
        referee: refereeOf(textOf(data['referee'], 'referee'), labels, view),
        downAllIfLessThan: number('downAllIfLessThan'),
      })
    case 'static-quorum':
      return staticQuorum({ quorumSize: number('quorumSize'), ...role })
    case 'down-all':
      return downAll()
    case 'lease-majority':
      return leaseMajority({
        lease,
        acquireLeaseDelayForMinorityMs: number('acquireLeaseDelayForMinorityMs'),
        ...role,
      })
    default:
      throw new MalformedVector(`strategy "${name}" is unknown`)
  }
}

/** The address of a label; one that nobody has, where it names no member. */
function refereeOf(label: string, labels: NodeLabels, view: SbrView): string {
  const referee = view.members.find(({ key }) => labels.label(key) === label)
  return referee?.address.toString() ?? 'no-member:1'
}

/** A decision, and the view that says whom it downs. */
export interface Decided {
  readonly decision: DowningDecision
  readonly view: SbrView
}

/** Upstream's name of a decision. */
export function decisionName(decision: DowningDecision): string {
  return decision.type === 'acquire-lease'
    ? `acquire-lease-and-${decision.granted.type}`
    : decision.type
}

/** The labels of the downed; of a decision that asks for a lease, of those downed once it is granted. */
export function downedLabels({ decision, view }: Decided, labels: NodeLabels): readonly string[] {
  const carriedOut = decision.type === 'acquire-lease' ? decision.granted : decision
  return sorted(nodesToDown(view, carriedOut).map(({ key }) => labels.label(key)))
}

/** What becomes of a decision when the lease goes elsewhere. */
export function deniedOf({ decision, view }: Decided): Decided | undefined {
  return decision.type === 'acquire-lease' ? { decision: decision.denied, view } : undefined
}

/** What is compared of a decision. */
export function describeDecided(decided: Decided, labels: NodeLabels): JsonObject {
  const { decision } = decided
  const denied = deniedOf(decided)
  return {
    decision: decisionName(decision),
    down: downedLabels(decided, labels),
    ...(decision.type === 'acquire-lease' ? { acquireDelayMs: decision.delayMs } : {}),
    ...(denied
      ? {
          'ifLeaseDenied.decision': decisionName(denied.decision),
          'ifLeaseDenied.down': downedLabels(denied, labels),
        }
      : {}),
  }
}

/** The same of an expectation. Sets are sorted; what it does not name is left out. */
export function expectedDecided(data: JsonObject): JsonObject {
  const denied = isAbsent(data['ifLeaseDenied'])
    ? {}
    : objectOf(data['ifLeaseDenied'], 'ifLeaseDenied')
  const parts: JsonObject = {
    decision: data['decision'] ?? null,
    down: setOf(data['down']),
    acquireDelayMs: data['acquireDelayMs'] ?? null,
    'ifLeaseDenied.decision': denied['decision'] ?? null,
    'ifLeaseDenied.down': setOf(denied['down']),
  }
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== null))
}

/** A set as a sorted list; what is none, as it is. */
export function setOf(value: Json | undefined): Json {
  if (!Array.isArray(value)) return value ?? null
  return sorted(value.map(String))
}
