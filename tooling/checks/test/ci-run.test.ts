import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect, test } from 'vitest'
import { workspaceRoot } from '../workspace.ts'

/** Runs `.ci/run` with an `npm` that prints the given lines and ends with the given code. */
function ciRun(lines: readonly string[], exitCode: number) {
  const folder = mkdtempSync(join(tmpdir(), 'casty-ci-'))
  try {
    const npm = join(folder, 'npm')
    const echoes = lines.map((line) => `printf '%b\\n' '${line}'`).join('\n')
    writeFileSync(
      npm,
      `#!/bin/sh\n[ "$1 $CI" = 'test true' ] || exit 9\n${echoes}\nexit ${exitCode}\n`,
    )
    chmodSync(npm, 0o755)
    const { status, stdout } = spawnSync('bash', [join(workspaceRoot, '.ci', 'run')], {
      encoding: 'utf8',
      env: { ...process.env, PATH: [folder, process.env['PATH']].join(delimiter) },
    })
    return { status, printed: stdout, lastLine: stdout.trimEnd().split('\n').at(-1) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('a good run ends with its totals and exit code 0', () => {
  const run = ciRun(['✓ tests', '12 passed, 0 failed'], 0)
  expect(run).toMatchObject({ status: 0, lastLine: '12 passed, 0 failed' })
  expect(run.printed).toContain('✓ tests')
})

test.each([
  ['with failures', ['10 passed, 2 failed'], 1, '10 passed, 2 failed'],
  ['that counts none but ends with an error', ['10 passed, 0 failed'], 1, '10 passed, 1 failed'],
  ['that breaks off before it has counted', ['installing'], 1, '0 passed, 1 failed'],
  ['in which nothing ran', ['0 passed, 0 failed'], 0, '0 passed, 1 failed'],
  ['that says nothing', [], 0, '0 passed, 1 failed'],
])('a run %s has failed', (_, lines, exitCode, lastLine) => {
  expect(ciRun(lines, exitCode)).toMatchObject({ status: 1, lastLine })
})

test('totals are found behind bytes that are no text', () => {
  const lines = ['at /\\000@oxc-project+runtime/usingCtx.js:43:25', '12 passed, 0 failed']
  expect(ciRun(lines, 0)).toMatchObject({ status: 0, lastLine: '12 passed, 0 failed' })
})

test('the totals are the last ones of the run, not those of a step', () => {
  const lines = ['3 passed, 0 failed', '9 passed, 0 failed', '  | 1 passed, 1 failed']
  expect(ciRun(lines, 0)).toMatchObject({ status: 0, lastLine: '9 passed, 0 failed' })
})
