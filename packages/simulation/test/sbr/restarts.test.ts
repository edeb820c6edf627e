// Who is started again by his supervisor, and when.
import { expect, test } from 'vitest'
import { restarts } from '../../src/sbr/restarts.ts'
import { play, puppet, type Script } from '../membership/puppets.ts'

/** Not at the end of a second: what is over ends with the second that has begun. */
const at = 1_001

/** When a host is started again, in milliseconds after the script did something to it; undefined if never. */
async function startedAfterMs(
  what: Script[number][1],
  options: { readonly seed?: number } = {},
): Promise<number | undefined> {
  const script: Script = [[at, what]]
  const { lastEvents } = await play(script, { ...options, watch: (run) => [restarts(run)] })
  const again = (lastEvents.get('b') ?? []).find(
    (event) => event.type === 'note' && event.text === 'starts, life 2',
  )
  return again && again.at - at
}

const isDowned: Script[number][1] = (run) => puppet(run, 'b').exit('downed')

test.each([1, 2, 3, 4, 5])(
  'whoever was decided against is back within 10 s (seed %i)',
  async (seed) => {
    const afterMs = await startedAfterMs(isDowned, { seed })
    expect(afterMs).toBeGreaterThanOrEqual(200)
    expect(afterMs).toBeLessThanOrEqual(10_000)
    expect(await startedAfterMs(isDowned, { seed })).toBe(afterMs)
  },
)

test('how long that takes differs from seed to seed', async () => {
  const all = await Promise.all([1, 2, 3].map((seed) => startedAfterMs(isDowned, { seed })))
  expect(new Set(all).size).toBe(3)
})

test('whoever left, or crashed, stays away', async () => {
  expect(await startedAfterMs((run) => puppet(run, 'b').exit('left'))).toBe(undefined)
  expect(await startedAfterMs((run) => run.world.crash('b'))).toBe(undefined)
})

test('nobody is started in a run that is over', async () => {
  const wrong: Script[number][1] = (run) => {
    isDowned(run)
    run.violate('a checker', 'is not pleased')
  }
  for (let seed = 1; seed <= 20; seed++) {
    expect(await startedAfterMs(wrong, { seed })).toBe(undefined)
  }
})
