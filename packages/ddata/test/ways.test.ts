// How long locks take, in ways from one node to another: each takes a millisecond here, and all else takes none.
import type { Distributed } from '@casty/ddata'
import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'
import { outcomeOf } from './outcome.ts'

/** How many ways lie between a call and its end, which it leads to. */
async function waysOf<T>(world: DataWorld, made: Promise<T>): Promise<[ways: number, value: T]> {
  const outcome = outcomeOf(made)
  let ways = 0
  for (; !outcome.isSettled; ways++) await world.clock.advanceAsync(1)
  return [ways, await made]
}

/** A lock that neither of them keeps: to ask for it takes them some time, also when its part was found. */
async function nameFarFrom(world: DataWorld, users: readonly Distributed[]): Promise<string> {
  for (let index = 0; index < 50; index++) {
    const name = `lock ${index}`
    let isFar = true
    for (const user of users) {
      await world.settled(user.lock(name).holder())
      const [ways] = await waysOf(world, user.lock(name).holder())
      isFar &&= ways === 2
    }
    if (isFar) return name
  }
  throw new Error('There is no such lock')
}

test.each([
  [1, { acquire: 2, handOn: 4, release: 2 }],
  [3, { acquire: 4, handOn: 6, release: 4 }],
])(
  'with a lock of %i copies, so many ways from node to node are gone for each step',
  async (copies, expected) => {
    await using world = await DataWorld.of('a b c d e', { replication: { copies } })
    const users = [world.on('a'), world.on('b')]
    const name = await nameFarFrom(world, users)
    const [first, second] = users.map((user) => user.lock(name))
    if (!first || !second) throw new Error('There are two')
    const [acquire, lease] = await waysOf(world, first.acquire())
    const next = second.acquire()
    await world.settle()
    const released = lease.release()
    const [handOn] = await waysOf(world, next)
    await released
    await world.settle()
    const [release] = await waysOf(world, second.release())
    expect({ acquire, handOn, release }).toEqual(expected)
  },
)
