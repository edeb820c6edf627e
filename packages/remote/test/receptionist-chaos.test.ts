import { Behaviors, type ActorRef } from '@casty/actor'
import { seededRandom } from '@casty/clock'
import { Receptionist, ServiceKey, Topics } from '@casty/remote'
import { expect, test } from 'vitest'
import { hostOf, seeds } from '../../membership/test/cluster-world.ts'
import { ActorWorld, type ActorNode } from './actor-world.ts'

const key = new ServiceKey<string>('workers')

/** A node, and what is registered on it: names of its actors. */
interface Site {
  readonly node: ActorNode
  readonly receptionist: Receptionist
  readonly topics: Topics
  readonly registered: Map<string, { readonly ref: ActorRef<string>; readonly end: Disposable }>
  readonly told: string[]
}

function siteOf(node: ActorNode): Site {
  const topics = new Topics(node.remote)
  const told: string[] = []
  topics.topic<string>('news').subscribe((text) => void told.push(text))
  return { node, receptionist: new Receptionist(node.remote), topics, registered: new Map(), told }
}

/** Registers, withdraws, stops, cuts and restarts whatever the draws say. */
async function turmoil(world: ActorWorld, sites: Site[], random: () => number): Promise<void> {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
  for (let count = 0; count < 80; count++) {
    const draw = random()
    const site = pick(sites)
    if (!site) return
    const { node, receptionist, registered } = site
    const name = pick([...registered.keys()])
    if (draw < 0.4) {
      const ref = node.system.spawn<string>(Behaviors.ignore, { name: `w${count}` })
      registered.set(`w${count}`, { ref, end: receptionist.register(key, ref) })
    } else if (draw < 0.55 && name !== undefined) {
      registered.get(name)?.end[Symbol.dispose]()
      registered.delete(name)
    } else if (draw < 0.7 && name !== undefined) {
      const ref = registered.get(name)?.ref
      if (ref) void node.system.stop(ref)
      registered.delete(name)
    } else if (draw < 0.8) {
      const [from, to] = [pick(['a', 'b', 'c']), pick(['a', 'b', 'c'])]
      if (from !== undefined && to !== undefined && from !== to) world.cut(from, to)
    } else if (draw < 0.95) world.heal()
    else if (node.host !== 'a') {
      world.heal()
      await world.kill(node.host)
      await world.advance(1_000)
      sites[sites.indexOf(site)] = siteOf(await world.startNode(node.host))
      await world.until(() => world.allUp(3), 60_000)
    }
    await world.advance(Math.floor(random() * 100))
  }
}

/** `'a/w1 b/w7'` */
function actual(sites: readonly Site[]): string {
  const names = sites.flatMap(({ node, registered }) =>
    [...registered.keys()].map((name) => `${node.host}/${name}`),
  )
  return names.toSorted().join(' ')
}

function seenFrom({ node, receptionist }: Site): string {
  const { instances } = receptionist.find(key)
  const names = instances.map(({ ref, node: at, isReachable }) => {
    const path = node.remote.locationOf(ref)?.path ?? '?'
    return `${hostOf(at.key)}${path}${isReachable ? '' : '✗'}`
  })
  return names.toSorted().join(' ')
}

test.each(seeds(4))(
  'all nodes come to list exactly who is registered, and publish to all (seed %i)',
  async (seed) => {
    await using world = new ActorWorld()
    const sites = (await world.startNodes('a b c')).map(siteOf)
    await turmoil(world, sites, seededRandom(seed))
    world.heal()
    await world.until(() => world.allUp(3), 60_000)
    await world.until(() => sites.every((site) => seenFrom(site) === actual(sites)), 30_000)
    for (const { told } of sites) told.length = 0
    for (const { node, topics } of sites) topics.topic<string>('news').publish(node.host)
    await world.advance(2_000)
    expect(sites.map(({ told }) => told.toSorted())).toEqual(sites.map(() => ['a', 'b', 'c']))
  },
)
