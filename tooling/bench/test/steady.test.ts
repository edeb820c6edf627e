import { expect, test } from 'vitest'
import { untilSteady } from '../src/steady.ts'

function figures(...all: number[]): () => Promise<number> {
  let at = 0
  return async () => all[Math.min(at++, all.length - 1)] ?? 0
}

test('what becomes quicker is measured until three rounds in a row were none that is better', async () => {
  expect(await untilSteady(figures(10, 20, 30, 30, 31, 29), 100)).toBe(6)
})

test('a slow round between two that are better ends nothing', async () => {
  expect(await untilSteady(figures(10, 5, 20, 10, 40, 40, 40, 40), 100)).toBe(8)
})

test('what becomes quicker by little for long is steady', async () => {
  expect(await untilSteady(figures(100, 101, 102, 103, 104, 105), 100)).toBe(4)
})

test('what becomes quicker for ever is measured so many times at most', async () => {
  let figure = 1
  expect(await untilSteady(async () => (figure *= 2), 7)).toBe(7)
})

test('what does nothing at all is not waited for', async () => {
  expect(await untilSteady(async () => 0, 100)).toBe(3)
})
