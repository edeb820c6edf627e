import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IdleItem, IdleWheel } from '../src/region/idle-wheel.ts'

class Item extends IdleItem {
  lastUsedAt = 0
}

test('an item is found idle after its time and at most two ticks more, whenever it was used', () => {
  const uses = fc.array(fc.nat({ max: 400 }), { maxLength: 40 })
  fc.assert(
    fc.property(fc.array(uses, { minLength: 1, maxLength: 5 }), (usesOfItems) => {
      const wheel = new IdleWheel<Item>(16)
      const items = usesOfItems.map((times) => ({ item: new Item(), times: new Set(times) }))
      for (const { item } of items) wheel.add(item)
      for (let now = 1; now < 450; now++) {
        const idle = wheel.turn()
        for (const item of idle) {
          expect(now - item.lastUsedAt).toBeGreaterThanOrEqual(16)
          expect(now - item.lastUsedAt).toBeLessThanOrEqual(18)
        }
        for (const { item, times } of items) {
          if (!times.has(now) || item.slot < 0) continue
          item.usedAt = wheel.tick
          item.lastUsedAt = now
        }
      }
      expect(wheel.size).toBe(0)
    }),
  )
})

test('an item that left is not found, and its neighbours are', () => {
  const wheel = new IdleWheel<Item>(16)
  const items = [new Item(), new Item(), new Item()]
  for (const item of items) wheel.add(item)
  const [first, second, third] = items
  wheel.remove(second as Item)
  wheel.remove(second as Item)
  const found: Item[] = []
  for (let tick = 0; tick < 40; tick++) found.push(...wheel.turn())
  expect(new Set(found)).toEqual(new Set([first, third]))
})
