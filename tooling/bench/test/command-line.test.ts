import { expect, test } from 'vitest'
import { readCommandLine, usage } from '../src/command-line.ts'

const known = ['clock', 'transport']

test('without a name, all scenarios run as often as each of them wants', () => {
  expect(readCommandLine([], known)).toEqual({
    type: 'run',
    names: known,
    json: false,
    repetitions: undefined,
  })
})

test('names and flags choose what runs, and how', () => {
  expect(readCommandLine(['transport', '--json', '--repetitions', '2'], known)).toEqual({
    type: 'run',
    names: ['transport'],
    json: true,
    repetitions: 2,
  })
})

test.each([
  [['network'], 'no scenario "network", only clock, transport'],
  [['--repetition', '3'], '--repetition'],
  [['--repetitions', '0'], 'an integer from 1 to 100'],
  [['--repetitions', 'many'], 'an integer from 1 to 100'],
  [['--json=yes'], '--json'],
])('%j is answered with what is wrong', (argv, message) => {
  expect(readCommandLine(argv, known)).toEqual({
    type: 'mistake',
    message: expect.stringContaining(message),
  })
})

test('the usage names every scenario', () => {
  const text = usage(known.map((name) => ({ name, description: `about ${name}` })))
  expect(text).toMatch(/^Usage: npm run bench -- /)
  expect(text).toContain('clock      about clock')
  expect(text).toContain('transport  about transport')
})
