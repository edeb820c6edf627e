import { expect, test } from 'vitest'
import { expectValue } from '../expect-value.ts'
import { docExamples, readmeExamples } from '../extract.ts'

const fence = '```'

test('each ts block of a README is an example, named by its first line', () => {
  const markdown = `# Title\n\n${fence}ts\nconst one = 1\n${fence}\n\n${fence}sh\nls\n${fence}\n`
  expect(readmeExamples('README.md', markdown)).toEqual([
    { origin: 'README.md:4', code: 'const one = 1\n', runs: true },
  ])
})

test('a block marked no-run is type-checked only', () => {
  const [example] = readmeExamples('README.md', `${fence}ts no-run\nserve()\n${fence}\n`)
  expect(example?.runs).toBe(false)
})

test('a doc example imports what it uses and asserts what it claims', () => {
  const text = [
    '/**',
    ' * Doubles.',
    ' * @example double(2) // => 4',
    ' * @see elsewhere',
    ' */',
    'export function double() {}',
  ].join('\n')
  const importable = new Map([
    ['@casty/x', ['double']],
    ['@casty/y', ['double', 'triple']],
  ])
  expect(docExamples({ file: 'src/double.ts', text, importable })).toEqual([
    {
      origin: 'src/double.ts:3',
      runs: true,
      code:
        "import { expectValue } from '../expect-value.ts'\n" +
        "import { double } from '@casty/x'\n" +
        'expectValue(double(2), "4")\n',
    },
  ])
})

test('a doc example may run over several lines', () => {
  const text = '/**\n * @example\n * const two = 2\n * two + 2 // => 4\n */\n'
  const [example] = docExamples({ file: 'a.ts', text, importable: new Map() })
  expect(example?.code).toContain('const two = 2\nexpectValue(two + 2, "4")\n')
})

test('a doc example that claims no value is a sketch', () => {
  const text = '/** @example serve(yourHandler) */\n'
  expect(docExamples({ file: 'a.ts', text, importable: new Map() })).toEqual([])
})

test.each([
  [4, '4'],
  ['eu', "'eu'"],
  [0.30103, '0.301…'],
  [1522.59, '1_522.5…'],
  [[1, 2], '[1, 2]'],
  [undefined, 'undefined'],
  [Infinity, 'Infinity'],
])('%j is what %s says', (actual, expected) => {
  expect(() => expectValue(actual, expected)).not.toThrow()
})

test.each([
  [4, '5'],
  ['4', '4'],
  [0.3, '0.301…'],
  [[1], '[1, 2]'],
])('%j is not what %s says', (actual, expected) => {
  expect(() => expectValue(actual, expected)).toThrow()
})
