import { assert, describe, expect, test } from 'vitest'
import { downAll, isSbrExplanation, keepOldest, startCluster, staticQuorum } from '@casty/sbr'
import { eventsOf } from '../../../membership/test/world-events.ts'
import { SplitWorld } from './split-world.ts'

describe('A cluster that is cut in two', () => {
  test('goes on with the majority, and the minority stops by itself', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e')
    world.partition('a b c', 'd e')
    await world.untilOnly('a b c', 15_000)
    expect(world.decisions).toEqual(['a: down-unreachable', 'd: down-reachable'])
  })

  test('goes on with the majority, where the leader was on the other side', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e')
    world.partition('a b', 'c d e')
    await world.untilOnly('c d e', 15_000)
    expect(world.decisions).toEqual(['a: down-reachable', 'c: down-unreachable'])
  })

  test('goes on with the half that holds the lowest address', async () => {
    await using world = new SplitWorld()
    await world.form('d a c b', {}, { seedNodes: ['d:1'] })
    world.partition('d c', 'a b')
    await world.untilOnly('a b', 15_000)
    expect(world.decisions).toEqual(['a: down-unreachable', 'd: down-reachable'])
  })

  test('goes on with the majority within ten seconds', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e')
    world.partition('a b c', 'd e')
    expect(await world.untilOnly('a b c', 15_000)).toBeLessThanOrEqual(10_000)
  })

  test('stops altogether where no part has a majority', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e')
    world.partition('a b', 'c d e')
    world.partition('c d', 'e')
    await world.until(() => world.running === '', 20_000)
  })

  test('downs nobody when it heals inside the window', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e', { stableAfterMs: 10_000 })
    world.partition('a b c', 'd e')
    await world.until(() => world.unreachable('a') === 'd e', 10_000)
    await world.advance(4_000)
    world.heal()
    await world.until(() => world.allUp(5), 6_000)
    await world.advance(30_000)
    expect(world.rulings).toEqual([])
  })

  test('takes the losers back as new incarnations once it is whole again', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e')
    world.partition('a b c', 'd e')
    await world.untilOnly('a b c', 15_000)
    world.heal()
    await world.startWith('d')
    await world.startWith('e')
    await world.until(() => world.allUp(5), 15_000)
  })
})

describe('A node on the losing side', () => {
  test('says that it was downed, refuses further calls, and is heard of no more', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e')
    const leaving = { d: world.node('d'), e: world.node('e') }
    world.partition('a b c', 'd e')
    await world.until(() => world.running === 'a b c', 15_000)
    for (const { cluster, events, address } of Object.values(leaving)) {
      expect(events.slice(-2).map(({ type }) => type)).toEqual([
        'self-downed',
        'cluster-shutting-down',
      ])
      expect(() => cluster.down(address)).toThrow(
        expect.objectContaining({ code: 'CASTY_MEMBERSHIP_DOWNED' }),
      )
      await expect(cluster.waitFor(1)).rejects.toMatchObject({ code: 'CASTY_MEMBERSHIP_DOWNED' })
      await expect(cluster.leave()).rejects.toMatchObject({ code: 'CASTY_MEMBERSHIP_DOWNED' })
      const sent = cluster.metrics().messagesSent
      await world.advance(10_000)
      expect(cluster.metrics().messagesSent).toEqual(sent)
    }
  })

  test('tells afterwards why it went down, and waits for nothing any more', async () => {
    await using world = new SplitWorld()
    await world.form('a b c')
    const { cluster } = world.node('c')
    world.partition('a b', 'c')
    await world.until(() => world.running === 'a b', 15_000)
    const { downing, summary } = cluster.explain()
    assert(isSbrExplanation(downing))
    expect(downing).toMatchObject({ undecided: [], isResponsible: false })
    expect([downing.decidesInMs, downing.outlook]).toEqual([undefined, undefined])
    expect(downing.lastRuling?.reason).toMatch(/^keep-majority: this side goes down, because /)
    expect(summary).toMatch(/has stopped: downed/)
    expect(() => cluster.down(cluster.self)).toThrow(/downed, by others or by its own decision/)
  })

  test('hears of the decision before the one who made it closes', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e f')
    world.partition('a b c d', 'e f')
    await world.until(() => !world.running.includes('e'), 15_000)
    await world.until(() => world.running === 'a b c d', 50)
    expect(world.decisions).toEqual(['a: down-unreachable', 'e: down-reachable'])
  })

  test('stops soon, all of it, though none is connected to all the others', async () => {
    await using world = new SplitWorld()
    const all = Array.from({ length: 26 }, (_, index) => `n${index + 10}`)
    const [left, right] = [all.slice(0, 15).join(' '), all.slice(15).join(' ')]
    await world.form(all.join(' '), {}, { seedNodes: ['n10:1'] })
    world.partition(left, right)
    await world.until(() => world.running.length < all.join(' ').length, 30_000)
    await world.until(() => world.running === left, 2_000)
    await world.untilOnly(left, 10_000)
  })

  test('stops although it is alone, and finds the others unreachable only in many rounds', async () => {
    await using world = new SplitWorld()
    const all = Array.from({ length: 24 }, (_, index) => `n${index + 10}`)
    const others = all.slice(1).join(' ')
    await world.form(all.join(' '), {}, { seedNodes: ['n10:1'] })
    world.partition(all[0] ?? '', others)
    await world.until(() => world.running === others, 12_500)
    expect(world.rulings.map(([host, { cause }]) => `${host} ${cause}`).toSorted()).toEqual([
      'n10 unheard',
      'n11 stable',
    ])
  })
})

