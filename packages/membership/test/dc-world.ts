// Worlds of several data centers: the first letter of a host names its own, so that `a1` and `a2` are of
// the data center `a`. Seeds are `a1` unless a node is told otherwise.
import type { ClusterWorld, WorldOptions } from './cluster-world.ts'

export function dcOf(host: string): string {
  return host.slice(0, 1)
}

export async function startIn(
  world: ClusterWorld,
  host: string,
  options: WorldOptions = {},
): Promise<void> {
  await world.start(host, { seedNodes: ['a1:1'], roles: [`dc-${dcOf(host)}`], ...options })
}

/** Starts these hosts one after another, and waits until all agree and are up. */
export async function startCenters(
  world: ClusterWorld,
  hosts: string,
  options: WorldOptions = {},
): Promise<void> {
  for (const host of hosts.split(' ')) await startIn(world, host, options)
  await world.until(() => world.allUp(world.nodes.length) && world.agreed, 30_000)
}

/** Cuts every link between this data center and all others, of nodes that run and of these. */
export function isolate(world: ClusterWorld, dc: string, more = ''): void {
  const hosts = [...world.nodes.map(({ host }) => host), ...more.split(' ').filter(Boolean)]
  for (const inside of hosts.filter((host) => dcOf(host) === dc))
    for (const outside of hosts.filter((host) => dcOf(host) !== dc)) world.cut(inside, outside)
}

/** What each node of a data center sees of the members of one, as `world.view` tells it. */
export function statusesSeen(world: ClusterWorld, by: string, of: string): readonly string[] {
  return world.nodes
    .filter(({ host }) => dcOf(host) === by)
    .map(({ cluster }) =>
      cluster
        .getState()
        .members.filter(({ address }) => dcOf(address.host) === of)
        .map(({ address, status }) => `${address.host}.${status}`)
        .join(' '),
    )
}

/** Bytes on their way from each host to each other one of another data center, since the world began. */
export function writtenAcross(world: ClusterWorld): ReadonlyMap<string, number> {
  const links = world.network.links().map(({ from, to, writtenBytes }) => {
    const [source = '', target = ''] = [from, to].map((address) => address.split(':')[0])
    return { source, target, writtenBytes }
  })
  return new Map(
    links
      .filter(({ source, target }) => dcOf(source) !== dcOf(target))
      .map(({ source, target, writtenBytes }) => [`${source}>${target}`, writtenBytes]),
  )
}
