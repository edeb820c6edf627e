// What others test their own actors with.
import type { ActorRef } from '@casty/actor'
import { Behaviors } from '@casty/cluster'
import { ClusterTestKit } from '@casty/cluster/testkit'
import { expect, test } from 'vitest'

const echo = Behaviors.sharded<ActorRef<string>>((id) =>
  Behaviors.receiveMessage((replyTo) => replyTo.tell(`I am ${id}`)),
)
const toEcho = (replyTo: ActorRef<string>): ActorRef<string> => replyTo

test('nodes of a test kit are killed and started again, in time that passes when told to', async () => {
  await using kit = await ClusterTestKit.start('a b c')
  for (const node of kit.nodes) node.spawn(echo, 'echo')
  const b = kit.node('b')
  expect(await kit.settled(b.entityAsk('echo', 'ann', toEcho))).toBe('I am ann')
  await kit.kill('a')
  const before = kit.clock.now()
  await kit.until(() => b.sharding.explain().isCoordinator, 10_000)
  await kit.until(() => b.getClusterState().members.length === 2)
  expect(kit.clock.now()).toBeGreaterThan(before)
  const a = await kit.start('a')
  await kit.settled(a.waitFor(3))
  a.spawn(echo, 'echo')
  expect(await kit.settled(a.entityAsk('echo', 'ann', toEcho))).toBe('I am ann')
})

test('what does not come about in time is told with how each node is', async () => {
  await using kit = await ClusterTestKit.start('a b')
  await expect(kit.until(() => false, 100)).rejects.toMatchObject({
    code: 'CASTY_CLUSTER_EXPECTATION_FAILED',
    message: expect.stringMatching(/within 100 ms.*\na:1#\d+: a:1#\d+ is up;.*\nb:1/s),
  })
  expect(() => kit.node('c')).toThrow('allowed is one that runs: a, b')
})

test('the same seed has the same happen', async () => {
  const runs = [7, 7, 8].map(async (seed) => {
    await using kit = await ClusterTestKit.start('a b c', { seed })
    return kit.clock.now()
  })
  const [first, second] = await Promise.all(runs)
  expect(first).toBe(second)
})