describe('A cluster that loses nodes', () => {
  test('downs one that crashed', async () => {
    await using world = new SplitWorld()
    await world.form('a b c')
    await world.kill('c')
    await world.untilOnly('a b', 10_000)
  })

  test('goes on when its leader crashed', async () => {
    await using world = new SplitWorld()
    await world.form('a b c')
    await world.vanish('a')
    await world.untilOnly('b c', 15_000)
    expect(world.decisions).toEqual(['b: down-unreachable'])
  })

  test('stops when it lost the majority at once', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e')
    for (const host of ['b', 'c', 'd', 'e']) await world.kill(host)
    await world.until(() => world.running === '', 15_000)
    expect(world.decisions).toEqual(['a: down-reachable'])
  })

  test('goes on when they crash one by one, each before the one before it was downed', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e f g')
    for (const host of ['e', 'f', 'g']) {
      await world.kill(host)
      await world.advance(4_500)
    }
    await world.untilOnly('a b c d', 15_000)
  })

  test('downs nobody for one bad link', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e')
    world.cut('a', 'e')
    await world.advance(60_000)
    expect(world.rulings).toEqual([])
    expect(world.running).toBe('a b c d e')
  })

  test('downs nobody who was paused for less than the window', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e')
    world.pause('e')
    await world.advance(7_000)
    world.resume('e')
    await world.until(() => world.allUp(5), 10_000)
    await world.advance(30_000)
    expect(world.rulings).toEqual([])
  })

  test('does not listen to one that was paused for long, which then stops', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e')
    world.pause('a')
    await world.until(() => world.view('b') === 'b.up c.up d.up e.up', 20_000)
    await world.advance(60_000)
    world.resume('a')
    await world.untilOnly('b c d e', 10_000)
    expect(world.decisions).toEqual(['b: down-unreachable'])
  })

  test('has been left in time by one that was paused for long, and reaches nobody when it goes on', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e')
    world.pause('a')
    await world.until(() => world.view('b') === 'b.up c.up d.up e.up', 20_000)
    for (const host of ['b', 'c', 'd', 'e']) world.cut('a', host)
    world.resume('a')
    await world.untilOnly('b c d e', 6_500)
  })

  test('goes on when all of it was paused', async () => {
    await using world = new SplitWorld()
    await world.form('a b c')
    for (const host of ['a', 'b', 'c']) world.pause(host)
    await world.advance(60_000)
    for (const host of ['a', 'b', 'c']) world.resume(host)
    await world.until(() => world.allUp(3), 10_000)
    await world.advance(30_000)
    expect(world.rulings).toEqual([])
  })
})

