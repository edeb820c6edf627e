// Whom this node can send to: members in reach, less those where nobody listens; and who of them is about to go.
import type { Clock } from '@casty/clock'
import { memberDc, type Cluster, type ClusterState, type Member } from '@casty/membership'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { Refusals } from './refusals.ts'

export interface ReachPort {
  readonly clock: Clock
  readonly cluster: Pick<Cluster, 'self' | 'endpoint' | 'getState' | 'selfMember'>
  /** Whether this process itself gets through to a member. */
  isInReach(node: NodeIdentity): boolean
  /** Some node refuses, or refuses no more. */
  refusalsChanged(): void
}

/** Mutable, and of one node. */
export class Reach implements Disposable {
  readonly #port: ReachPort
  readonly #refusals: Refusals
  /** Members in reach that are not over, this one included. */
  #reachable: ReadonlySet<NodeKey> = new Set()
  #others: ReadonlySet<NodeKey> = new Set()
  /** Members that are about to go, or have to: they never stay again. */
  #going: ReadonlySet<NodeKey> = new Set()

  constructor(port: ReachPort) {
    const { clock, cluster } = port
    this.#port = port
    this.#refusals = new Refusals({
      clock,
      endpoint: cluster.endpoint,
      isInDoubt: (address) => {
        const node = cluster.getState().member(address)?.node
        return (
          node !== undefined && this.has(node) && !cluster.endpoint.isConnected(node, 'control')
        )
      },
      changed: () => port.refusalsChanged(),
    })
    this.follow(cluster.getState())
  }

  /** Whether it is a member in reach. */
  has({ key }: NodeIdentity): boolean {
    return this.#reachable.has(key)
  }

  /** The same, as far as somebody listens there. */
  canBeSentTo(node: NodeIdentity): boolean {
    return this.has(node) && !this.#refusals.has(node.address)
  }

  /** Whoever is not known yet, or on the way in, stays as far as one knows. */
  stays({ key }: NodeIdentity): boolean {
    return !this.#going.has(key)
  }

  /** Members in reach, other than this one. */
  get others(): ReadonlySet<NodeKey> {
    return this.#others
  }

  /** @returns whether anything is otherwise now */
  follow({ members, unreachable }: ClusterState): boolean {
    const { self, selfMember } = this.#port.cluster
    const inReach = members.filter(
      (member) => !unreachable.has(member.key) && this.#isIn(member, selfMember?.dataCenter),
    )
    const reachable = new Set([...inReach.map(({ key }) => key), self.key])
    const going = new Set(members.filter(isGoing).map(({ key }) => key))
    if (sameKeys(reachable, this.#reachable) && sameKeys(going, this.#going)) return false
    this.#going = going
    this.#reachable = reachable
    this.#others = new Set([...reachable].filter((key) => key !== self.key))
    return true
  }

  #isIn(member: Member, dataCenter: string | undefined): boolean {
    return (
      !isOver(member) &&
      this.#port.isInReach(member.node) &&
      (dataCenter === undefined || memberDc(member) === dataCenter)
    )
  }

  [Symbol.dispose](): void {
    this.#refusals[Symbol.dispose]()
  }
}

function isOver({ status }: Member): boolean {
  return status === 'down' || status === 'removed'
}

function isGoing(member: Member): boolean {
  return member.status === 'leaving' || member.status === 'exiting' || isOver(member)
}

function sameKeys(left: ReadonlySet<NodeKey>, right: ReadonlySet<NodeKey>): boolean {
  return left.size === right.size && [...left].every((key) => right.has(key))
}
