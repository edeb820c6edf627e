import { ManualClock, seededRandom } from '@casty/clock'
import { createMemoryNetwork, Endpoint, NodeAddress, type EndpointEvent } from '@casty/transport'
import { expect, test } from 'vitest'

test('a frame arrives, and the death of its receiver is noticed', async () => {
  const clock = new ManualClock()
  const network = createMemoryNetwork({ clock, latencyMs: 1 })
  const start = (incarnation: number) =>
    Endpoint.start({
      transport: network.transport(),
      clock,
      random: seededRandom(incarnation),
      address: NodeAddress.parse('127.0.0.1:0'),
      incarnation,
      clusterName: 'test',
    })
  await using alice = await start(1)
  await using bob = await start(2)
  const events: EndpointEvent[] = []
  alice.subscribe((event) => events.push(event))
  const got: string[] = []
  bob.handle(32, (from, bytes, s, e, lane) =>
    got.push(`${from} ${lane} ${new TextDecoder().decode(bytes.subarray(s, e))}`),
  )
  const connected = alice.connect(bob.self.address)
  await clock.advanceAsync(10)
  expect((await connected).key).toBe(bob.self.key)
  expect(alice.send(bob.self, 'data', 32, new TextEncoder().encode('hello'))).toBe('sent')
  alice.keep(bob.self)
  await clock.advanceAsync(10)
  expect(got).toEqual([`${alice.self} data hello`])
  network.kill(bob.self.address)
  await clock.advanceAsync(100)
  expect(events).toContainEqual({
    type: 'dial-failed',
    address: bob.self.address,
    lane: 'control',
    failure: 'refused',
    lostFrames: 0,
  })
})
