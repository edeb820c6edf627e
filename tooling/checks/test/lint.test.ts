import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { workspaceRoot } from '../workspace.ts'

/** One fragment of code per file, each of which must break exactly the rules named. */
const core = 'packages/gossip/src'
const time = ['eslint(no-restricted-globals)', 'eslint(no-restricted-properties)']
const switchWithoutDefault = `export const f = (x: 'a' | 'b') => {
  switch (x) {
    case 'a':
      return 1
  }
  return 2
}`

const refused: readonly (readonly [what: string, file: string, code: string, rules: string[]])[] = [
  ['the wall clock', 'wall.ts', 'export const at = Date.now()', time],
  ['a performance counter', 'counter.ts', 'export const at = performance.now()', time],
  ['chance', 'chance.ts', 'export const x = Math.random()', ['eslint(no-restricted-properties)']],
  ['a timer', 'timer.ts', 'setTimeout(() => {}, 1)', ['eslint(no-restricted-globals)']],
  ['the console', 'console.ts', "console.log('x')", ['eslint(no-console)']],
  ['a default export', 'default.ts', 'export default 1', ['import(no-default-export)']],
  ['an import without .ts', 'import.ts', "import './wall'", ['import(extensions)']],
  ['any', 'any.ts', 'export const x: any = 1', ['typescript(no-explicit-any)']],
  ['a loose promise', 'loose.ts', 'Promise.resolve()', ['typescript(no-floating-promises)']],
  [
    'a switch that leaves out a case',
    'switch.ts',
    switchWithoutDefault,
    ['typescript(switch-exhaustiveness-check)'],
  ],
]

const allowed: readonly (readonly [file: string, code: string])[] = [
  ['packages/clock/src/system-clock.ts', 'export const at = performance.now()'],
  ['packages/clock/src/random.ts', 'export const draw = Math.random()'],
  ['packages/gossip/test/step.test.ts', 'export const at = Date.now()'],
]

let broken: ReadonlyMap<string, readonly string[]> = new Map()

beforeAll(() => {
  broken = lint([...refused.map(([, file, code]) => [join(core, file), code] as const), ...allowed])
})

test.each(refused)('the lint refuses %s in a package', (_, file, __, rules) => {
  expect(broken.get(join(core, file))).toEqual(rules)
})

test.each(allowed)('the lint lets %s ask for time and chance', (file) => {
  expect(broken.get(file)).toBeUndefined()
})

/** Lints files under the repository's own settings, elsewhere; the rules broken, by file. */
function lint(files: readonly (readonly [file: string, code: string])[]): typeof broken {
  const folder = mkdtempSync(join(tmpdir(), 'casty-lint-'))
  try {
    const config = join(folder, '.oxlintrc.json')
    copyFileSync(join(workspaceRoot, '.oxlintrc.json'), config)
    const compilerOptions = { strict: true, module: 'nodenext', target: 'es2023' }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
    for (const [file, code] of files) {
      mkdirSync(join(folder, dirname(file)), { recursive: true })
      writeFileSync(join(folder, file), `${code}\n`)
    }
    const { stdout } = spawnSync(
      join(workspaceRoot, 'node_modules/.bin/oxlint'),
      ['--type-aware', '--config', config, '--format', 'unix', folder],
      { cwd: workspaceRoot, encoding: 'utf8' },
    )
    return rulesByFile(folder, stdout)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function rulesByFile(folder: string, output: string): typeof broken {
  const found = new Map<string, readonly string[]>()
  for (const [, path = '', rule = ''] of output.matchAll(/^(.+?):\d+:\d+: .*\[Error\/(.+)\]$/gm)) {
    const file = relative(folder, path)
    found.set(file, [...(found.get(file) ?? []), rule].toSorted())
  }
  return found
}
