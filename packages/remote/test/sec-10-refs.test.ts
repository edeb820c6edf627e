// SEC-10: a client reaches what it was sent, and what it is allowed by name. It neither guesses refs, nor has a member use in its
// place what it may not use itself.
import type { ActorRef } from '@casty/actor'
import { expect, test } from 'vitest'
import { BroadcastRef } from '../src/index.ts'
import { ClientWorld, type TestClient } from './client-world.ts'
import { echoing, writing, type Question } from './remote-world.ts'

const allow = { actors: ['desk'] }

/** Two members with a desk, which answers to whomever it is told to, and a vault that clients may not use. */
async function guarded(): Promise<{ world: ClientWorld; logs: Record<string, unknown[]> }> {
  const world = await ClientWorld.with('a b', { allow })
  const logs: Record<string, unknown[]> = { a: [], b: [] }
  for (const { host, system } of world.nodes) {
    system.spawn(echoing, { name: 'desk' })
    system.spawn(writing(logs[host] ?? []), { name: 'vault' })
  }
  return { world, logs }
}

function deskOf(world: ClientWorld, { client }: TestClient): ActorRef<Question> {
  return client.remoting.ref<Question>(world.node('a').cluster.self, '/desk')
}

test.each([
  ['an actor there', 'a'],
  ['an actor of another member', 'b'],
])('a member does not answer, in the place of a client, to %s', async (_what, host) => {
  const { world, logs } = await guarded()
  await using _ = world
  const client = await world.client('x')
  const vault = client.client.remoting.ref<unknown>(world.node(host).cluster.self, '/vault')
  deskOf(world, client).tell({ about: 'for the vault', replyTo: vault })
  await world.until(() => world.node('a').lost.length > 0)
  expect(world.node('a').lost).toEqual(['not-found /vault: "for the vault"'])
  expect(logs).toEqual({ a: [], b: [] })
  expect(world.access.get('a')?.metrics().denied).toBe(1)
})

test('nor to a broadcast', async () => {
  const { world, logs } = await guarded()
  await using _ = world
  const client = await world.client('x')
  const vaults = new BroadcastRef<unknown>(client.client, '/vault')
  deskOf(world, client).tell({ about: 'for all vaults', replyTo: vaults })
  await world.until(() => world.node('a').lost.length > 0)
  expect(logs).toEqual({ a: [], b: [] })
  const desks = new BroadcastRef<unknown>(client.client, '/desk')
  deskOf(world, client).tell({ about: { about: 1, replyTo: desks }, replyTo: desks })
  await world.settle()
  expect(world.access.get('a')?.metrics().denied).toBe(1)
})

test('a member answers to actors of the client, and to what the client was sent', async () => {
  const { world, logs } = await guarded()
  await using _ = world
  const client = await world.client('x')
  const heard: unknown[] = []
  const ear = client.system.spawn(writing(heard), { name: 'ear' })
  const vault = world.node('b').remoting.ref(world.node('b').cluster.self, '/vault')
  const toEar = await world.settled(
    client.system.ask(deskOf(world, client), (replyTo) => ({ about: ear, replyTo })),
  )
  expect(toEar).toBe(ear)
  const remoteEar = world.node('b').remoting.ref<unknown>(client.client.self, '/ear')
  remoteEar.tell({ vault })
  await world.until(() => heard.length > 0)
  // As it was sent above.
  const given = (heard[0] as { readonly vault: ActorRef<unknown> }).vault
  deskOf(world, client).tell({ about: 'as allowed', replyTo: given })
  await world.until(() => (logs['b'] ?? []).length > 0)
  expect(logs).toEqual({ a: [], b: ['as allowed'] })
})

test('what a client may not use it does not watch either', async () => {
  const { world } = await guarded()
  await using _ = world
  const { client, system } = await world.client('x')
  const ended: string[] = []
  for (const path of ['/vault', '/desk']) {
    const ref = client.remoting.ref<never>(world.node('a').cluster.self, path)
    system.whenStopped(ref, (ending) => void ended.push(`${path} ${ending}`))
  }
  await world.until(() => ended.length > 0)
  await world.settle()
  expect(ended).toEqual(['/vault stopped']) // As one that is not there.
})

test('the number of one ref says nothing of the next', async () => {
  await using world = await ClientWorld.with('a')
  const { remoting, system } = world.node('a')
  const numbers = Array.from({ length: 100 }, (_, count) => {
    const ref = system.spawn(echoing, { name: `echo-${count}` })
    return Number(/!(\d+)\//.exec(remoting.refToText(ref))?.[1])
  })
  const steps = numbers.slice(1).map((number, at) => number - (numbers[at] ?? 0))
  expect(new Set(steps).size).toBe(99)
  expect(Math.max(...numbers) - Math.min(...numbers)).toBeGreaterThan(2 ** 50)
})
