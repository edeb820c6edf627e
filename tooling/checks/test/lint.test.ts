import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { workspaceRoot } from '../workspace.ts'

/** The rules that one line of code breaks when it stands in the given file. */
function brokenRules(file: string, code: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'casty-lint-'))
  try {
    const config = join(folder, '.oxlintrc.json')
    copyFileSync(join(workspaceRoot, '.oxlintrc.json'), config)
    const compilerOptions = { strict: true, module: 'nodenext', target: 'es2023' }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
    mkdirSync(join(folder, dirname(file)), { recursive: true })
    writeFileSync(join(folder, file), `${code}\n`)
    const { stdout } = spawnSync(
      join(workspaceRoot, 'node_modules/.bin/oxlint'),
      ['--type-aware', '--config', config, '--format', 'unix', folder],
      { cwd: workspaceRoot, encoding: 'utf8' },
    )
    return [...stdout.matchAll(/\[Error\/(.+)\]$/gm)].flatMap((match) => match[1] ?? []).toSorted()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const core = 'packages/gossip/src/step.ts'
const time = ['eslint(no-restricted-globals)', 'eslint(no-restricted-properties)']

test.each([
  ['the wall clock', 'export const at = Date.now()', time],
  ['a performance counter', 'export const at = performance.now()', time],
  ['chance', 'export const draw = Math.random()', ['eslint(no-restricted-properties)']],
  ['a timer', 'setTimeout(() => {}, 1)', ['eslint(no-restricted-globals)']],
  ['the console', "console.log('x')", ['eslint(no-console)']],
  ['a default export', 'export default 1', ['import(no-default-export)']],
  ['an import without .ts', "import './other'", ['import(extensions)']],
  ['any', 'export const x: any = 1', ['typescript(no-explicit-any)']],
  ['a promise nobody awaits', 'Promise.resolve()', ['typescript(no-floating-promises)']],
  [
    'a switch that leaves out a case',
    "export const f = (x: 'a' | 'b') => {\n  switch (x) {\n    case 'a':\n      return 1\n  }\n  return 2\n}",
    ['typescript(switch-exhaustiveness-check)'],
  ],
])('the lint refuses %s in a package', (_, code, rules) => {
  expect(brokenRules(core, code)).toEqual(rules)
})

test.each([
  ['packages/clock/src/system-clock.ts', 'export const at = performance.now()'],
  ['packages/clock/src/random.ts', 'export const draw = Math.random()'],
  ['packages/gossip/test/step.test.ts', 'export const at = Date.now()'],
])('the lint lets %s ask for time and chance', (file, code) => {
  expect(brokenRules(file, code)).toEqual([])
})
