// One node after the other is lost before others have been filled up in its place: what was confirmed is waited for.
import { expect, test } from 'vitest'
import { all, DiskWorld } from './disk-world.ts'

/** Its process ends, and it is removed. */
async function lose({ world }: DiskWorld, host: string, by: string): Promise<void> {
  const { address } = world.node(host)
  await world.kill(host)
  await world.settle(10_000)
  world.node(by).cluster.down(address)
  await world.settle(20_000)
}

test('nodes whose disks are full are not heard in the place of those with what was confirmed', async () => {
  await using disks = new DiskWorld({ replicas: 1 }, 1)
  await disks.start('a b c d')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  const { owner = '', replication } = disks.region('a').explain(0)
  const [replica = ''] = (replication?.replicas ?? []).map(({ node }) => node)
  const having = [replica, owner].map((node) => node.slice(0, 1))
  const others = ['a', 'b', 'c', 'd'].filter((host) => !having.includes(host))
  const [first = ''] = others
  for (const host of others) disks.diskOf(host).resize(0)
  for (const host of having) await lose(disks, host, first)
  await expect(disks.read(first, 15_000)).rejects.toThrow('answer')
  expect(disks.region(first).explain(0).summary).toContain('It waits for disks')
  for (const host of others) disks.diskOf(host).resize(1_000_000_000)
  await disks.start(having.join(' '), { cluster: { seedNodes: [`${first}:1`] } })
  await disks.settle(30_000)
  expect(await disks.read(first)).toEqual(all(1))
})

test('nodes that came when another was lost already are not, either', async () => {
  await using disks = new DiskWorld({ replicas: 1 }, 1)
  await disks.start('a b')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  const { owner = '' } = disks.region('a').explain(0)
  const [last = '', gone = ''] = owner.startsWith('a') ? ['a', 'b'] : ['b', 'a']
  await lose(disks, gone, last)
  for (const host of ['c', 'd']) disks.diskOf(host).resize(0)
  await disks.start('c d', { cluster: { seedNodes: [`${last}:1`] } })
  await disks.settle(20_000)
  await lose(disks, last, 'c')
  await expect(disks.read('c', 15_000)).rejects.toThrow('answer')
  expect(disks.region('c').explain(0).summary).toContain('It waits for disks')
  for (const host of ['c', 'd']) disks.diskOf(host).resize(1_000_000_000)
  await disks.start(last, { cluster: { seedNodes: ['c:1'] } })
  await disks.settle(30_000)
  expect(await disks.read('c')).toEqual(all(1))
})
