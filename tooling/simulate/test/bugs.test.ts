import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { editsOf, withBug, type SeededBug } from '../src/bugs/bug.ts'
import { bugs } from '../src/bugs/catalogue.ts'
import { root } from '../src/bugs/plant.ts'
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
