import { constants, getPriority, tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { countsOf, judge, runStep } from '../step.ts'

test.each([
  ['12 passed, 0 failed', { passed: 12, failed: 0 }],
  ['noise\n3 passed, 1 failed, 2 deviated\n', { passed: 3, failed: 1 }],
  ['1 passed, 1 failed\n9 passed, 0 failed', { passed: 9, failed: 0 }],
  ['it says 3 passed, 0 failed', undefined],
  ['', undefined],
])('the counts of %j are those of its last closing line', (output, counts) => {
  expect(countsOf(output)).toEqual(counts)
})

test.each([
  [0, '2 passed, 0 failed', 'passed', { passed: 2, failed: 0 }],
  [0, 'no counts', 'passed', { passed: 0, failed: 0 }],
  [0, '2 passed, 1 failed', 'failed', { passed: 2, failed: 1 }],
  [1, '2 passed, 0 failed', 'failed', { passed: 2, failed: 1 }],
  [null, '', 'failed', { passed: 0, failed: 1 }],
])('a command that ends with %j and %j has %s', (exitCode, output, outcome, counts) => {
  expect(judge(exitCode, output)).toEqual({ outcome, counts })
})

test('a step keeps what its command prints on both streams', async () => {
  const script = "console.log('out'); console.error('err'); console.log('4 passed, 0 failed')"
  const result = await runStep({ name: 'one', command: [process.execPath, '-e', script] }, tmpdir())
  expect(result).toMatchObject({ outcome: 'passed', counts: { passed: 4, failed: 0 } })
  expect(result.output).toContain('out\n')
  expect(result.output).toContain('err\n')
})

test('a closing line counts in whatever colour it is written', async () => {
  const script = "console.log('\\u001b[32m4 passed, 1 failed\\u001b[0m')"
  const result = await runStep({ name: 'one', command: [process.execPath, '-e', script] }, tmpdir())
  expect(result).toMatchObject({ outcome: 'failed', output: '4 passed, 1 failed\n' })
})

test('a step in the background has the lowest priority, and any other one that of who starts it', async () => {
  // It is lowered a moment after the command has started.
  const lowest = `while (os.getPriority() !== ${constants.priority.PRIORITY_LOW});`
  const equal = `if (os.getPriority() !== ${getPriority()}) process.exit(1)`
  const command = (script: string) => [process.execPath, '-e', script] as const
  const behind = { name: 'behind', command: command(lowest), background: true }
  expect(await runStep(behind, tmpdir())).toMatchObject({ outcome: 'passed' })
  const other = { name: 'other', command: command(equal) }
  expect(await runStep(other, tmpdir())).toMatchObject({ outcome: 'passed' })
})

test('a command that does not exist is a failed step', async () => {
  const result = await runStep({ name: 'none', command: ['casty-no-such-program'] }, tmpdir())
  expect(result).toMatchObject({ outcome: 'failed', counts: { failed: 1 } })
})

test('a step that fails because it is ended has not failed', async () => {
  const ending = new AbortController()
  const script = "console.log('0 passed, 3 failed'); setInterval(() => {}, 60_000)"
  const step = { name: 'long', command: [process.execPath, '-e', script] } as const
  const result = runStep(step, tmpdir(), ending.signal)
  ending.abort()
  expect(await result).toMatchObject({ outcome: 'interrupted', counts: { passed: 0, failed: 0 } })
})
