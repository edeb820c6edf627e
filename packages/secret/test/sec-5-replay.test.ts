// SEC-5: what was heard of one connection is worth nothing on another.
import { expect, test } from 'vitest'
import { createWorld, dialled, secrets, withMiddle } from './world.ts'

test('what a node said to open a connection opens no other one', async () => {
  const world = createWorld()
  const authentication = world.secret({ member: secrets.old })
  const heard: Uint8Array[] = []
  const transport = withMiddle(world.network.transport(), () => ({
    there: (bytes) => {
      heard.push(bytes.slice())
      return bytes
    },
  }))
  await using alice = await world.start('a:1', { transport, authentication })
  await using bob = await world.start('b:1', { authentication })
  expect(await dialled(world, alice, bob)).toBe('b:1#1')
  expect(heard).toHaveLength(2) // A hello, and a proof.
  await alice[Symbol.asyncDispose]()
  await world.run()

  const dialling = world.network.transport({ host: 'e' }).dial(bob.endpoint.self.address)
  await world.run(10)
  const eve = await dialling
  eve.open({ received() {}, drained() {}, closed() {} })
  const before = bob.endpoint.counters().connectionsOpened
  for (const bytes of heard) {
    eve.write(bytes)
    await world.run(10)
  }
  expect(bob.endpoint.counters().connectionsOpened).toBe(before)
  expect(bob.endpoint.counters().refusedByUs.authentication).toBe(1)
  expect(bob.failures).toEqual(['acceptor e untold 0'])
})

test('what a node says to prove itself proves nothing when it is said back', async () => {
  const world = createWorld()
  const authentication = world.secret({ member: secrets.old })
  const said: Uint8Array[] = []
  // Answers with the dialler's own nonce, and with the dialler's own proof.
  const transport = withMiddle(world.network.transport(), () => ({
    there: (bytes) => {
      said.push(bytes.slice())
      return bytes
    },
    back: (bytes) => {
      const proof = said[1]
      if (proof === undefined) return bytes
      // Behind the length and the type: the acceptor's proof comes first in its answer.
      bytes.set(proof.subarray(5), 5)
      return bytes
    },
  }))
  await using alice = await world.start('a:1', { transport, authentication })
  await using bob = await world.start('b:1', { authentication })
  expect(await dialled(world, alice, bob)).toBe('authentication')
  expect(alice.endpoint.counters().connectionsOpened).toBe(0)
})
