// What becomes of the members, for the log: how a cluster came to be as it is.
import type { Logger } from '@casty/actor'
import type { Cluster, ClusterEvent, Member } from '@casty/membership'

type Level = 'info' | 'warn'

const lines: Readonly<
  Partial<Record<ClusterEvent['type'], readonly [level: Level, what: string]>>
> = {
  'member-joined': ['info', 'joins'],
  'member-weakly-up': ['info', 'is weakly up, since the members cannot agree at the moment'],
  'member-up': ['info', 'is up'],
  'member-left': ['info', 'leaves'],
  'member-downed': ['warn', 'was downed'],
  'member-removed': ['info', 'is removed'],
  'member-unreachable': ['warn', 'is unreachable'],
  'member-reachable': ['info', 'is reachable again'],
}

/** Tells of each change of a member, as in `10.0.0.5:2551#17 is up`, until the cluster ends. */
export function logMembers(cluster: Cluster, logger: Logger): Disposable {
  return cluster.subscribe((event) => {
    if (event.type === 'current-state') return tellSelf(event.state.member(cluster.self))
    if ('member' in event) tell(event.type, event.member)
  })

  /** Whoever forms the cluster is up before anybody can listen. */
  function tellSelf(self: Member | undefined): void {
    if (self?.status === 'up') tell('member-up', self)
  }

  function tell(type: ClusterEvent['type'], { node, id, roles }: Member): void {
    const line = lines[type]
    if (!line) return
    const [level, what] = line
    const who = node.equals(cluster.self) ? `${node}, which is this node,` : String(node)
    logger[level]({ event: type, member: id, roles: [...roles] }, `${who} ${what}`)
  }
}
