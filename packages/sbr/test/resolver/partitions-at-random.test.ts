import { describe, expect, test } from 'vitest'
import { seededRandom, type Random } from '@casty/clock'
import {
  downRemovalMarginMs,
  keepMajority,
  keepOldest,
  staticQuorum,
  type DowningStrategy,
} from '@casty/sbr'
import { seeds, type WorldNode } from '../../../membership/test/cluster-world.ts'
import { SplitWorld } from './split-world.ts'

/** Watches a world for two sides at work: a node that runs on although others have long removed it. */
class Overlaps {
  readonly #world: SplitWorld
  readonly #removedSince = new Map<string, number>()
  readonly found = new Set<string>()

  constructor(world: SplitWorld) {
    this.#world = world
  }

  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      await this.#world.advance(Math.min(250, left))
      for (const one of this.#world.nodes)
        for (const other of this.#world.nodes) this.#look(one, other)
    }
  }

  #look(one: WorldNode, other: WorldNode): void {
    const name = `${one.host} removed ${other.host}`
    const removed = one.cluster.getState().tombstones.get(other.address.toString())
    const now = this.#world.clock.now()
    if (removed?.node.equals(other.cluster.self) !== true) this.#removedSince.delete(name)
    else if (!this.#removedSince.has(name)) this.#removedSince.set(name, now)
    else if (now - (this.#removedSince.get(name) ?? now) > downRemovalMarginMs())
      this.found.add(name)
  }
}

function shuffled(hosts: readonly string[], random: Random): readonly string[] {
  return hosts
    .map((host) => ({ host, rank: random() }))
    .toSorted((left, right) => left.rank - right.rank)
    .map(({ host }) => host)
}

/** One disaster of a few, on hosts in a drawn order. */
async function strike(
  world: SplitWorld,
  hosts: readonly string[],
  random: Random,
  advance: (ms: number) => Promise<void>,
): Promise<void> {
  const size = 1 + Math.floor(random() * (hosts.length - 1))
  const [left, right] = [hosts.slice(0, size), hosts.slice(size)]
  switch (Math.floor(random() * 4)) {
    case 0:
      world.partition(left.join(' '), right.join(' '))
      return
    case 1:
      for (const from of left) for (const to of right) world.cut(from, to, { oneWay: true })
      return
    case 2:
      world.partition(left.join(' '), right.join(' '), { mode: 'hold' })
      await advance(random() * 3_000)
      if (right.length > 1) world.partition(right[0] ?? '', right.slice(1).join(' '))
      return
    default:
      for (const host of left) {
        if (world.running.split(' ').includes(host)) await world.vanish(host)
        await advance(random() * 4_000)
      }
  }
}

function strategyFor(size: number, random: Random): () => DowningStrategy {
  const draw = random()
  if (draw < 0.6) return () => keepMajority()
  return draw < 0.8 ? () => keepOldest() : () => staticQuorum({ quorumSize: (size >> 1) + 1 })
}

describe('Whatever a cluster meets', () => {
  test.each(seeds(12))('at most one side goes on (seed %i)', async (seed) => {
    const random = seededRandom(seed)
    await using world = new SplitWorld(seed)
    const hosts = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].slice(0, 3 + Math.floor(random() * 6))
    const strategy = strategyFor(hosts.length, random)
    await world.form(hosts.join(' '), () => ({ strategy: strategy() }))
    const overlaps = new Overlaps(world)
    const advance = async (ms: number): Promise<void> => await overlaps.advance(ms)
    for (let round = 0; round < 2; round++) {
      await strike(world, shuffled(hosts, random), random, advance)
      await advance(random() < 0.3 ? random() * 12_000 : 25_000)
      if (random() < 0.5) world.heal()
      await advance(random() * 8_000)
    }
    await advance(30_000)
    expect([...overlaps.found]).toEqual([])
  })
})
