import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunResult } from '@casty/simulation'
import { expect, test } from 'vitest'
import { editsOf, withBug, type SeededBug } from '../src/bugs/bug.ts'
import { bugNamed, bugs } from '../src/bugs/catalogue.ts'
import { huntBug } from '../src/bugs/hunt.ts'
import { pinnedPlans } from '../src/bugs/pinned-plans.ts'
import { root } from '../src/bugs/plant.ts'
import { isOwnPromise } from '../src/bugs/promises.ts'
import { Hand } from '../src/hand.ts'
import { scenarios } from '../src/scenarios.ts'

test.each(bugs)('the seeded bug $name fits the code as it is', (bug) => {
  for (const edit of editsOf(bug)) {
    const source = readFileSync(join(root, edit.file), 'utf8')
    expect(withBug(edit, source)).not.toBe(source)
  }
  expect(scenarios.map(({ name }) => name)).toContain(bug.scenario)
})

test('seeded bugs have names of their own', () => {
  expect(new Set(bugs.map(({ name }) => name)).size).toBe(bugs.length)
})

const bug: SeededBug = {
  name: 'off-by-one',
  promise: 'all agree',
  scenario: 'membership',
  file: 'some/file.ts',
  find: 'count + 1',
  replace: '$&',
  why: 'It counts one too few.',
}

test('a bug is put in as it is written', () => {
  expect(withBug(bug, 'return count + 1')).toBe('return $&')
})

test.each([
  ['return count', '0 times'],
  ['count + 1 === count + 1', '2 times'],
])('a bug does not fit %j', (source, times) => {
  expect(() => withBug(bug, source)).toThrow(
    `The seeded bug "off-by-one" does not fit some/file.ts: the text that it replaces stands there ${times}`,
  )
})

const planted: SeededBug = {
  ...bug,
  name: 'planted',
  file: 'packages/membership/src/cluster.ts',
}

test.each([
  ['whose text is not there', { find: 'no such text', replace: '' }, 'does not fit'],
  ['that is no code', { find: 'export class Cluster ', replace: 'export class ( ' }, 'SyntaxError'],
])('a bug %s is not caught, but told of', async (_how, change, why) => {
  const isSound = async (): Promise<boolean> => await Promise.resolve(true)
  const port = { isSound, tried: () => {} }
  const hunt = await huntBug({ ...planted, ...change }, 1, 3, port)
  expect(hunt).toMatchObject({ caught: undefined, misfit: expect.stringContaining(why), runs: 0 })
})

test.each([...pinnedPlans()])(
  'the seeded bug %s is caught by its plan, which holds without it',
  { timeout: 180_000 },
  async (name, { plan }) => {
    const bug = bugNamed(name)
    expect(plan.scenario).toBe(bug.scenario)
    const task = { scenario: bug.scenario, subject: { plan }, events: false }
    const carryOut = async (hand: Hand): Promise<RunResult> => {
      const { result } = await hand.carryOut({ ...task, shrink: false, diagram: false })
      return result
    }
    await using withIt = new Hand(bug)
    await using without = new Hand()
    const [caught, sound] = await Promise.all([carryOut(withIt), carryOut(without)])
    expect(caught.violations.map(({ checker }) => isOwnPromise(bug, checker))).toContain(true)
    expect(sound.verdict).toBe('passed')
  },
)
