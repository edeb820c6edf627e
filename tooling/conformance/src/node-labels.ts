import { NodeAddress, NodeIdentity } from '@casty/transport'
import { isAbsent, numberOf, textOf, type JsonObject } from './json.ts'

interface Named {
  readonly label: string
  readonly host: string
  readonly port: number
  readonly uid: number
}

/**
 * The nodes of a case. Vectors name them by labels such as `a#0` (host and uid); here each is an
 * identity whose incarnation is the place of its uid among those of the case, so that uids of any
 * size and sign keep their order.
 */
export class NodeLabels {
  readonly #identities = new Map<string, NodeIdentity>()
  readonly #labels = new Map<string, string>()

  /**
   * @param members - as they stand in a vector: `{ node, host, port, uid }`
   * @param labels - of nodes that are no members, such as removed ones
   */
  constructor(members: readonly JsonObject[], labels: Iterable<string> = []) {
    const named = members.map(namedMember)
    const ports = new Map(named.map(({ host, port }) => [host, port]))
    for (const label of labels) named.push(namedLabel(label, ports))
    const uids = [...new Set(named.map(({ uid }) => uid))].toSorted((left, right) => left - right)
    for (const { label, host, port, uid } of named) {
      const identity = NodeIdentity.of(NodeAddress.of(host, port), uids.indexOf(uid))
      this.#identities.set(label, identity)
      this.#labels.set(identity.key, label)
    }
  }

  /** @throws Error when the case names no such node */
  identity(label: string): NodeIdentity {
    const identity = this.#identities.get(label)
    if (identity) return identity
    throw new Error(`the case names no node ${label}`)
  }

  /** The key of a node; of a label that names none, the label itself. */
  key(label: string): string {
    return this.#identities.get(label)?.key ?? label
  }

  label(key: string): string {
    return this.#labels.get(key) ?? key
  }
}

function namedMember(member: JsonObject): Named {
  const host = textOf(member['host'], 'host')
  const port = numberOf(member['port'], 'port')
  const label = isAbsent(member['node']) ? `${host}:${port}` : textOf(member['node'], 'node')
  const uid = isAbsent(member['uid']) ? uidIn(label) : numberOf(member['uid'], 'uid')
  return { label, host, port, uid }
}

function namedLabel(label: string, ports: ReadonlyMap<string, number>): Named {
  const hash = label.lastIndexOf('#')
  const host = hash < 0 ? label : label.slice(0, hash)
  return { label, host, port: ports.get(host) ?? [...ports.values()][0] ?? 1, uid: uidIn(label) }
}

function uidIn(label: string): number {
  const uid = Number(label.slice(label.lastIndexOf('#') + 1))
  return label.includes('#') && Number.isFinite(uid) ? uid : 0
}
