import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'

test('structures that were not used for long are forgotten, and go on where they were', async () => {
  await using world = await DataWorld.of('a', { replication: { copies: 1 } })
  const user = world.on('a')
  const use = async (): Promise<readonly number[]> => {
    const names = Array.from({ length: 1_100 }, (_, index) => `queue ${index}`)
    return await Promise.all(
      names.map(async (name) => {
        await user.queue<number>(name).enqueue(1)
        return await user.queue<number>(name).size()
      }),
    )
  }
  expect(new Set(await world.settled(use()))).toEqual(new Set([1]))
  await world.settle(61_000)
  await world.settled(user.queue<number>('one more').enqueue(1))
  expect(new Set(await world.settled(use()))).toEqual(new Set([2]))
})
