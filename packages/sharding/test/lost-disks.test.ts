// A node that lost its disk and begins alone knows of nobody who has copies. What others bring then counts only when so many of
// those who had copies have told that nothing confirmed can be missing.
import type { ActorRef } from '@casty/actor'
import { expect, test } from 'vitest'
import { all, DiskWorld, ids } from './disk-world.ts'

/** What was confirmed last is on the disks of a and c, and not on that of b; then that of a is lost. */
async function withoutLastOnB(): Promise<DiskWorld> {
  const disks = new DiskWorld({ replicas: 2, minAcks: 1 })
  await disks.start('a b c')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  await disks.world.kill('b')
  await disks.settle(30_000)
  expect(await disks.add('a')).toEqual(all(2))
  await disks.blackOut()
  disks.loseDisk('a')
  return disks
}

test('what only a later node has is not replaced by what an earlier one brings', async () => {
  await using disks = await withoutLastOnB()
  await disks.start('a')
  await disks.settle()
  await disks.start('b')
  await disks.settle()
  await expect(disks.read('b', 15_000)).rejects.toThrow('answer')
  const { summary } = disks.region('a').explain(disks.region('a').shardOf('e0'))
  expect(summary).toContain('It waits for disks')
  await disks.start('c')
  await disks.settle(20_000)
  expect(await disks.read('c')).toEqual(all(2))
})

test('who had copies is not forgotten where all stop again before enough of them came', async () => {
  await using disks = await withoutLastOnB()
  await disks.start('a')
  await disks.settle()
  await disks.start('b')
  await disks.settle(20_000)
  await disks.blackOut()
  await disks.start('a b')
  await disks.settle()
  await expect(disks.read('b', 15_000)).rejects.toThrow('answer')
  await disks.start('c')
  await disks.settle(20_000)
  expect(await disks.read('c')).toEqual(all(2))
})

test('nothing is begun anew beside what others may have', async () => {
  await using disks = new DiskWorld({ replicas: 1 })
  await disks.start('a b c d e')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  await disks.blackOut()
  disks.loseDisk('a')
  await disks.start('a')
  await disks.settle()
  await disks.start('b')
  await disks.settle()
  // What has no copies on b has some elsewhere.
  await expect(disks.read('a', 15_000)).rejects.toThrow('answer')
  await disks.start('c d e')
  await disks.settle(30_000)
  expect(await disks.read('d')).toEqual(all(1))
})

test('copies are taken from nodes that the owner has never heard of', async () => {
  await using disks = new DiskWorld({ replicas: 1 })
  await disks.start('a b c d e')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  await disks.blackOut()
  disks.loseDisk('a')
  await disks.start('a')
  await disks.settle()
  for (const host of ['b', 'c', 'd', 'e']) {
    // eslint-disable-next-line no-await-in-loop -- Each finds what those before it did.
    await disks.start(host)
    await disks.settle(10_000)
  }
  expect(await disks.add('c')).toEqual(all(2))
  expect(await disks.add('a')).toEqual(all(3))
})

test('where more disks are lost than may be, people are asked, though all nodes are back', async () => {
  await using disks = new DiskWorld({ replicas: 1 }, 1)
  await disks.start('a b c')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  const { owner = '', replication } = disks.region('a').explain(0)
  const [replica = ''] = (replication?.replicas ?? []).map(({ node }) => node)
  const having = [owner, replica].map((node) => node.slice(0, 1))
  const [other = ''] = ['a', 'b', 'c'].filter((host) => !having.includes(host))
  await disks.blackOut()
  for (const host of having) disks.loseDisk(host)
  await disks.start(`${other} ${having.join(' ')}`, { cluster: { seedNodes: [`${other}:1`] } })
  await disks.settle(30_000)
  await expect(disks.read(other, 15_000)).rejects.toThrow('answer')
  const lost = having.toSorted().map((host) => `${host}:1`)
  const { summary, awaitedDisks } = disks.region(other).explain(0)
  expect(summary).toContain(
    `Nobody has told what was on the disks of ${lost.join(', ')}, which had copies of its type: at least 1 of them must. Of these, ${lost.join(', ')} are here with other disks.`,
  )
  expect(awaitedDisks).toEqual(lost)
  await disks.world.settled(disks.region(other).recover(0))
  await disks.settle()
  expect(await disks.read(other)).toEqual(all(0))
})

