// Everything goes wrong in and between data centers; in the end all agree, and no decision was undone.
import { expect, test } from 'vitest'
import { seededRandom, type Random } from '@casty/clock'
import { memberStatuses, type Member } from '@casty/membership'
import { addressOf, ClusterWorld, seeds, type WorldOptions } from './cluster-world.ts'
import { dcOf, isolate, startIn } from './dc-world.ts'
import { isMemberEvent } from './world-events.ts'

const hosts = ['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'c1', 'c2']

/** The first contact must never take a partition for an empty world: it would form a second cluster. */
const options: WorldOptions = {
  seedNodes: hosts.map((host) => `${host}:1`),
  seedTimeoutMs: 3_600_000,
  wallOffsetMs: 1,
}

function optionsOf(seed: number): WorldOptions {
  return { ...options, crossDc: { connections: 1 + (seed % 3) } }
}

/** One thing that goes wrong, or is done, and a while to let it work. */
async function trouble(world: ClusterWorld, random: Random, seed: number): Promise<void> {
  const pick = (): string => hosts[Math.floor(random() * hosts.length)] ?? 'a1'
  const [one, other] = [pick(), pick()]
  const runs = world.nodes.some(({ host }) => host === one)
  const draw = random()
  if (draw < 0.15) {
    if (runs && world.nodes.length > 3) await world.kill(one)
  } else if (draw < 0.4) {
    if (!runs) await startIn(world, one, optionsOf(seed))
  } else if (draw < 0.5) {
    // It may take until the network heals.
    if (runs && world.nodes.length > 3)
      world
        .cluster(one)
        .leave()
        .catch(() => undefined)
  } else if (draw < 0.65) {
    isolate(world, dcOf(one), hosts.join(' '))
  } else if (draw < 0.72) {
    for (const host of hosts) if (host !== one) world.cut(one, host)
  } else if (draw < 0.8) {
    if (one !== other) world.cut(one, other, { mode: 'reset', oneWay: draw < 0.76 })
  } else if (draw < 0.85) {
    if (one !== other) world.network.drop(addressOf(one), addressOf(other), { probability: 0.3 })
  } else {
    world.heal()
  }
  await world.advance(random() * 8_000)
}

/** What every node was told of one life of a member only ever went forward, and its age stayed. */
function expectNothingUndone(world: ClusterWorld): void {
  for (const { host, events } of world.everStarted) {
    const ages = new Map<string, number>()
    const reached = new Map<string, number>()
    for (const event of events) {
      if (event.type === 'current-state') reached.clear()
      if (!isMemberEvent(event)) continue
      const { key, status, upNumber } = event.member
      const rank = memberStatuses.indexOf(status)
      expect(rank, `${host} was told of ${key} ${status}`).toBeGreaterThan(reached.get(key) ?? -1)
      reached.set(key, rank)
      if (upNumber === undefined) continue
      expect(upNumber, `the age of ${key}, as ${host} was told`).toBe(ages.get(key) ?? upNumber)
      ages.set(key, upNumber)
    }
  }
}

test.each(seeds(15))(
  'whatever goes wrong in three data centers, in the end all agree (seed %i)',
  async (seed) => {
    await using world = new ClusterWorld(seed)
    for (const host of hosts) await startIn(world, host, optionsOf(seed))
    await world.until(() => world.allUp(hosts.length) && world.agreed, 30_000)
    const random = seededRandom(seed)
    for (let round = 0; round < 20; round++) await trouble(world, random, seed)
    world.heal()
    const deadline = world.clock.now() + 120_000
    const isOver = (): boolean => world.allUp(hosts.length) && world.agreed
    while (!isOver() && world.clock.now() < deadline) {
      // Whoever is missing is started: who was on the way out may get out only now.
      for (const host of hosts) {
        if (!world.nodes.some((node) => node.host === host))
          await startIn(world, host, optionsOf(seed))
      }
      await world.advance(500)
    }
    await world.until(isOver, 0)
    expectNothingUndone(world)
    const { members } = world.cluster('a1').getState()
    const ageOf = ({ dataCenter, upNumber }: Member): string => `${dataCenter} ${upNumber}`
    expect(new Set(members.map(ageOf)).size).toBe(hosts.length)
  },
)
