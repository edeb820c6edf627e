// A small notation for states, so that a case fits on a line: 'a.up b.down c.joining | a✗b'.
import { ClusterState, Member, memberStatuses, NodeAddress, NodeIdentity } from '../src/index.ts'

/** `a` is incarnation 1 of host `a`, `a#2` incarnation 2. */
export function node(name: string): NodeIdentity {
  const [host = '', incarnation = '1'] = name.split('#')
  return NodeIdentity.of(NodeAddress.of(host, 1), Number(incarnation))
}

/** `a.up`, `a#2.leaving`, `a.up^3` (up number) with roles as in `a.up^3:dc-eu:shop`. */
export function member(text: string): Member {
  const [head = '', ...roles] = text.split(':')
  const match = /^([a-z0-9]+(?:#\d+)?)\.([a-z-]+)(?:\^(\d+))?$/.exec(head)
  const status = memberStatuses.find((known) => known === match?.[2])
  if (!match?.[1] || !status) throw new Error(`no member: ${text}`)
  return Member.of({
    node: node(match[1]),
    status,
    roles,
    ...(match[3] === undefined ? {} : { upNumber: Number(match[3]) }),
  })
}

/**
 * A state seen by all its members. After a bar stand observations: `a✗b` finds unreachable, `a!b`
 * is refused by, `a†b` terminated, `a?` doubts itself. The first member makes every change but the observers' own.
 */
export function cluster(text: string): ClusterState {
  const [members = '', observations = ''] = text.split('|')
  const all = members.trim().split(/\s+/).filter(Boolean).map(member)
  const [first] = all
  if (!first) return ClusterState.empty
  const state = ClusterState.empty.with({ clusterId: 'test' }).mergeMembers(all, first.node)
  return seenByAll(observations.trim().split(/\s+/).filter(Boolean).reduce(observed, state))
}

function observed(state: ClusterState, text: string): ClusterState {
  const match = /^([a-z0-9#]+)([✗!†?])([a-z0-9#]*)$/.exec(text)
  if (!match?.[1]) throw new Error(`no observation: ${text}`)
  const observer = node(match[1])
  if (match[2] === '?') return state.markDoubtful(observer, true)
  const subject = node(match[3] ?? '')
  if (match[2] === '✗') return state.markUnreachable(subject, observer)
  if (match[2] === '!') return state.markRefused(subject, observer)
  return state.markTerminated(subject, observer)
}

/** With every member having seen it, but those named. */
export function seenByAll(state: ClusterState, ...except: readonly string[]): ClusterState {
  const blind = except.map((name) => node(name).key)
  const seen = state.members.map(({ key }) => key).filter((key) => !blind.includes(key))
  return state.with({ seen: new Set(seen) })
}

/** `a.up b.down`: the members of a state by address. */
export function statuses(state: ClusterState): string {
  return state.members.map((one) => `${nameOf(one.node)}.${one.status}`).join(' ')
}

export function nameOf({ address, incarnation }: NodeIdentity): string {
  return incarnation === 1 ? address.host : `${address.host}#${incarnation}`
}

/** The host and incarnation behind a key, as `node` reads it. */
export function nameOfKey(key: string): string {
  return nameOf(NodeIdentity.parse(key))
}
