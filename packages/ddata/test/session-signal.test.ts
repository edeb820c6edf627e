import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'
import { outcomeOf } from './outcome.ts'

const options = { sessionTtlMs: 4_000 }

test('whoever waits and is cut off for too long is told that its session is lost, and has another one', async () => {
  await using world = await DataWorld.of('a b c d', options)
  const [holder, waiter] = [world.on('a'), world.on('d')]
  const { id, signal } = waiter.session
  await world.settled(holder.lock('deploy').acquire())
  const waiting = outcomeOf(waiter.lock('deploy').acquire())
  await world.settle(500)
  const others = ['a', 'b', 'c'].map((host) => world.node(host).address)
  world.network.partition([world.node('d').address], others)
  await world.settle(3_000)
  expect(signal.aborted).toBe(false)
  await world.until(() => signal.aborted, 10_000)
  expect(signal.reason).toMatchObject({ code: 'CASTY_DDATA_SESSION_EXPIRED' })
  expect(waiting).toMatchObject({ code: 'CASTY_DDATA_SESSION_EXPIRED' })
  expect(waiter.session.id).toBe(id)
  expect(waiter.session.signal.aborted).toBe(false)
})

test('who comes back in time has the session that it had', async () => {
  await using world = await DataWorld.of('a b', options)
  const user = world.on('b')
  const { signal } = user.session
  await world.settled(user.counter('visits').increment())
  world.network.partition([world.node('a').address], [world.node('b').address])
  await world.settle(2_000)
  world.network.heal()
  await world.settled(user.counter('visits').increment())
  await world.settle(60_000) // Who waits for nothing need not be heard of.
  await world.settled(user.counter('visits').increment())
  expect(signal.aborted).toBe(false)
})

test('who is closed has lost its session, and there is no other one', async () => {
  await using world = await DataWorld.of('a')
  const user = world.on('a')
  const { signal } = user.session
  await world.settled(user.close())
  expect(signal.reason).toMatchObject({ code: 'CASTY_DDATA_CLOSED' })
  expect(user.session.signal).toBe(signal)
})
