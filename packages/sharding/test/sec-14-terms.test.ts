// SEC-14: a member that tells of a term, or an epoch, as high as numbers go does not end all agreement.
import { Behaviors, type ActorRef } from '@casty/actor'
import { encodeShardingMessage, shardingFrameType, type ShardingMessage } from '@casty/sharding'
import { expect, test } from 'vitest'
import { ShardingWorld } from './sharding-world.ts'

interface Question {
  readonly replyTo: ActorRef<string>
}

const echo = {
  name: 'echo',
  numShards: 4,
  entity: ({ entityId }: { readonly entityId: string }) =>
    Behaviors.receive<Question>(({ replyTo }) => replyTo.tell(entityId)),
}

const farTerm = 2 ** 52

const lies: readonly ShardingMessage[] = [
  { type: 'refusal', term: 1, round: 1, reason: 'old-term', highestTerm: farTerm, retryAfterMs: 0 },
  {
    type: 'round',
    term: farTerm,
    round: 1,
    committed: { term: 0, seq: 0 },
    version: { term: 0, seq: 0 },
    isFounding: false,
    grant: undefined,
    regionsVersion: 0,
  },
]

test.each(lies)('by a $type', async (lie) => {
  await using world = await ShardingWorld.of('a b c')
  const regions = new Map(
    world.nodes.map(({ host, sharding }) => [host, sharding.start<Question>(echo)] as const),
  )
  const ask = async (host: string, id: string): Promise<string | undefined> => {
    const answer = regions.get(host)?.ask<string>(id, (replyTo) => ({ replyTo }))
    return answer && (await world.settled(answer))
  }
  expect(await ask('b', 'x')).toBe('x')
  const liar = world.node('c').cluster
  const tell = (): void => {
    for (const { cluster } of world.nodes) {
      if (cluster === liar) continue
      liar.endpoint.send(cluster.self, 'control', shardingFrameType, encodeShardingMessage(lie))
    }
  }
  for (let round = 0; round < 10; round++) {
    tell()
    await world.settle(500)
  }
  await world.kill('a')
  // Also while nobody is promised anything.
  for (let round = 0; round < 40; round++) {
    tell()
    await world.settle(500)
  }
  for (const id of ['x', 'y', 'z', 'w']) expect(await ask('b', id)).toBe(id)
})
