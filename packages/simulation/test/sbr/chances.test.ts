// How many of the plans that are drawn come to the moment that they are about: a fault that waits for
// one that never comes tests nothing.
import { expect, test } from 'vitest'
import { forkRandom, splitBrainScenario } from '../../src/index.ts'
import { notesThat } from './moments.ts'
import { story } from './story.ts'

/** Of plans drawn by the first seeds, those in which something is done whose note begins so. */
async function comesToIt(
  type: string,
  hosts: string,
  plans: number,
  begins: string,
  forMs: number = 35_000,
): Promise<number> {
  const action = splitBrainScenario.actions.find((known) => known.type === type)
  if (action === undefined) throw new Error(`no action ${type}`)
  let count = 0
  for (let seed = 1; seed <= plans; seed++) {
    const drawn = action.draw(forkRandom(seed, type), hosts.split(' '))
    const told = await story(hosts, { seed, actions: [[0, type, drawn]], forMs })
    if (notesThat(told, begins).length > 0) count++
  }
  return count
}

const strikes = 'is the first to know'

test.each([
  // All ten do; a change elsewhere may cost one of them its moment.
  ['split-as-one-moves', 'a b c d e', strikes, 9],
  ['split-as-two-move', 'a b c d', strikes, 9],
  ['split-before-joining', 'a b c d e', 'cut ', 9],
  ['stop-deciders', 'a b c d e', 'is to decide', 9],
] as const)('of ten plans of %s among %s most come to it', async (type, hosts, begins, least) => {
  const count = await comesToIt(type, hosts, 10, begins)
  expect(count).toBeGreaterThanOrEqual(least)
})

// Four do.
test('of five plans of stop-deciders-amid-news among nine hosts most come to it', async () => {
  const hosts = 'a b c d e f g h i'
  const count = await comesToIt('stop-deciders-amid-news', hosts, 5, 'is to decide', 15_000)
  expect(count).toBeGreaterThanOrEqual(3)
})
