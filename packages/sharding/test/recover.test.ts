// People decide that a shard goes on without what it waits for.
import { expect, test } from 'vitest'
import { shardOf } from '../src/region/shard-of.ts'
import { all, DiskWorld, ids } from './disk-world.ts'

const shards = [0, 1, 2, 3, 4, 5]
/** Those that something was written to. */
const written = shards.filter((shard) => ids.some((id) => shardOf(id, shards.length) === shard))

/** All of four nodes stopped, and two of them are back. */
async function withoutTwo(): Promise<DiskWorld> {
  const disks = new DiskWorld({ replicas: 1 })
  await disks.start('a b c d')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  await disks.blackOut()
  await disks.start('a b')
  return disks
}

test('a shard goes on without the disks that it waits for, where somebody says so', async () => {
  await using disks = await withoutTwo()
  await disks.settle(20_000)
  const region = disks.region('b')
  const { owner, summary } = region.explain(0)
  expect(owner).toBeUndefined()
  expect(summary).toMatch(/waits for the disks of others, which the coordinator, a:1#\d+, explains/)
  for (const shard of shards) {
    // eslint-disable-next-line no-await-in-loop -- One after another, as a person would.
    const { missing, givenUp } = await disks.world.settled(region.recover(shard))
    expect({ missing, givenUp }).toEqual({ missing: 1, givenUp: [] })
  }
  await disks.settle()
  await disks.add('a')
  const again = disks.world.settled(region.recover(0))
  await expect(again).rejects.toMatchObject({ code: 'CASTY_SHARDING_NOT_WAITING' })
})

test('what is decided before anybody gives out shards is carried out as soon as somebody does', async () => {
  await using disks = await withoutTwo()
  const begin = disks.world.clock.now()
  const asked = shards.map(async (shard) => disks.region('b').recover(shard))
  const recovered = await disks.world.settled(Promise.all(asked))
  expect(recovered).toEqual(shards.map(() => ({ missing: 1, givenUp: [] })))
  expect(disks.world.clock.now() - begin).toBeLessThan(6_000)
  await disks.settle()
  for (const shard of shards) expect(disks.region('b').explain(shard).owner).toBeDefined()
})

test('nothing is given up where nothing waits', async () => {
  await using disks = new DiskWorld({ replicas: 1 })
  await disks.start('a b')
  await disks.settle()
  const asked = disks.world.settled(disks.region('b').recover(0))
  await expect(asked).rejects.toMatchObject({ code: 'CASTY_SHARDING_NOT_WAITING' })
  expect(await disks.add('a')).toEqual(all(1))
})

/** What a wrote alone, without its disk, and what b and c have of before. */
async function withTwoLineages({ alone = ids, shards = 6 } = {}): Promise<DiskWorld> {
  const disks = new DiskWorld({ replicas: 2, minAcks: 'majority' }, shards)
  await disks.start('a b c')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  expect(await disks.add('a')).toEqual(all(2))
  await disks.blackOut()
  disks.loseDisk('a')
  await disks.start('a')
  await disks.settle()
  for (const id of alone) {
    // eslint-disable-next-line no-await-in-loop -- One after another.
    expect(await disks.addTo('a', id)).toBe(1)
  }
  await disks.start('b c')
  await disks.settle()
  return disks
}

function hostsOf(nodes: readonly string[]): string {
  return nodes.map((node) => node.slice(0, 1)).join(' ')
}

test('of two lineages one is picked, and who has the other one forgets that', async () => {
  await using disks = await withTwoLineages()
  const { lineage: ofA } = disks.region('b').explain(0)
  await disks.blackOut()
  await disks.start('a b c')
  await disks.settle(20_000)
  const region = disks.region('b')
  const unclear = disks.world.settled(region.recover(0))
  await expect(unclear).rejects.toMatchObject({ code: 'CASTY_SHARDING_LINEAGE_UNCLEAR' })
  for (const shard of written) {
    const { lineages } = disks.region('a').explain(shard)
    expect(lineages.map(({ nodes }) => hostsOf(nodes)).toSorted()).toEqual(['a', 'b c'])
    const { lineage = 0 } = lineages.find(({ nodes }) => hostsOf(nodes) === 'b c') ?? {}
    expect(lineage).not.toBe(ofA)
    // eslint-disable-next-line no-await-in-loop
    const { givenUp } = await disks.world.settled(region.recover(shard, { lineage }))
    expect(givenUp.map(({ nodes }) => hostsOf(nodes))).toEqual(['a'])
  }
  await disks.settle(20_000)
  expect(await disks.add('c')).toEqual(all(3))
  expect(disks.region('a').statistics().replication?.givenUp).toBe(written.length)
})

test('what people decided on stays decided, whatever they decide of others', async () => {
  await using disks = await withTwoLineages({ alone: ['e1', 'e8'], shards: 12 })
  const shard = shardOf('e1', 12)
  const { owner, lineage } = disks.region('b').explain(shard)
  expect(owner).toContain('a:1')
  await disks.world.settled(disks.region('b').recover(shard, { lineage }))
  const other = shardOf('e6', 12)
  const { missing } = await disks.world.settled(disks.region('b').recover(other))
  expect(missing).toBe(1)
  await disks.settle(6_000)
  // What was begun beside that, and nobody decided on, is in doubt from then on.
  const inDoubt = shardOf('e8', 12)
  expect(disks.region('a').explain(inDoubt).summary).toContain('nothing of it is written')
  expect(disks.region('b').explain(inDoubt).summary).toMatch(
    /What it waits for, the coordinator, a:1#\d+, explains\./,
  )
  expect(disks.region('a').explain(shard).summary).not.toContain('nothing of it is written')
  expect(await disks.addTo('b', 'e1')).toBe(2)
  expect(await disks.addTo('b', 'e6')).toBe(3)
})

// Where the table comes later to one node than to others, it is asked by owners that go by the later one.
test.each([1, 150, 400])(
  'to go over all shards once is enough, also where one hears of it %i ms later',
  async (latencyMs) => {
    await using disks = await withTwoLineages({ alone: ['e1'], shards: 12 })
    const { network } = disks.world
    network.delay(disks.world.node('a').address, disks.world.node('b').address, { latencyMs })
    const inUse = shardOf('e1', 12)
    const { lineage } = disks.region('a').explain(inUse)
    await disks.world.settled(disks.region('b').recover(inUse, { lineage }))
    const isOfC = (shard: number): number =>
      disks.region('a').explain(shard).owner?.startsWith('c:1') ? 0 : 1
    // First those whose owner is not the one that has all tables first.
    const others = Array.from({ length: 12 }, (_, shard) => shard)
      .filter((shard) => shard !== inUse)
      .toSorted((left, right) => isOfC(left) - isOfC(right))
    const recover = async (shard: number): Promise<number> =>
      (await disks.world.settled(disks.region('b').recover(shard))).missing
    for (const shard of others.slice(0, 4)) {
      // eslint-disable-next-line no-await-in-loop -- One after another, as a person would.
      expect(await recover(shard)).toBe(1)
    }
    await disks.settle(6_000)
    const waits = (shard: number): boolean =>
      disks.region('a').explain(shard).summary.includes('It waits for disks')
    expect(others.filter(waits)).toEqual(others.slice(4))
    const rest = others.slice(4).map(async (shard) => disks.region('c').recover(shard))
    await disks.world.settled(Promise.all(rest))
    await disks.settle(6_000)
    expect(others.filter(waits)).toEqual([])
    const young = (id: string): number => (id === 'e1' ? 1 : 0)
    const totals = ids.map((id) => (shardOf(id, 12) === inUse ? young(id) : 2))
    expect(await disks.read('c')).toEqual(totals)
  },
)

test('another lineage than that of the owner is picked once the owner is stopped', async () => {
  await using disks = await withTwoLineages({ alone: ['e1'], shards: 12 })
  const shard = shardOf('e1', 12)
  const { owner, lineage: ofA } = disks.region('a').explain(shard)
  expect(owner).toContain('a:1')
  const { summary, replication } = disks.region('b').explain(shard)
  const { lineage = 0 } = replication ?? {}
  expect(lineage).not.toBe(ofA)
  expect(summary).toContain(`What this node has is of another lineage, ${lineage}.`)
  const early = disks.world.settled(disks.region('b').recover(shard, { lineage }))
  await expect(early).rejects.toMatchObject({ code: 'CASTY_SHARDING_NOT_WAITING' })
  await disks.world.kill('a')
  await disks.settle(30_000)
  await disks.world.settled(disks.region('b').recover(shard, { lineage }))
  expect(await disks.addTo('b', 'e1')).toBe(3)
  await disks.start('a', { cluster: { seedNodes: ['b:1'] } })
  await disks.settle(30_000)
  const { givenUp } = await disks.world.settled(disks.region('a').recover(shard, { lineage }))
  expect(givenUp.map((one) => [one.lineage, hostsOf(one.nodes)])).toEqual([[ofA, 'a']])
  await disks.settle(6_000)
  expect(disks.region('a').explain(shard).summary).not.toContain('lineage')
  expect(await disks.addTo('a', 'e1')).toBe(4)
})

test('who looks after it hears that people have to decide, also where disks were waited for before', async () => {
  await using disks = await withTwoLineages()
  await disks.blackOut()
  const warnings: string[] = []
  const logger = {
    debug() {},
    info() {},
    warn: (_: object, text: string) => void warnings.push(text),
    error() {},
  }
  const waiting = (): string[] => warnings.filter((text) => text.includes('waited for long'))
  await disks.start('a', { logger })
  await disks.settle(60_000)
  expect(waiting()).toEqual([expect.stringContaining('It waits for disks')])
  await disks.start('b c', { logger })
  await disks.settle(60_000)
  expect(waiting().slice(1)).toEqual([expect.stringContaining('copies of several lineages')])
})

test('an option of recover that is not known gives nothing up', async () => {
  await using disks = new DiskWorld({ replicas: 1 })
  await disks.start('a')
  const misspelt: object = { linage: 77 }
  await expect(disks.world.settled(disks.region('a').recover(0, misspelt))).rejects.toMatchObject({
    code: 'CASTY_SHARDING_INVALID_OPTION',
  })
})

test('copies that are kept aside are given up where it is said that those of the owner count', async () => {
  await using disks = await withTwoLineages()
  const region = disks.region('c')
  for (const shard of written) {
    const { lineage, lineages } = region.explain(shard)
    // It has an owner, and goes on.
    expect(lineages).toEqual([])
    // eslint-disable-next-line no-await-in-loop
    const { givenUp } = await disks.world.settled(region.recover(shard, { lineage }))
    expect(givenUp.map(({ nodes }) => hostsOf(nodes.toSorted()))).toEqual(['b c'])
  }
  await disks.settle(10_000)
  expect(disks.region('b').statistics().replication?.givenUp).toBe(written.length)
  expect(region.explain(0).replication).toMatchObject({ isOfOtherLineage: false })
  for (const shard of written) {
    const { owner = '' } = region.explain(shard)
    const { summary } = disks.region(owner.slice(0, 1)).explain(shard)
    expect(summary).not.toContain('lineage')
  }
  expect(await disks.add('c')).toEqual(all(2))
})

test.each([false, true])(
  'a decision on one shard gives nothing up of another, that was begun beside what was confirmed (decided: %s)',
  async (isDecided) => {
    await using disks = new DiskWorld({ replicas: 2, minAcks: 'majority' }, 2)
    const hosts = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    await disks.start(hosts.join(' '))
    await disks.settle(10_000)
    const [first = '', second = ''] = [0, 1].map((shard) =>
      ids.find((id) => shardOf(id, 2) === shard),
    )
    expect(await disks.addTo('a', first)).toBe(1)
    expect(await disks.addTo('a', second)).toBe(1)
    expect(await disks.addTo('a', second)).toBe(2)
    const hasCopies = (host: string): boolean =>
      [0, 1].some((shard) => (disks.region(host).explain(shard).replication?.copies ?? 0) > 0)
    // It knows who had copies, and has none.
    const bystander = hosts.find((host) => host !== 'a' && !hasCopies(host)) ?? ''
    expect(bystander).not.toBe('')
    await disks.blackOut()
    disks.loseDisk('a')
    await disks.start('a')
    await disks.settle()
    // Confirmed alone, in a lineage of its own.
    expect(await disks.addTo('a', first)).toBe(1)
    await disks.start(bystander)
    await disks.settle(6_000)
    await expect(disks.addTo('a', second, 5_000)).rejects.toThrow('answer')
    if (isDecided) {
      const { lineage } = disks.region('a').explain(0)
      await disks.world.settled(disks.region('a').recover(0, { lineage }))
      await disks.settle(6_000)
      expect(await disks.addTo('a', first)).toBe(2)
    }
    await disks.blackOut()
    await disks.start(`a ${bystander}`)
    await disks.settle(20_000)
    await expect(disks.addTo('a', second, 5_000)).rejects.toThrow('answer')
    await disks.start(hosts.filter((host) => host !== 'a' && host !== bystander).join(' '))
    await disks.settle(30_000)
    // What was on the disk that was lost is for people to give up.
    await disks.world.settled(disks.region('a').recover(1))
    expect(await disks.addTo('a', second)).toBe(3)
  },
)

test('who comes back with nothing of it counts for what people decided on', async () => {
  await using disks = await withTwoLineages()
  const shard = shardOf('e1', 6)
  const { lineage } = disks.region('c').explain(shard)
  // It is gone before it is asked for anything of what they decided on.
  await disks.world.settled(disks.region('c').recover(shard, { lineage }))
  await disks.world.kill('b')
  await disks.settle(20_000)
  await disks.start('b')
  await disks.settle(30_000)
  const { owner = '' } = disks.region('c').explain(shard)
  expect(disks.region(owner.slice(0, 1)).explain(shard).summary).not.toContain('lineage')
})

// Where its answer is lost, the next coordinator is asked for it again.
test.each([true, false])(
  'what was confirmed since a decision is not given up by the same one (its answer lost: %s)',
  async (isLost) => {
    const shards = Array.from({ length: 12 }, (_, shard) => shard)
    await using disks = new DiskWorld({ replicas: 1 }, shards.length)
    const { world } = disks
    await disks.start('a b c d e f g')
    await disks.settle(10_000)
    await disks.add('a')
    await disks.blackOut()
    await disks.start('a b c d e')
    await disks.settle(30_000)
    const [ofA, ofD] = [world.node('a').address, world.node('d').address]
    if (isLost) world.network.cut(ofA, ofD, { mode: 'silent', oneWay: true })
    const answers = Promise.allSettled(shards.map(async (one) => disks.region('d').recover(one)))
    await disks.settle(500)
    const keepersOf = (one: number): string => {
      const { owner = '', replication } = disks.region('c').explain(one)
      return [owner, replication?.replicas[0]?.node ?? ''].map((node) => node.slice(0, 1)).join('')
    }
    // Both will be out for a moment, the coordinator among them; who asked stays.
    const shard = shards.find((one) => /^(a[bce]|[bce]a)$/u.test(keepersOf(one))) ?? -1
    const other = keepersOf(shard).replace('a', '')
    const asker = ['b', 'c', 'e'].find((host) => host !== other) ?? ''
    const young = Array.from({ length: 1_000 }, (_, n) => `x${n}`)
    const id = young.find((one) => shardOf(one, shards.length) === shard) ?? ''
    expect(await disks.addTo(asker, id)).toBe(1)
    await world.kill('a')
    await world.kill(other)
    await disks.settle(15_000)
    world.network.heal(ofA, ofD)
    await disks.start(`a ${other}`, { cluster: { seedNodes: [`${asker}:1`] } })
    await disks.settle(30_000)
    await world.settled(answers)
    // It may wait again, for what it waited for at first.
    await world.settled(Promise.allSettled([disks.region(asker).recover(shard)]))
    expect(await disks.addTo(asker, id)).toBe(2)
  },
)

test.each([
  { isRestart: true, isWritten: true },
  { isRestart: true, isWritten: false },
  { isRestart: false, isWritten: false },
])(
  'what people went on without is kept aside where it comes back, or goes on where nothing was written since (all were stopped: $isRestart, written: $isWritten)',
  async ({ isRestart, isWritten }) => {
    await using disks = new DiskWorld({ replicas: 1 }, 24)
    const hosts = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    await disks.start(hosts.join(' '))
    await disks.settle(15_000)
    const shard = shardOf('e1', 24)
    const { owner = '', replication } = disks.region('c').explain(shard)
    const lost = [owner, replication?.replicas[0]?.node ?? ''].map((one) => one.slice(0, 1))
    const rest = hosts.filter((host) => !lost.includes(host))
    const [asker = ''] = rest
    const seeds = { cluster: { seedNodes: [`${asker}:1`] } }
    expect(await disks.addTo(asker, 'e1')).toBe(1)
    expect(await disks.addTo(asker, 'e1')).toBe(2)
    if (isRestart) {
      await disks.blackOut()
      await disks.start(rest.join(' '), seeds)
    } else {
      // eslint-disable-next-line no-await-in-loop -- One after another.
      for (const host of lost) await disks.world.kill(host)
    }
    await disks.settle(40_000)
    await disks.world.settled(disks.region(asker).recover(shard))
    if (isWritten) expect(await disks.addTo(asker, 'e1')).toBe(1)
    await disks.settle(5_000)
    await disks.start(lost.join(' '), seeds)
    await disks.settle(30_000)
    expect(await disks.addTo(asker, 'e1')).toBe(isWritten ? 2 : 3)
    const kept = lost.map((host) => disks.region(host).explain(shard).replication)
    expect(kept.some((one) => one?.isOfOtherLineage)).toBe(isWritten)
  },
)

test('a shard whose owner is gone, which began it without its disk, does not wait again once it was recovered', async () => {
  await using disks = new DiskWorld({ replicas: 1 })
  await disks.start('a b c d e f')
  await disks.settle(10_000)
  await disks.add('a')
  await disks.blackOut()
  disks.loseDisk('a')
  // It begins all shards, and confirms nothing.
  await disks.start('a')
  await disks.settle()
  await disks.start('b c')
  await disks.settle(6_000)
  await disks.world.kill('a')
  await disks.settle(30_000)
  const region = disks.region('b')
  const copiesOf = (host: string, shard: number): number =>
    disks.region(host).explain(shard).replication?.copies ?? 0
  const [first = -1] = shards.filter(
    (shard) =>
      copiesOf('b', shard) + copiesOf('c', shard) === 0 &&
      region.explain(shard).owner?.startsWith('a'),
  )
  for (const shard of [first, ...shards.filter((one) => one !== first)]) {
    // eslint-disable-next-line no-await-in-loop -- One after another, as a person would.
    await disks.world.settled(region.recover(shard))
  }
  await disks.settle(30_000)
  const waits = (shard: number): boolean =>
    region.explain(shard).summary.includes('It waits for disks')
  expect(shards.filter(waits)).toEqual([])
})

// The coordinator carries it out, and goes before enough others have heard of that.
test('nobody is told that a shard goes on before the table says so', async () => {
  await using disks = new DiskWorld({ replicas: 1 }, 12)
  const { world } = disks
  await disks.start('a b c d e f g')
  await disks.settle(10_000)
  await disks.add('a')
  await disks.blackOut()
  await disks.start('a b c d e')
  await disks.settle(30_000)
  expect(disks.region('a').explain(0).summary).toContain('It waits for disks')
  const [ofA, ofD] = [world.node('a').address, world.node('d').address]
  for (const host of ['b', 'c', 'e']) {
    const { address } = world.node(host)
    world.network.cut(ofA, address)
    world.network.delay(ofD, address, { latencyMs: 200 })
  }
  let isAnswered = false
  const asked = Promise.allSettled([disks.region('d').recover(0)])
  void asked.then(() => {
    isAnswered = true
  })
  await disks.settle(500)
  expect(isAnswered).toBe(false)
  await world.kill('a')
  await disks.settle(60_000)
  const [answer] = await asked
  const isOwned = disks.region('b').explain(0).owner !== undefined
  expect(answer.status === 'fulfilled').toBe(isOwned)
})
