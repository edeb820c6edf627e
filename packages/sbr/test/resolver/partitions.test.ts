import { describe, expect, test } from 'vitest'
import { eventsOf } from '../../../membership/test/world-events.ts'
import { SplitWorld } from './split-world.ts'

describe('A cluster that is cut in two', () => {
  test('goes on with the majority, and the minority stops by itself', async () => {
    await using world = new SplitWorld()
    await world.form('a b c d e')
    world.partition('a b c', 'd e')
    await world.until(() => world.running === 'a b c', 20_000)
    await world.until(() => world.everySees('a.up b.up c.up'), 20_000)
    expect(world.decisions.toSorted()).toEqual(['a: down-unreachable', 'd: down-reachable'])
    for (const host of ['d', 'e']) {
      expect(eventsOf(world.node(host), 'self-downed')).toHaveLength(1)
    }
  })
})
