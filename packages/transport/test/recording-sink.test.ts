import { RecordingSink } from '@casty/transport'
import { expect, test } from 'vitest'
import { createWorld, tell } from './world.ts'

test('a recording sink keeps who sent what on which lane', async () => {
  const world = createWorld()
  await using alice = await world.start('a:1')
  await using bob = await world.start('b:1')
  tell(alice, bob, 'x', 'control')
  await world.run()
  expect(bob.received.frames).toEqual([
    { from: alice.endpoint.self, lane: 'control', frameType: 32, body: Uint8Array.of(120) },
  ])
})

test('a recording sink resolves a wait once there are enough frames', async () => {
  const world = createWorld()
  await using alice = await world.start('a:1')
  await using bob = await world.start('b:1')
  const waiting = bob.received.waitFor(2)
  tell(alice, bob, '1')
  tell(alice, bob, '2')
  await world.run()
  expect(await waiting).toHaveLength(2)
  expect(await bob.received.waitFor(1)).toHaveLength(2)
})

test('a recording sink gives up a wait with the reason of its signal', async () => {
  const world = createWorld()
  await using bob = await world.start('b:1')
  const abort = new AbortController()
  const waiting = bob.received.waitFor(1, { signal: abort.signal })
  abort.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
})

test('a recording sink keeps the newest frames, and counts those that it lets go', async () => {
  const world = createWorld()
  await using alice = await world.start('a:1')
  await using bob = await world.start('b:1')
  using sink = new RecordingSink(bob.endpoint, [40], { maxFrames: 2 })
  for (let n = 1; n <= 5; n++) alice.endpoint.send(bob.endpoint.self, 'data', 40, Uint8Array.of(n))
  await world.run()
  expect(sink.frames.map(({ body }) => body[0])).toEqual([4, 5])
  expect(sink.letGo).toBe(3)
  sink.clear()
  expect(sink.frames).toEqual([])
})

test('a recording sink that is disposed of frees its frame types', async () => {
  const world = createWorld()
  await using bob = await world.start('b:1')
  bob.received[Symbol.dispose]()
  expect(() => bob.endpoint.handle(32, () => {})).not.toThrow()
})

test('a recording sink keeps at least one frame', async () => {
  const world = createWorld()
  await using bob = await world.start('b:1')
  expect(() => new RecordingSink(bob.endpoint, [40], { maxFrames: 0 })).toThrow(
    expect.objectContaining({ code: 'CASTY_TRANSPORT_INVALID_OPTION' }),
  )
})