describe('A link that flaps', () => {
  /** One member is lost for good, and another comes and goes, for so many rounds of twelve seconds. */
  async function flap(world: SplitWorld, rounds: number): Promise<void> {
    await world.vanish('f')
    for (let round = 0; round < rounds; round++) {
      world.partition('a b c d', 'e')
      await world.advance(6_500)
      for (const host of ['a', 'b', 'c', 'd']) world.heal(host, 'e')
      await world.advance(5_500)
    }
  }

  test('brings all down, when no picture lasts as long as it must', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e f', { stableAfterMs: 10_000 })
    await flap(world, 4)
    expect(world.running).toBe('')
    expect(world.rulings.map(([, { cause }]) => cause)).toContain('unstable')
  })

  test('costs its own end alone, when the picture lasts for that long in between', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e f')
    await flap(world, 4)
    await world.untilOnly('a b c d', 15_000)
  })
})

describe('With other strategies', () => {
  test('the side of the oldest goes on, though one of it is leaving', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e f', { strategy: keepOldest() }, { leaveTimeoutMs: 60_000 })
    world.partition('a b c', 'd e f')
    await world.until(() => world.unreachable('a') === 'd e f', 10_000)
    const left = world.cluster('c').leave()
    await world.until(() => !world.running.includes('d'), 20_000)
    expect(await world.settled(left, 60_000)).toBe('left')
    await world.untilOnly('a b', 20_000)
  })

  test('a quorum goes on', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e', { strategy: staticQuorum({ quorumSize: 3 }) })
    world.partition('a b', 'c d e')
    await world.untilOnly('c d e', 15_000)
  })

  test('nobody goes on where that is the strategy', async () => {
    await using world = new SplitWorld()
    await world.form('a b c', { strategy: downAll() })
    await world.kill('c')
    await world.until(() => world.running === '', 15_000)
  })
})

describe('Nodes', () => {
  test.each([
    ['another strategy', { strategy: keepOldest() }, /keep-oldest.*keep-majority/],
    ['another window', { stableAfterMs: 6_000 }, /stable=6000.*stable=5000/],
    ['less patience', { downAllWhenUnstable: 3_000 }, /unstable=3000.*unstable=4000/],
  ])('with %s do not join each other, and say so', async (_, options, says) => {
    await using world = new SplitWorld()
    await world.form('a')
    await world.startWith('b', options)
    await world.advance(5_000)
    expect(world.cluster('b').explain().lastRefusal).toMatch(says)
  })

  test('that were started without a word on downing are resolved by majority', async () => {
    await using world = new SplitWorld()
    await world.form('a')
    const cluster = await startCluster({
      transport: world.network.transport({ host: 'b' }),
      host: 'b',
      port: 1,
      insecure: true,
      seedNodes: ['a:1'],
      clock: world.clock,
    })
    await world.until(() => world.view('a') === 'a.up b.up', 10_000)
    await cluster.shutdown()
  })
})

test('What was decided is logged, told, and explained', async () => {
  await using world = new SplitWorld()
  await world.form('a b c')
  expect(world.cluster('a').explain().downing).toMatchObject({
    strategy: 'keep-majority',
    isResponsible: true,
    undecided: [],
    lease: undefined,
    outlook: undefined,
    lastRuling: undefined,
  })
  const dead = world.cluster('c').self.key
  await world.vanish('c')
  await world.until(() => world.unreachable('a') === 'c', 10_000)
  expect(world.cluster('a').explain().downing).toMatchObject({ undecided: [dead] })
  expect(world.cluster('a').explain().summary).toMatch(
    /is unreachable.*\. Split-brain resolution by keep-majority decides who goes on, in about \d s if /,
  )
  await world.untilOnly('a b', 15_000)
  const reason =
    'keep-majority: this side survives and downs the other, because this side counts 2 members and ' +
    'the other side 1.'
  expect(world.cluster('a').explain().downing).toMatchObject({
    undecided: [],
    lastRuling: { cause: 'stable', decision: 'down-unreachable', down: [dead], reason },
  })
  expect(world.node('a').log).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      message: reason,
      details: expect.objectContaining({ down: [dead] }),
    }),
  )
  expect(world.rulings).toMatchObject([['a', { reason, cause: 'stable' }]])
  expect(eventsOf(world.node('b'), 'member-downed')).toHaveLength(1)
})
