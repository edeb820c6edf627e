import { expect, test } from 'vitest'
import type { Wish } from '../src/kinds/lease/lease-calls.ts'
import { newPool, type Pool, type Waiter } from '../src/kinds/lease/pool.ts'
import { Turns } from '../src/kinds/lease/turns.ts'
import { Refusal } from '../src/state/machine.ts'
import { callOf, TestSurroundings } from './surroundings.ts'

const offerTimeoutMs = 100
const ttlMs = 1_000

class World {
  readonly around = new TestSurroundings()
  readonly turns = new Turns()
  readonly pool: Pool = newPool({ name: 'p', shards: 1, permits: 2 })

  wait(number: number, permits = 1): Waiter {
    const call = callOf(number)
    const wish: Wish = { owner: 1, permits, mayWait: true, ttlMs, offerTimeoutMs }
    const waiter: Waiter = { type: 'waiter', pool: this.pool, call, wish, offer: undefined }
    this.turns.enqueue(waiter)
    return waiter
  }

  offer(): readonly number[] {
    this.turns.offer(this.pool, this.around)
    return this.around.offered.splice(0)
  }
}

test('what is free is offered in order, and nobody overtakes who waits for more', () => {
  const world = new World()
  world.wait(1)
  world.wait(2, 2)
  world.wait(3)
  expect(world.offer()).toEqual([1])
  expect(world.offer()).toEqual([])
  expect([world.pool.taken, world.turns.hasQueue(world.pool)]).toEqual([1, true])
})

test('who is away is passed over, and is no queue', () => {
  const world = new World()
  const first = world.wait(1)
  world.turns.presences.wentAway(first.call.session)
  expect(world.turns.hasQueue(world.pool)).toBe(false)
  world.wait(2)
  expect(world.offer()).toEqual([2])
})

test('an offer that is confirmed is a lease with a timer of its own', () => {
  const world = new World()
  const waiter = world.wait(1)
  expect(world.turns.confirm(waiter.call, world.around)).toBeUndefined()
  world.offer()
  expect([...world.around.timers.values()]).toEqual([offerTimeoutMs])
  const grant = world.turns.confirm(waiter.call, world.around)
  expect(world.around.timers).toEqual(new Map([[grant?.timer, ttlMs]]))
  expect(world.turns.whose(grant?.timer ?? 0)).toMatchObject({ type: 'holder', permits: 1 })
  expect([world.pool.taken, world.pool.waiters.size]).toEqual([1, 0])
})

test('what was offered to who leaves is free again', () => {
  const world = new World()
  const waiter = world.wait(1, 2)
  world.wait(2)
  world.offer()
  world.turns.refuse(waiter, new Refusal('CASTY_DDATA_CLOSED'), world.around)
  expect(world.around.refused.get(1)).toBe('CASTY_DDATA_CLOSED')
  expect([world.pool.taken, world.around.timers.size]).toEqual([0, 0])
  expect(world.offer()).toEqual([2])
})

test('what is taken from a holder is free again, and it is told', () => {
  const world = new World()
  const waiter = world.wait(1)
  world.offer()
  const grant = world.turns.confirm(waiter.call, world.around)
  const [holder] = world.pool.holders.values()
  expect(holder?.token).toBe(grant?.token)
  if (holder) world.turns.take(holder, world.around)
  expect([world.pool.taken, world.pool.holders.size, world.around.timers.size]).toEqual([0, 0, 0])
  expect(world.around.notified).toEqual([waiter.call.session])
})