test('where all stop before anybody has been filled, and one disk is lost, people are asked, and nothing confirmed is lost', async () => {
  await using disks = new DiskWorld({ replicas: 2, minAcks: 1 }, 1)
  await disks.start('a b c')
  expect(await disks.add('a')).toEqual(all(1))
  await disks.blackOut()
  disks.loseDisk('a')
  await disks.start('a b c')
  await disks.settle(30_000)
  const { summary, awaitedDisks } = disks.region('a').explain(0)
  expect(summary).toContain('at least 1 of them must. Of these, a:1 is here with another disk.')
  expect(awaitedDisks).toEqual(['a:1'])
  expect(await disks.world.settled(disks.region('b').recover(0))).toEqual({
    missing: 1,
    givenUp: [],
  })
  await disks.settle()
  expect(await disks.read('b')).toEqual(all(1))
})

test('what people gave up of one shard is not given up of others, also after all stopped again', async () => {
  await using disks = new DiskWorld({ replicas: 1 }, 2)
  await disks.start('a b c')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  await disks.blackOut()
  for (const host of ['a', 'b']) disks.loseDisk(host)
  await disks.start('c a b', { cluster: { seedNodes: ['c:1'] } })
  await disks.settle(30_000)
  await disks.world.settled(disks.region('c').recover(0))
  await disks.settle(30_000)
  // By now all of them know who had copies.
  expect(disks.region('c').explain(0).owner).toBeDefined()
  await disks.blackOut()
  await disks.start('c a b', { cluster: { seedNodes: ['c:1'] } })
  await disks.settle(30_000)
  const { owner, summary } = disks.region('c').explain(1)
  expect(owner).toBeUndefined()
  expect(summary).toContain('Nobody has told what was on the disks of a:1, b:1')
})

test('who left does not go on with what it had while those that went on are not there', async () => {
  await using disks = new DiskWorld({ replicas: 1 })
  await disks.start('a b')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  await disks.world.leave('b')
  await disks.settle()
  await disks.start('c')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(2))
  await disks.blackOut()
  const back = { cluster: { seedNodes: ['b:1'] } }
  await disks.start('b d', back)
  await disks.settle(30_000)
  await expect(disks.read('b', 15_000)).rejects.toThrow('answer')
  await disks.start('c', back)
  await disks.settle(30_000)
  expect(await disks.read('b')).toEqual(all(2))
})

// As long as it has no table, what it wrote down is all that says of anything that was there before.
test.each([1, 50, 150])(
  'nothing is confirmed beside what was there before by a node that hears of the table %i ms late',
  async (latencyMs) => {
    await using disks = new DiskWorld({ replicas: 2, minAcks: 2 }, 12)
    const { world } = disks
    await disks.start('a b c d')
    await disks.settle(10_000)
    expect(await disks.add('a')).toEqual(all(1))
    await disks.blackOut()
    disks.loseDisk('a')
    // x is new. Two are too few to confirm anything.
    await disks.start('a x')
    await disks.settle(10_000)
    await disks.start('b')
    const [ofA, ofB] = [world.node('a').address, world.node('b').address]
    world.network.delay(ofA, ofB, { latencyMs })
    world.network.delay(ofB, ofA, { latencyMs })
    const confirmed: string[] = []
    const write = async (id: string): Promise<void> => {
      const message = (replyTo: ActorRef<number>) => ({ amount: 1, replyTo })
      await disks.region('x').ask<number>(id, message, { timeoutMs: 4_000 })
      confirmed.push(id)
    }
    // Again and again, while the table comes.
    for (let round = 0; round < 12; round++) {
      void Promise.allSettled(ids.map(write))
      // eslint-disable-next-line no-await-in-loop
      await disks.settle(1_000)
    }
    await disks.settle(5_000)
    expect(confirmed).toEqual([])
  },
)
