import { Reachability, type Gossip } from '@casty/membership'

/** `b up, a✗c, †d`: members, who finds whom unreachable, tombstones. */
export function gossipText(gossip: Gossip, nameOf: (key: string) => string): string {
  const members = gossip.records.map(({ member }) => `${nameOf(member.key)} ${member.status}`)
  const rows = gossip.rows.map(({ observer, row }) => {
    const subjects = Reachability.of([[observer.key, row]]).unreachableFrom(observer.key)
    const doubt = row.doubtful ? ' in doubt' : ''
    return subjects.length === 0
      ? `${nameOf(observer.key)} finds all reachable${doubt}`
      : subjects.map((subject) => `${nameOf(observer.key)}✗${nameOf(subject)}${doubt}`).join(', ')
  })
  const tombstones = gossip.tombstones.map(({ node }) => `†${nameOf(node.key)}`)
  return [...members, ...rows, ...tombstones].join(', ')
}

export function versionText({ version }: Gossip): string {
  return version
    .entries()
    .map(([node, counter]) => `${node}=${counter}`)
    .join(' ')
}
