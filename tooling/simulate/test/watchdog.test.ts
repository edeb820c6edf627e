import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Watchdog } from '../src/watchdog.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A thread that computes for a share of the time. */
function thread(share: number): { cpuUsage(): Promise<{ user: number; system: number }> } {
  return {
    cpuUsage: async () => ({ user: performance.now() * 1_000 * share, system: 0 }),
  }
}

/** What it gives up with, and after how many seconds. */
async function barksAt(worker: ConstructorParameters<typeof Watchdog>[0]): Promise<string> {
  const startedAt = performance.now()
  let said = ''
  using _ = new Watchdog(worker, (text) => (said ||= text))
  while (said === '') await vi.advanceTimersByTimeAsync(1_000)
  return `${said}, after ${Math.round((performance.now() - startedAt) / 1_000)} s`
}

test('a thread that only computes is given a minute', async () => {
  expect(await barksAt(thread(1))).toBe('not within 60000 ms of processor time, after 61 s')
})

test('a thread that has a quarter of a processor is given four', async () => {
  expect(await barksAt(thread(0.25))).toBe('not within 60000 ms of processor time, after 241 s')
})

test('a thread that only waits is given ten', async () => {
  expect(await barksAt(thread(0))).toBe('not within 600000 ms of real time, after 601 s')
})

test('where nobody can tell how much it computes, all the time counts', async () => {
  expect(await barksAt({})).toBe('not within 60000 ms of processor time, after 61 s')
})

test('what is told in between starts it again', async () => {
  let said = ''
  using watchdog = new Watchdog(thread(1), (text) => (said ||= text))
  for (let minute = 0; minute < 3; minute++) {
    await vi.advanceTimersByTimeAsync(55_000)
    watchdog.refresh()
  }
  expect(said).toBe('')
})
