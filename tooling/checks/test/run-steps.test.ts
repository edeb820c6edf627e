import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { interruption, isGood, resultLine, summary } from '../report.ts'
import { runSteps } from '../run-steps.ts'
import type { Step, StepResult } from '../step.ts'

/** Finishes steps in the order they were started, one turn each, and notes who ran beside whom. */
function bench(failing: readonly string[] = []) {
  const running = new Set<string>()
  const seen: string[] = []
  const run = async (step: Step): Promise<StepResult> => {
    running.add(step.name)
    seen.push([...running].join('+'))
    await nextTurn()
    running.delete(step.name)
    return result(step, failing.includes(step.name) ? 'failed' : 'passed')
  }
  return { run, seen }
}

function result(step: Step, outcome: 'passed' | 'failed'): StepResult {
  const counts = outcome === 'passed' ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
  return { step, outcome, durationMs: 1_500, output: 'boom\n', counts }
}

function step(name: string, rest: Partial<Step> = {}): Step {
  return { name, command: ['run', name], ...rest }
}

test('independent steps share the lanes', async () => {
  const { run, seen } = bench()
  await runSteps([step('a'), step('b'), step('c')], { run, lanes: 2 })
  expect(seen).toEqual(['a', 'a+b', 'b+c'])
})

test('a step waits for its preconditions while others go first', async () => {
  const { run, seen } = bench()
  const results = await runSteps([step('a'), step('b', { after: ['a'] }), step('c')], {
    run,
    lanes: 2,
  })
  expect(seen).toEqual(['a', 'a+c', 'c+b'])
  expect(results.map(({ step }) => step.name)).toEqual(['a', 'b', 'c'])
})

test('a step that runs alone has nothing beside it', async () => {
  const { run, seen } = bench()
  await runSteps([step('a'), step('b', { alone: true }), step('c')], { run, lanes: 2 })
  expect(seen).toEqual(['a', 'a+c', 'b'])
})

test('steps of one company run beside each other, and beside nobody else', async () => {
  const { run, seen } = bench()
  const company = 'x'
  await runSteps([step('a'), step('b', { company }), step('c', { company }), step('d')], {
    run,
    lanes: 2,
  })
  expect(seen).toEqual(['a', 'a+d', 'b', 'b+c'])
})

test('one step in the background runs beside those of any company, and several where there are none', async () => {
  const { run, seen } = bench()
  const [company, background] = ['x', true]
  const inBackground = ['b', 'c', 'd'].map((name) => step(name, { background }))
  await runSteps([step('a', { company }), step('e', { company }), ...inBackground], {
    run,
    lanes: 2,
  })
  expect(seen).toEqual(['a', 'a+e', 'a+e+b', 'b+c', 'c+d'])
})

test('nothing begins in the background before those that run alone', async () => {
  const { run, seen } = bench()
  const background = true
  await runSteps(
    [step('a'), step('b', { background }), step('c', { alone: true }), step('d', { background })],
    { run, lanes: 2 },
  )
  expect(seen).toEqual(['a', 'c', 'b', 'b+d'])
})

test('where there is one lane, nothing runs in the background of others', async () => {
  const { run, seen } = bench()
  await runSteps([step('a'), step('b', { background: true }), step('c')], { run, lanes: 1 })
  expect(seen).toEqual(['a', 'b', 'c'])
})

test('a failure stops only what depends on it, at any distance', async () => {
  const { run } = bench(['a'])
  const results = await runSteps(
    [step('a'), step('b', { after: ['a'] }), step('c', { after: ['b'] }), step('d')],
    { run, lanes: 1 },
  )
  expect(results.map(({ outcome }) => outcome)).toEqual(['failed', 'not-run', 'not-run', 'passed'])
})

test('a precondition that is no step is an error, not a hang', async () => {
  const { run } = bench()
  await expect(runSteps([step('a', { after: ['b'] })], { run, lanes: 1 })).rejects.toThrow(
    'These steps wait for ever: a.',
  )
})

test('the summary names what failed and closes with the totals', () => {
  const results = [result(step('a'), 'passed'), result(step('b'), 'failed')]
  expect(summary(results, 3_000).split('\n')).toEqual([
    '',
    '✓ a               1.5 s  1 passed',
    '✗ b               1.5 s  0 passed, 1 failed',
    '',
    'Failed: b (3.0 s). Run one alone: pnpm exec run b',
    '1 passed, 1 failed',
  ])
  expect(isGood(results)).toBe(false)
})

test('the summary repeats which tests failed', () => {
  const output = 'much\nfailed: a.test.ts > adds: expected 3 to be 4\nmore\n1 passed, 1 failed'
  expect(summary([{ ...result(step('b'), 'failed'), output }], 3_000).split('\n')).toContain(
    '  b failed: a.test.ts > adds: expected 3 to be 4',
  )
})

test('a failed step shows its command and what it printed', () => {
  expect(resultLine(result(step('b'), 'failed'))).toBe(
    '✗ b               1.5 s  0 passed, 1 failed\n  $ pnpm exec run b\n  | boom',
  )
})

test('a run in which nothing was counted is not good', () => {
  const nothing: StepResult = { ...result(step('a'), 'passed'), counts: { passed: 0, failed: 0 } }
  expect(isGood([])).toBe(false)
  expect(isGood([nothing])).toBe(false)
})

test('after an interruption no step begins, and those that run are waited for', async () => {
  const { run, seen } = bench()
  const ending = new AbortController()
  const results = await runSteps([step('a'), step('b'), step('c'), step('d')], {
    run,
    lanes: 2,
    signal: ending.signal,
    onEnd: () => ending.abort(),
  })
  expect(seen).toEqual(['a', 'a+b'])
  expect(results.map(({ step }) => step.name)).toEqual(['a', 'b'])
})

test('an interrupted run tells how far it came, and no total', () => {
  const passed = result(step('a'), 'passed')
  const ended: StepResult = { ...result(step('b'), 'failed'), outcome: 'interrupted' }
  expect(resultLine(ended)).toBe('– b: interrupted')
  expect(interruption([passed, ended], 12)).toBe('Interrupted: 1 of 12 steps had passed.')
  expect(interruption([passed, result(step('c'), 'failed'), ended], 12)).toBe(
    'Interrupted: 1 of 12 steps had passed, and c had failed.',
  )
})
