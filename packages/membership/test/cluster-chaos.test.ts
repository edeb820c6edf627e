import { expect, test } from 'vitest'
import { seededRandom, type Random } from '@casty/clock'
import { memberStatuses } from '@casty/membership'
import { addressOf, ClusterWorld, seeds } from './cluster-world.ts'
import { isMemberEvent } from './world-events.ts'

const hosts = ['a', 'b', 'c', 'd', 'e']
/** The first contact must never take a partition for an empty world: it would form a second cluster. */
const options = { seedNodes: hosts.map((host) => `${host}:1`), seedTimeoutMs: 3_600_000 }

/** One thing that goes wrong, or is done, and a while to let it work. */
async function trouble(world: ClusterWorld, random: Random): Promise<void> {
  const pick = (): string => hosts[Math.floor(random() * hosts.length)] ?? 'a'
  const [one, other] = [pick(), pick()]
  const runs = world.nodes.some(({ host }) => host === one)
  const draw = random()
  if (draw < 0.2) {
    if (runs && world.nodes.length > 2) await world.kill(one)
  } else if (draw < 0.5) {
    if (!runs) await world.start(one, { ...options, wallOffsetMs: 1 })
  } else if (draw < 0.6) {
    // It may take until the network heals.
    if (runs && world.nodes.length > 2)
      world
        .cluster(one)
        .leave()
        .catch(() => undefined)
  } else if (draw < 0.75) {
    if (one !== other)
      world.cut(one, other, { mode: draw < 0.68 ? 'silent' : 'reset', oneWay: draw < 0.63 })
  } else if (draw < 0.8) {
    for (const host of hosts) if (host !== one) world.cut(one, host)
  } else if (draw < 0.85) {
    if (one !== other) world.network.drop(addressOf(one), addressOf(other), { probability: 0.3 })
  } else if (draw < 0.9) {
    if (runs) {
      world.pause(one)
      await world.advance(random() * 4_000)
      world.resume(one, draw < 0.875 ? 'timers-first' : 'sockets-first')
    }
  } else {
    world.heal()
  }
  await world.advance(random() * 3_000)
}

/** What every node was told of one life of a member only ever went forward, and ended once. */
function expectForwardOnly(world: ClusterWorld): void {
  for (const { host, events } of world.everStarted) {
    const reached = new Map<string, number>()
    for (const event of events) {
      if (event.type === 'current-state') reached.clear()
      if (!isMemberEvent(event)) continue
      const { key, status } = event.member
      const rank = memberStatuses.indexOf(status)
      expect(rank, `${host} was told of ${key} ${status}`).toBeGreaterThan(reached.get(key) ?? -1)
      reached.set(key, rank)
    }
  }
}

test.each(seeds(25))(
  'whatever goes wrong, in the end all agree, and no decision was undone (seed %i)',
  async (seed) => {
    await using world = new ClusterWorld(seed)
    await world.startAll(hosts.join(' '), options)
    const { clusterId } = world.cluster('a').getState()
    const random = seededRandom(seed)
    for (let round = 0; round < 25; round++) await trouble(world, random)
    world.heal()
    const deadline = world.clock.now() + 60_000
    const isOver = (): boolean => world.allUp(5) && world.agreed
    while (!isOver() && world.clock.now() < deadline) {
      // Whoever is missing is started: who was on the way out may get out only now.
      for (const host of hosts) {
        if (!world.nodes.some((node) => node.host === host))
          await world.start(host, { ...options, wallOffsetMs: 1 })
      }
      await world.advance(500)
    }
    await world.until(isOver, 0)
    expectForwardOnly(world)
    const { members } = world.cluster('a').getState()
    expect(new Set(members.map(({ upNumber }) => upNumber)).size).toBe(5)
    expect(world.nodes.map(({ cluster }) => cluster.getState().clusterId)).toEqual(
      hosts.map(() => clusterId),
    )
  },
)
