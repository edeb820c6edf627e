import { describe, expect, test } from 'vitest'
import {
  inMemoryLease,
  InMemoryLeases,
  leaseMajority,
  splitBrainResolver,
  type Lease,
  type ResolverOptions,
} from '@casty/sbr'
import { eventsOf } from '../../../membership/test/world-events.ts'
import { SplitWorld } from './split-world.ts'

const name = 'shop-sbr'

/** A world whose nodes share a store of leases, which a network of its own keeps in reach. */
class LeaseWorld extends SplitWorld {
  readonly leases = new InMemoryLeases({ clock: this.clock, latencyMs: 5 })

  leaseOf(owner: string): ResolverOptions {
    const lease = inMemoryLease({ leases: this.leases, name, owner, clock: this.clock })
    return { strategy: leaseMajority({ lease }) }
  }

  async formWithLease(hosts: string): Promise<void> {
    await this.form(hosts, (host) => this.leaseOf(host))
  }

  get holder(): string | undefined {
    return this.leases.holder(name)?.owner
  }
}

describe('A lease decides who goes on', () => {
  test('the majority, which asks first', async () => {
    await using world = new LeaseWorld()
    await world.formWithLease('a b c d e')
    world.partition('a b', 'c d e')
    await world.untilOnly('c d e', 20_000)
    expect(world.holder).toBe('c')
  })

  test('one of two halves', async () => {
    await using world = new LeaseWorld()
    await world.formWithLease('a b c d')
    world.partition('a b', 'c d')
    await world.untilOnly('a b', 20_000)
    expect(world.holder).toBe('a')
  })

  test('one of three parts of which none has a majority', async () => {
    await using world = new LeaseWorld()
    await world.formWithLease('a b c d e')
    world.partition('a b', 'c d e')
    world.partition('c d', 'e')
    await world.until(() => world.running.length <= 'a b'.length, 20_000)
    expect(['a b', 'c d', 'e']).toContain(world.running)
    await world.untilOnly(world.running, 20_000)
  })

  test('what is left of a cluster that lost its majority at once', async () => {
    await using world = new LeaseWorld()
    await world.formWithLease('a b c d e')
    for (const host of ['c', 'd', 'e']) await world.vanish(host)
    await world.untilOnly('a b', 20_000)
  })

  test('the minority, where the majority does not reach the store', async () => {
    await using world = new LeaseWorld()
    await world.formWithLease('a b c d e')
    for (const host of ['c', 'd', 'e']) world.leases.cut(host)
    world.partition('a b', 'c d e')
    await world.untilOnly('a b', 20_000)
    expect(world.node('c').log.map(({ message }) => message)).toContain(
      'The lease has not answered, and is not waited for',
    )
  })

  test('nobody, where no side reaches the store', async () => {
    await using world = new LeaseWorld()
    await world.formWithLease('a b c d e')
    for (const host of ['a', 'b', 'c', 'd', 'e']) world.leases.cut(host)
    world.partition('a b', 'c d e')
    await world.until(() => world.running === '', 20_000)
  })
})

