import { describe, expect, test } from 'vitest'
import { SplitWorld } from './split-world.ts'

/** Five hosts in the data center east, three in west, all with a resolver. */
async function form(seed: number): Promise<SplitWorld> {
  const world = new SplitWorld(seed)
  for (const host of 'a b c d e'.split(' ')) await world.startWith(host, {}, { roles: ['dc-east'] })
  for (const host of 'f g h'.split(' ')) await world.startWith(host, {}, { roles: ['dc-west'] })
  await world.until(() => world.allUp(8), 60_000)
  await world.advance(5_000)
  return world
}

function sorted(hosts: string): string {
  return hosts.split(' ').toSorted().join(' ')
}

describe('With data centers', () => {
  test.each([
    ['a b c', 'd e', 1],
    ['c d e', 'a b', 2],
    ['b c d', 'a e', 3],
    ['a b c d', 'e', 4],
    ['b c d e', 'a', 5],
  ])(
    'of %s | %s the majority goes on, though news passes through the other',
    async (most, few, seed) => {
      await using world = await form(seed)
      world.partition(most, few)
      await world.untilOnly(sorted(`${most} f g h`), 60_000)
      await world.advance(60_000)
      expect(world.running).toBe(sorted(`${most} f g h`))
    },
  )

  test('a cut between them downs nobody', async () => {
    await using world = await form(6)
    world.partition('a b c d e', 'f g h')
    await world.advance(120_000)
    expect(world.running).toBe('a b c d e f g h')
    expect(world.rulings).toEqual([])
    world.heal()
    await world.until(() => world.allUp(8), 30_000)
  })

  test('a partition inside one is decided there, while the other decides nothing', async () => {
    await using world = await form(7)
    world.partition('a b c f g h', 'd e')
    await world.untilOnly('a b c f g h', 60_000)
    expect(world.decisions.every((decision) => /^[a-e]:/.test(decision))).toBe(true)
  })
})
