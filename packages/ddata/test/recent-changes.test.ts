// What a new owner of a part keeps for those who watched the one before it.
import { expect, test } from 'vitest'
import { RecentChanges } from '../src/host/recent-changes.ts'

const change = (changes: number, bytes = 1, name = 'm') => ({
  name,
  changes,
  event: new Uint8Array(bytes),
})

function numbersAfter(recent: RecentChanges, seen: number, now = 0): readonly number[] {
  return recent.after(seen, 'm', now).map(({ changes }) => changes)
}

test('keeps what changed for as long as watchers take to come back', () => {
  const recent = new RecentChanges(100)
  for (const kept of [change(4), change(5, 1, 'other'), change(6)]) recent.add(kept, 50)
  expect(numbersAfter(recent, 3, 99)).toEqual([4, 6])
  expect(numbersAfter(recent, 4, 99)).toEqual([6])
  expect(numbersAfter(recent, 3, 100)).toEqual([])
  expect(recent.isKeeping(100)).toBe(false)
})

test('keeps none where there are too many, so that none is told behind a hole', () => {
  const many = new RecentChanges(100)
  for (let number = 1; number <= 1_000; number++) many.add(change(number), 0)
  expect(numbersAfter(many, 0)).toHaveLength(1_000)
  many.add(change(1_001), 0)
  expect(numbersAfter(many, 0)).toEqual([])
  const large = new RecentChanges(100)
  large.add(change(1, 1_048_576), 0)
  expect(numbersAfter(large, 0)).toEqual([1])
  large.add(change(2), 0)
  expect(numbersAfter(large, 0)).toEqual([])
})
