import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { bugs } from '../src/bugs/catalogue.ts'

const main = join(import.meta.dirname, '../src/main.ts')
const folder = mkdtempSync(join(tmpdir(), 'casty-simulate-test-'))
/** Which nearly every run shows. */
const grossBug = 'answers-before-the-journal'

afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly errors: string
}

/** @param whenPrinting - called with the process once it has printed something */
async function simulate(
  args: string,
  whenPrinting?: (child: { kill(signal: NodeJS.Signals): boolean }) => void,
): Promise<Ended> {
  const child = spawn(
    process.execPath,
    ['--conditions=@casty/source', main, ...args.split(' '), '--workers', '2'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: folder, CASTY_LAUNCHED: 'pnpm' },
    },
  )
  let [out, errors] = ['', '']
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  if (whenPrinting) child.stdout.once('data', () => whenPrinting(child))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { code, out, errors }
}

function lines(out: string): readonly Readonly<Record<string, unknown>>[] {
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>) // As the command writes it.
}

test('seeds that hold end with their count, and 0', async () => {
  const { code, out } = await simulate('--seeds 3 --scenario membership')
  expect({ code, last: out.trim().split('\n').at(-1) }).toEqual({
    code: 0,
    last: '3 passed, 0 failed',
  })
})

test('with --json every line is an object, and a seed has the name of its test', async () => {
  const { code, out } = await simulate('--seeds 2 --from 5 --json --scenario membership')
  const runs = lines(out).filter(({ type }) => type === 'run')
  const verdicts = new Map(runs.map(({ name, verdict }) => [name, verdict]))
  expect(verdicts).toEqual(
    new Map([
      ['simulation: membership seed 5', 'passed'],
      ['simulation: membership seed 6', 'passed'],
    ]),
  )
  expect(lines(out).at(-1)).toMatchObject({ type: 'totals', runs: 2, passed: 2, unknown: 0 })
  expect(code).toBe(0)
})

test('a set that misses a rare state fails where that is asked for', async () => {
  const { code, out } = await simulate('--seeds 1 --require-rare-states --scenario membership')
  expect(out).toContain('✗ simulation: membership never reached: ')
  expect(out).toMatch(/1 passed, 1 failed\n$/)
  expect(code).toBe(1)
})

test('a wrong option is answered with one sentence, and 2', async () => {
  const { code, out, errors } = await simulate('--seeds none')
  expect({ code, out, errors }).toEqual({
    code: 2,
    out: '',
    errors: '--seeds is "none": give an integer from 1 to 4294967295.\n',
  })
})

test('a seeded bug is caught, and the seed is told in full, with a smaller plan', async () => {
  const hunt = await simulate(`--bugs ${grossBug} --seeds 50 --json`)
  const [found, score] = lines(hunt.out)
  expect(score).toMatchObject({ type: 'score', caught: 1, bugs: 1, unsound: [] })
  expect(hunt.code).toBe(0)

  const command = String(found?.['replay'])
  const { code, out } = await simulate(command.replace('pnpm simulate ', ''))
  expect(code).toBe(1)
  expect(out).toMatch(/^✗ simulation: journal seed \d+\n {2}\S.*, at \d+\.\d{3} s: /)
  expect(out).toContain(`Repeat it: ${command}\n`)
  expect(out).toMatch(/Made smaller by \d+ runs, from \d+ actions to \d+\./)
  expect(out).toMatch(/ [a-z] {3}violation /)

  const planFile = /pnpm simulate --plan (\S+) --bugs/.exec(out)?.[1] ?? ''
  const told = await simulate(`--plan ${planFile} --bugs ${grossBug}`)
  expect(told.code).toBe(1)
  expect(told.out).toContain(`✗ simulation: journal plan ${planFile}\n`)
  expect(told.out).not.toContain('--seed')
  // The hash below the smaller run is its own.
  const hash = /trace (\w+)/.exec(told.out)?.[1] ?? 'none'
  expect(out).toMatch(new RegExp(`\\nThe smaller run, violated: .*; trace ${hash}\\n`))
  expect(told.out.trimEnd().split('\n').at(-1)).toBe('0 passed, 1 failed')
})

test('a bug that was asked for by name is told with the command that repeats the catch', async () => {
  const { out } = await simulate(`--bugs ${grossBug}`)
  expect(out).toMatch(
    new RegExp(
      `\\n  Repeat it: pnpm simulate --scenario journal --seed \\d+ --bugs ${grossBug}\\n`,
    ),
  )
})

test('the seeded bugs are named, a line each', async () => {
  const { code, out } = await simulate('--bugs list')
  expect(out.trim().split('\n')).toHaveLength(bugs.length)
  expect(out).toContain(`\n${grossBug} `)
  expect(code).toBe(0)
})

test('where nothing can be drawn is said in a sentence before the run, with 2', async () => {
  const ended = await simulate('--seed 2 --scenario membership --diagram /nope/x.svg')
  expect(ended).toEqual({
    code: 2,
    out: '',
    errors: '--diagram: /nope/x.svg cannot be written: there is no folder /nope.\n',
  })
})

test('a seed that holds tells its plan, and draws itself on request', async () => {
  const file = join(folder, 'run.svg')
  const { code, out } = await simulate(`--seed 2 --scenario membership --diagram ${file}`)
  expect(code).toBe(0)
  expect(out).toContain('✓ simulation: membership seed 2\n')
  expect(out).toContain('0.000 s  start a\n')
  expect(existsSync(file) && readFileSync(file, 'utf8')).toMatch(/^<svg /)
})

test.each([
  ['of what is no plan', '{"scenario":"membership"}', /holds no plan/],
  ['of a scenario that nobody knows', planOf('chess'), /no scenario "chess"/],
  ['with an action that nobody knows', planOf('membership', 'castle'), /castle/],
])('a plan file %s is answered with one sentence, and 2', async (_, content, message) => {
  const file = join(folder, `${content.length}.json`)
  writeFileSync(file, content)
  const { code, errors } = await simulate(`--plan ${file}`)
  expect(errors).toMatch(message)
  expect(errors.trim().split('\n')).toHaveLength(1)
  expect(code).toBe(2)
})

function planOf(scenario: string, type = 'start'): string {
  const actions = [{ at: 0, type, parameters: { host: 'a' } }]
  const hosts = [{ name: 'a' }, { name: 'b' }]
  return JSON.stringify({ scenario, seed: 1, hosts, settings: {}, chaosMs: 10, off: [], actions })
}

test('a seeded bug that is not caught is named, and fails the hunt', async () => {
  // In this run nobody who watches a single other stands still for long.
  const { code, out } = await simulate('--bugs own-stalls-unnoticed --seeds 1 --from 2 --json')
  expect(lines(out)).toMatchObject([
    { type: 'bug', name: 'own-stalls-unnoticed', runs: 1 },
    { type: 'score', caught: 0, bugs: 1 },
  ])
  expect(code).toBe(1)
})

test('an interrupted set of runs tells what it came to, and ends with 130', async () => {
  const { code, out } = await simulate('--seeds 1000000 --json --scenario membership', (child) =>
    child.kill('SIGINT'),
  )
  const last = lines(out).at(-1)
  expect(last).toMatchObject({ type: 'totals', violated: 0 })
  expect(Number(last?.['runs'])).toBeGreaterThan(0)
  expect(code).toBe(130)
})

test('it ends quietly when nobody reads on, as in a pipe to head', async () => {
  const child = spawn(process.execPath, ['--conditions=@casty/source', main, '--bugs', 'list'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect({ code, errors }).toEqual({ code: 141, errors: '' })
})
