// What clients say that cannot be: one that may change a value must not reach beyond it, nor change what others did.
import {
  changed,
  CausalContext,
  Draft,
  gCounter,
  leafOf,
  merge,
  modifiedBy,
  orSet,
  Replica,
  type Causal,
} from '@casty/crdt'
import { describe, expect, test } from 'vitest'
import { anyTypeOf, AnyValue } from '../src/any-value.ts'
import { clientFramesOf, clientReplicaFrameType } from '../src/clients/client-frames.ts'
import type { ClientMessage } from '../src/clients/client-messages.ts'
import { clientName } from '../src/clients/client-names.ts'
import { Plausibility } from '../src/clients/plausibility.ts'
import { envelopeOf } from '../src/core/envelope.ts'
import { replicatedKey, replicatorDefaults } from '../src/index.ts'
import { ReplicatorWorld, type WorldClient } from './replicator-world.ts'

const hits = replicatedKey('hits', gCounter())
const tags = replicatedKey('tags', orSet<string>())
const others = replicatedKey('others', gCounter())
const letIn = { clients: { isClient: () => true, mayWrite: (key: string) => key !== 'others' } }
const { maxClientLead } = replicatorDefaults
const largest = Number.MAX_SAFE_INTEGER

/** One dot of a node, and that all before it were seen. */
function dotOf(node: string, counter: number, payload: readonly (number | bigint)[] = []): Causal {
  const context = CausalContext.empty.with(node, 1, counter)
  return { store: leafOf(node, counter, payload), context }
}

/** A client that sends what the test makes up, as a change of its own and as what it has. */
function says(world: ReplicatorWorld, client: WorldClient, state: Causal): void {
  const replica = clientName(client.self.key, 1)
  const value = new AnyValue(anyTypeOf(gCounter()), { state, origin: state })
  const said = { key: hits.name, envelope: envelopeOf(value) }
  const messages: readonly ClientMessage[] = [
    { type: 'change', id: 7, replica, state: said, consistency: 'local', timeoutMs: 100 },
    { type: 'have', replica, states: [said] },
  ]
  const { self } = world.cluster('a')
  for (const message of messages) {
    for (const frame of clientFramesOf(message, 65_536)) {
      client.cluster.endpoint.send(self, 'data', clientReplicaFrameType, frame)
    }
  }
}

async function talking(world: ReplicatorWorld): Promise<WorldClient> {
  const client = await world.client('p')
  client.turnTo(world.cluster('a').self)
  await world.awaited(client.replicator.get(hits))
  return client
}

describe('a member refuses of a client, counts it, and changes nothing, where it says of another node', () => {
  test.each<[string, (self: string, other: string) => Causal]>([
    ['that this member made the last change there can be', (self) => dotOf(self, largest, [1])],
    ['that this member made one more change', (self) => dotOf(self, 3, [100])],
    [
      'that this member removed what it did not',
      (self) => ({ ...dotOf(self, 3), store: undefined }),
    ],
    ['that this member counted more with a change', (self) => dotOf(self, 2, [largest])],
    ['that another member, which is in reach, made a change', (_, other) => dotOf(other, 9, [7])],
    ['that it is far ahead', (_, other) => ({ ...dotOf(other, largest), store: undefined })],
    ['that somebody unknown is far ahead', () => dotOf('z:1#1', maxClientLead + 1, [1])],
  ])('%s', async (_what, sayOf) => {
    await using world = await ReplicatorWorld.of('a b', letIn)
    const [a, b] = [world.at('a'), world.at('b')]
    for (const member of [a, b, a]) {
      await world.awaited(member.update(hits, (count, me) => count.increment(me), { write: 'all' }))
    }
    const before = a.local(hits)
    const client = await talking(world)
    says(world, client, sayOf(world.cluster('a').self.key, world.cluster('b').self.key))
    await world.until(() => a.metrics().dropped.implausible === 2)
    expect(a.local(hits).totals).toEqual(before.totals)
    expect(modifiedBy(a.local(hits))).toEqual(modifiedBy(before))
    for (const member of [a, b]) {
      const counted = member.update(others, (count, me) => count.increment(me), { write: 'all' })
      expect(await world.awaited(counted)).toMatchObject({ type: 'confirmed', nodes: 2 })
    }
  })
})

test('a client that counts beyond all measure is refused by that name', async () => {
  await using world = await ReplicatorWorld.of('a', letIn)
  const client = await talking(world)
  const endless = 2n ** 2_000n
  const written = client.replicator.update(hits, (count, me) => count.increment(me, endless))
  const error = await world.awaited(written.catch((reason: unknown) => reason))
  expect(error).toMatchObject({ code: 'CASTY_REPLICATOR_REFUSED' })
  expect(String(error)).toContain('implausible')
  await world.until(() => client.replicator.local(hits).bigValue === 0n)
  const large = client.replicator.update(hits, (count, me) => count.increment(me, 2n ** 200n))
  expect(await world.awaited(large)).toMatchObject({ type: 'confirmed' })
})

test('what a member did that died, and a client alone knows, is brought back', async () => {
  await using world = await ReplicatorWorld.of('a b', { ...letIn, deltaIntervalMs: 60_000 })
  const client = await world.client('p')
  client.turnTo(world.cluster('b').self)
  client.replicator.subscribe(tags, () => {})
  await world.awaited(world.at('b').update(tags, (set, me) => set.add(me, 'x')))
  await world.until(() => client.replicator.local(tags).has('x'))
  expect(world.at('a').local(tags).value).toEqual([])
  await world.killAndDown('b')
  client.turnTo(world.cluster('a').self)
  await world.until(() => world.at('a').local(tags).has('x'))
})

test('a client may be ahead by what nodes did of other values, which are counted together', () => {
  const plausibility = new Plausibility({ self: 'a', maxLead: 10, reachable: () => new Set() })
  const busy = new Replica('b', 5_000)
  const { state } = gCounter().empty.increment(busy).body
  const nothing = gCounter().empty.body.state
  expect(plausibility.isPlausible('client/p', state, nothing)).toBe(false)
  plausibility.learn(orSet().empty.add(new Replica('b', 4_990), 'x').body.state.context)
  expect(plausibility.isPlausible('client/p', state, nothing)).toBe(true)
})

test('what a client removes must have been there, or come of somebody who is near', () => {
  const plausibility = new Plausibility({ self: 'a', maxLead: 10, reachable: () => new Set(['b']) })
  const me = new Replica('client/p')
  const here = orSet<string>().empty.add(new Replica('a'), 'x')
  const ahead = merge(here, orSet<string>().empty.add(new Replica('b'), 'y'))
  const without = changed(
    here,
    new Draft(ahead.body.state.context).replace(ahead.body.state.store).delta(),
  )
  const delta = without.body.pending ?? without.body.state
  expect(delta.store).toBeUndefined()
  expect(plausibility.isPlausible(me.node, delta, here.body.state)).toBe(true)
})
