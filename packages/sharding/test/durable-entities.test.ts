// Entities whose events are kept on the disks of several nodes.
import { expect, test } from 'vitest'
import { all, DiskWorld, ids } from './disk-world.ts'

test('what was confirmed outlives that all nodes stop and start again', async () => {
  await using disks = new DiskWorld({ replicas: 1 })
  await disks.start('a b c')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  expect(await disks.add('b')).toEqual(all(2))
  await disks.blackOut()
  await disks.start('a b c')
  await disks.settle()
  expect(await disks.add('c')).toEqual(all(3))
})

test('after a restart, shards wait for so many nodes that nothing confirmed can be missing', async () => {
  await using disks = new DiskWorld({ replicas: 1 })
  await disks.start('a b c')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  await disks.blackOut()
  const warnings: [object, string][] = []
  const warn = (details: object, text: string): void => void warnings.push([details, text])
  await disks.start('a', { logger: { debug() {}, info() {}, warn, error() {} } })
  await disks.settle(60_000)
  const { owner, summary, lineages } = disks.region('a').explain(0)
  expect(owner).toBeUndefined()
  expect(lineages).toEqual([])
  // Who looks after it hears of that once, for all shards.
  const waiting = warnings.filter(([, text]) => text.includes('waited for long'))
  expect(waiting).toEqual([
    [{ shards: [0, 1, 2, 3, 4, 5] }, expect.stringContaining('shard 0 among them. It waits for')],
  ])
  expect(summary).toContain('It waits for disks: nothing begins before so many have told')
  expect(summary).toContain('1 of the nodes that may have copies of it have told what they have.')
  expect(summary).toContain('Nobody has told what was on the disks of b:1, c:1, which had copies')
  // Of three nodes that have copies, one may be missing: everything is on two of them.
  await disks.start('b')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(2))
})

test('after a restart, shards wait for those who had copies, not for others that know of them', async () => {
  await using disks = new DiskWorld({ replicas: 1 }, 1)
  const hosts = ['a', 'b', 'c', 'd', 'e']
  await disks.start(hosts.join(' '))
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  const having = hosts.filter(
    (host) => (disks.region(host).explain(0).replication?.copies ?? 0) > 0,
  )
  expect(having).toHaveLength(2)
  await disks.blackOut()
  const others = hosts.filter((host) => !having.includes(host))
  const [first = ''] = others
  const options = { cluster: { seedNodes: [`${first}:1`] } }
  await disks.start(others.join(' '), options)
  await disks.settle(30_000)
  expect(disks.region(first).explain(0).summary).toContain('It waits for disks')
  await disks.start(having.join(' '), options)
  await disks.settle(20_000)
  expect(await disks.add(first)).toEqual(all(2))
})

test('a disk that is lost for good takes nothing with it that was confirmed', async () => {
  await using disks = new DiskWorld({ replicas: 2, minAcks: 1 })
  await disks.start('a b c')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  await disks.blackOut()
  disks.loseDisk('b')
  await disks.start('a b c')
  await disks.settle()
  expect(await disks.add('b')).toEqual(all(2))
})

test('shards give up what is on disks that do not come back, where they are told to', async () => {
  await using disks = new DiskWorld({ replicas: 1 })
  await disks.start('a b c')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  await disks.blackOut()
  await disks.start('a', { sharding: { recoveryTimeoutMs: 20_000 } })
  await disks.settle(10_000)
  expect(disks.region('a').explain(0).owner).toBeUndefined()
  await disks.settle(30_000)
  expect(disks.region('a').explain(0).owner).toBeDefined()
})

test('a shard whose owner and replicas died waits for their disks, and goes on where it was', async () => {
  await using disks = new DiskWorld({ replicas: 1 })
  await disks.start('a b c d e')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  // Some shard is on both of them, and on nobody else.
  await disks.world.kill('d')
  await disks.world.kill('e')
  await disks.settle(1_000)
  await disks.start('d e')
  await disks.settle(20_000)
  expect(await disks.add('a')).toEqual(all(2))
})

test('copies of a former life go once the owner says that they are not needed', async () => {
  await using disks = new DiskWorld({ replicas: 1 })
  await disks.start('a b c d')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  await disks.world.kill('d')
  await disks.settle(30_000)
  expect(await disks.add('a')).toEqual(all(2))
  await disks.start('d')
  await disks.settle(60_000)
  expect(await disks.add('a')).toEqual(all(3))
  const kept = disks.region('d').statistics().replication?.copies ?? 0
  const isThere = (shard: number): boolean => {
    const { owner, replication } = disks.region('a').explain(shard)
    const nodes = [owner, ...(replication?.replicas ?? []).map(({ node }) => node)]
    return nodes.some((node) => node?.startsWith('d:') === true)
  }
  const wanted = ids.filter((id) => isThere(disks.region('a').shardOf(id)))
  expect(kept).toBe(wanted.length)
})

test('a node that lost its disk and begins alone does not replace what others have confirmed', async () => {
  await using disks = new DiskWorld({ replicas: 2, minAcks: 'majority' })
  const errors: unknown[] = []
  const logger = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (details: object) => void errors.push(details),
  }
  await disks.start('a b c')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  expect(await disks.add('a')).toEqual(all(2))
  await disks.blackOut()
  disks.loseDisk('a')
  await disks.start('a')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1)) // It cannot know of the others.
  await disks.start('b c', { logger })
  await disks.settle()
  expect(errors).toContainEqual(
    expect.objectContaining({
      error: expect.objectContaining({ code: 'CASTY_SHARDING_OTHER_LINEAGE' }),
    }),
  )
  expect(disks.region('b').statistics().replication?.otherLineage).toBeGreaterThan(0)
  const shard = disks.region('a').shardOf('e0')
  expect(disks.region('a').explain(shard).summary).toContain('Of another lineage is what is with ')
  expect(disks.region('b').explain(shard)).toMatchObject({
    replication: { isOfOtherLineage: true },
  })
  // Neither is preferred where both are there.
  await disks.blackOut()
  await disks.start('a b c')
  await disks.settle(20_000)
  expect(disks.region('a').explain(shard).owner).toBeUndefined()
  expect(disks.region('a').explain(shard).summary).toContain('copies of several lineages')
  await disks.blackOut()
  disks.loseDisk('a')
  await disks.start('b c a', { sharding: { recoveryTimeoutMs: 5_000 } })
  await disks.settle(20_000)
  expect(await disks.add('a')).toEqual(all(3))
})

test('what waits for a replica is written only when that one has told what it has', async () => {
  await using disks = new DiskWorld({ replicas: 2 })
  await disks.start('a b c')
  await disks.settle()
  expect(await disks.add('a')).toEqual(all(1))
  await disks.blackOut()
  disks.loseDisk('a')
  await disks.start('a')
  await disks.settle()
  const added = disks.add('a', 60_000)
  await disks.start('b c')
  expect(await added).toEqual(all(2))
})