describe('A grant', () => {
  test('that comes after its side has gone down is given back', async () => {
    await using world = new LeaseWorld()
    await world.formWithLease('a b c')
    world.leases.answerNext({ type: 'late', byMs: 4_900 }, { owner: 'a' })
    world.partition('a b', 'c')
    await world.until(() => !world.running.includes('a'), 20_000)
    await world.advance(10_000)
    expect(world.holder).not.toBe('a')
  })

  test('is kept until the others are gone, and for a while after', async () => {
    await using world = new LeaseWorld()
    await world.formWithLease('a b c')
    world.partition('a b', 'c')
    await world.until(() => world.view('a') === 'a.up b.up', 20_000)
    await world.advance(39_000)
    expect(world.holder).toBe('a')
    await world.advance(1_500)
    expect(world.holder).toBeUndefined()
  })

  test('that is lost is logged, and costs nothing that was decided', async () => {
    await using world = new LeaseWorld()
    await world.formWithLease('a b c')
    world.partition('a b', 'c')
    await world.untilOnly('a b', 20_000)
    world.leases.take(name)
    await world.advance(20_000)
    expect(world.running).toBe('a b')
    expect(world.node('a').log.map(({ message }) => message)).toContain(
      'The lease is lost; what is undecided is decided as if it had been denied',
    )
  })

  test.each(['shutdown', 'leave'] as const)(
    'is kept for as long by a node that has stopped (%s), and given back then',
    async (stop) => {
      await using world = new LeaseWorld()
      await world.formWithLease('a b c')
      world.partition('a b', 'c')
      await world.untilOnly('a b', 20_000)
      await world.settled<unknown>(world.cluster('a')[stop]())
      await world.advance(30_000)
      expect(world.holder).toBe('a')
      await world.advance(10_500)
      expect(world.holder).toBeUndefined()
    },
  )

  test('leaves nothing waiting when it is disposed of after its node has stopped', async () => {
    await using world = new LeaseWorld()
    const { leases, clock } = world
    const lease = inMemoryLease({ leases, name, owner: 'a', clock })
    await world.startWith('a', { strategy: leaseMajority({ lease }) })
    await world.startWith('b', world.leaseOf('b'))
    await world.until(() => world.allUp(2), 20_000)
    world.partition('a', 'b')
    await world.untilOnly('a', 20_000)
    await world.settled(world.cluster('a').shutdown())
    expect(world.holder).toBe('a')
    await lease[Symbol.asyncDispose]()
    expect(clock.pendingTimers).toBe(0)
  })

  test('is there for those whom its holder left behind', async () => {
    await using world = new LeaseWorld()
    await world.formWithLease('a b c d e')
    world.partition('a b c d', 'e')
    await world.untilOnly('a b c d', 20_000)
    await world.settled(world.cluster('a').leave())
    await world.advance(60_000)
    world.partition('b c', 'd')
    await world.advance(30_000)
    expect(world.running).toBe('b c')
  })

  test('is seen to by the next life of a node that has the same resolver', async () => {
    await using world = new LeaseWorld()
    const downing = splitBrainResolver(world.leaseOf('a'))
    await world.start('a', { downing })
    for (const host of ['b', 'c']) await world.startWith(host, world.leaseOf(host))
    await world.until(() => world.allUp(3), 20_000)
    world.partition('a b', 'c')
    await world.untilOnly('a b', 20_000)
    await world.advance(20_000)
    await world.cluster('a').shutdown()
    await world.start('a', { downing, seedNodes: ['b:1'] })
    await world.untilOnly('a b', 20_000)
    await world.advance(30_000)
    expect(world.holder).toBe('a')
    await world.advance(15_000)
    expect(world.holder).toBeUndefined()
  })
})

describe('A lease', () => {
  test('that cannot be asked for is told of when the node starts', async () => {
    await using world = new LeaseWorld()
    world.leases.cut('a')
    await world.startWith('a', world.leaseOf('a'))
    await world.advance(6_000)
    expect(world.node('a').log).toContainEqual(
      expect.objectContaining({
        level: 'error',
        message: expect.stringContaining('unless that changes, no side survives a partition'),
      }),
    )
    expect(eventsOf(world.node('a'), 'self-downed')).toEqual([])
  })

  test('is not taken to find that out', async () => {
    await using world = new LeaseWorld()
    await world.startWith('a', world.leaseOf('a'))
    await world.advance(6_000)
    expect(world.node('a').log.filter(({ level }) => level === 'error')).toEqual([])
    expect(world.holder).toBeUndefined()
    const other = inMemoryLease({ leases: world.leases, name, owner: 'z', clock: world.clock })
    const asking = other.acquire()
    await world.advance(100)
    expect(await asking).toBe(true)
  })

  test('belongs to one node: a resolver that has one cannot be shared', async () => {
    await using world = new LeaseWorld()
    const downing = splitBrainResolver(world.leaseOf('a'))
    await world.start('a', { downing })
    await expect(world.start('b', { downing })).rejects.toMatchObject({
      code: 'CASTY_SBR_LEASE_IN_USE',
    })
    await world.cluster('a').shutdown()
    await world.start('b', { downing })
  })

  test('belongs to one node, though each has a resolver of its own', async () => {
    await using world = new LeaseWorld()
    const options = world.leaseOf('a')
    await world.start('a', { downing: splitBrainResolver(options) })
    await expect(world.start('b', { downing: splitBrainResolver(options) })).rejects.toMatchObject({
      code: 'CASTY_SBR_LEASE_IN_USE',
    })
    await world.cluster('a').shutdown()
    await world.start('b', { downing: splitBrainResolver(options) })
  })

  test('that answers to nobody’s call does not keep its node from stopping', async () => {
    await using world = new SplitWorld()
    const silent = (owner: string): Lease => ({
      name,
      owner,
      fence: undefined,
      acquire: () => new Promise(() => {}),
      release: () => new Promise(() => {}),
      check: () => new Promise(() => {}),
      checkLease: () => false,
    })
    await world.form('a b', (host) => ({ strategy: leaseMajority({ lease: silent(host) }) }))
    await world.vanish('b')
    await world.until(() => world.running === '', 20_000)
    expect(world.decisions).toEqual(['a: acquire-lease', 'a: down-reachable'])
  })
})
