import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunResult } from '@casty/simulation'
import { afterAll, expect, test, vi } from 'vitest'
import type { Replay } from '../src/command-line.ts'
import { Output } from '../src/output.ts'
import { Progress } from '../src/progress.ts'
import { replayBy } from '../src/replay.ts'
import type { Outcome, Task } from '../src/task.ts'

const folder = mkdtempSync(join(tmpdir(), 'casty-simulate-test-'))
vi.stubEnv('TMPDIR', folder)
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

/** Scenarios that are named for how they end. */
function ended({ scenario: name }: Task): Outcome {
  const verdict = name as RunResult['verdict'] // As the tests below name them.
  const reason = [{ checker: 'all agree', at: 5, text: 'a and b do not' }]
  const result: RunResult = {
    plan: { scenario: name, seed: 1, hosts: [], settings: {}, chaosMs: 0, off: [], actions: [] },
    verdict,
    violations: verdict === 'violated' ? reason : [],
    unknown: verdict === 'unknown' ? reason : [],
    traceHash: `${name}-hash`,
    events: 10,
    virtualMs: 60_000,
    reached: new Map(),
    performed: new Map(),
    diskFaults: {},
    healing: [],
    lastEvents: new Map([
      ['a', [{ type: 'note', at: 1, host: 'a', kind: 'log', text: `an event of ${name}` }]],
    ]),
    trace: undefined,
  }
  return { result, wallMs: 1, shrunk: undefined, diagram: undefined }
}

async function told(
  scenarios: readonly string[],
  carryOut: (task: Task) => Outcome = ended,
): Promise<{ readonly code: number; readonly out: string }> {
  let out = ''
  const output = new Output(false, (text) => (out += text), new Progress({ write: () => true }))
  const command: Replay = {
    type: 'replay',
    scenarios,
    subject: { seed: 1 },
    bug: undefined,
    diagram: undefined,
    shrink: true,
    json: false,
    workers: 1,
  }
  const hand = { carryOut: async (task: Task) => await Promise.resolve(carryOut(task)) }
  const code = await replayBy(hand, command, output)
  return { code, out }
}

test('of several runs those that failed are told last, above the count', async () => {
  const { code, out } = await told(['violated', 'passed', 'unknown'])
  const titles = out.split('\n').filter((line) => /^[✓✗?] /.test(line))
  expect(titles).toEqual([
    '✓ simulation: passed seed 1',
    '? simulation: unknown seed 1',
    '✗ simulation: violated seed 1',
  ])
  expect(out.endsWith('\n\n1 passed, 1 failed, 1 unknown\n')).toBe(true)
  expect(code).toBe(1)
})

test('a run that holds tells no events', async () => {
  const { out } = await told(['violated', 'passed', 'unknown'])
  expect(out.match(/an event of \w+/g)).toEqual(['an event of unknown', 'an event of violated'])
})

test('a plan is told of a run that holds where it is the only one', async () => {
  expect((await told(['passed'])).out).toContain('The plan:')
  expect((await told(['passed', 'passed'])).out).not.toContain('The plan:')
})

test('a run that was made smaller and the whole one each end with a hash of their own', async () => {
  const { out } = await told(['violated'], (task) => {
    const whole = ended(task)
    const result = { ...whole.result, traceHash: 'small-hash' }
    return { ...whole, shrunk: { plan: result.plan, result, runs: 3 } }
  })
  const ends = out.split('\n').filter((line) => line.includes('trace'))
  expect(ends).toEqual([
    'The smaller run, violated: 10 events in 1 min 0 s of virtual time; trace small-hash',
    'The whole run, violated: 10 events in 1 min 0 s of virtual time; trace violated-hash',
  ])
})
