// SEC-3: several secrets are accepted, one signs, and they change while the cluster runs.
import { sharedSecret } from '@casty/secret'
import { expect, test } from 'vitest'
import { createWorld, dialled, secrets, type Node, type World } from './world.ts'

test('the secret of a running cluster changes in three steps, node by node, without a refusal', async () => {
  const world = createWorld()
  const names = ['a:1', 'b:1', 'c:1']
  const held = names.map(() => world.secret({ member: secrets.old }))
  const nodes = await Promise.all(
    held.map((authentication, at) => world.start(names[at] ?? '', { authentication })),
  )
  await dialAll(world, nodes)
  const steps = [[secrets.old, secrets.new], [secrets.new, secrets.old], [secrets.new]]
  for (const member of steps) {
    for (const secret of held) {
      secret.rotate({ member })
      await dialAll(world, nodes)
    }
  }
  expect(nodes.flatMap(({ endpoint }) => refusals(endpoint.counters().refusedByUs))).toEqual([])
  // Whoever has only the secret that was given up stays outside.
  await using late = await world.start('d:1', {
    authentication: world.secret({ member: secrets.old }),
  })
  expect(await dialled(world, late, nodes[0] as Node)).toBe('authentication')
  for (const node of nodes) await node[Symbol.asyncDispose]()
})

test('a connection stays open while the secret that opened it is given up', async () => {
  const world = createWorld()
  const [atAlice, atBob] = [1, 2].map(() => world.secret({ member: secrets.old }))
  if (!atAlice || !atBob) throw new Error('two secrets were made')
  await using alice = await world.start('a:1', { authentication: atAlice })
  await using bob = await world.start('b:1', { authentication: atBob })
  await dialled(world, alice, bob)
  atAlice.rotate({ member: secrets.new })
  atBob.rotate({ member: secrets.new })
  await world.run(60_000)
  expect(alice.events.map(({ type }) => type)).toEqual(['lane-opened'])
})

test('a handshake under way ends by the secrets that it began with', async () => {
  const world = createWorld()
  const [atAlice, atBob] = [1, 2].map(() => world.secret({ member: secrets.old }))
  if (!atAlice || !atBob) throw new Error('two secrets were made')
  await using alice = await world.start('a:1', { authentication: atAlice })
  await using bob = await world.start('b:1', { authentication: atBob })
  const connecting = alice.endpoint.connect(bob.endpoint.self.address)
  await world.run(3) // The hello has arrived.
  atAlice.rotate({ member: secrets.new })
  atBob.rotate({ member: secrets.new })
  await world.run()
  expect(String(await connecting)).toBe('b:1#1')
})

test('secrets that cannot be taken leave those in force', async () => {
  const world = createWorld()
  const authentication = world.secret({ member: secrets.old })
  await using alice = await world.start('a:1', { authentication })
  await using bob = await world.start('b:1', { authentication })
  expect(() => authentication.rotate({ member: 'short' })).toThrow(
    expect.objectContaining({ code: 'CASTY_SECRET_TOO_WEAK' }),
  )
  expect(await dialled(world, alice, bob)).toBe('b:1#1')
})

test.each([
  ['nothing', {}],
  ['five secrets', { member: Array.from({ length: 5 }, (_, at) => `${at}${secrets.old}`) }],
  ['an empty list', { member: [] }],
  ['one secret for members and clients', { member: secrets.old, client: secrets.old }],
  [
    'a secret of members among those of clients',
    { member: [secrets.new, secrets.old], client: [secrets.client, secrets.old] },
  ],
  ['a secret longer than any', { member: secrets.old.repeat(40) }],
])('%s is refused', (_, given) => {
  expect(() => sharedSecret(given)).toThrow(
    expect.objectContaining({ code: 'CASTY_SECRET_INVALID_OPTION' }),
  )
})

/** Tears down what there is between all of them, and has it made anew. */
async function dialAll(world: World, nodes: readonly Node[]): Promise<void> {
  const pairs = nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => [from, to]))
  for (const [from, to] of pairs as [Node, Node][]) {
    from.endpoint.reset(to.endpoint.self)
    await world.run(1_000)
    expect(await dialled(world, from, to)).toBe(to.endpoint.self.key)
  }
}

function refusals(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counts).flatMap(([reason, count]) => (count > 0 ? [reason] : []))
}
