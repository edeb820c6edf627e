import { expect, test } from 'vitest'
import { readCommandLine } from '../src/command-line.ts'
import { scenarios } from '../src/scenarios.ts'
import { suiteNamed, suiteNames } from '../src/suites.ts'
import { usage } from '../src/usage.ts'

const known = {
  scenarios: ['membership', 'sharding', 'chess'],
  suites: ['short', 'long'],
  bugs: [
    { name: 'late', scenario: 'membership' },
    { name: 'lost', scenario: 'membership' },
    { name: 'twice', scenario: 'sharding' },
  ],
}
const bugs = known.bugs.map(({ name }) => name)

function read(text: string): ReturnType<typeof readCommandLine> {
  return readCommandLine(text === '' ? [] : text.split(' '), known)
}

test('without options a hundred seeds of every scenario are run', () => {
  expect(read('')).toMatchObject({
    type: 'run-seeds',
    scenarios: known.scenarios,
    from: 1,
    seeds: 100,
    shrink: true,
    requireRareStates: false,
    json: false,
  })
})

test('a set of seeds is chosen by where it begins and how many there are', () => {
  const options = '--seeds 20 --from 7 --scenario sharding --workers 3 --no-shrink --json'
  expect(read(`${options} --require-rare-states`)).toEqual({
    type: 'run-seeds',
    scenarios: ['sharding'],
    from: 7,
    seeds: 20,
    workers: 3,
    shrink: false,
    requireRareStates: true,
    json: true,
  })
})

test('a suite names its seeds itself', () => {
  expect(read('--suite short --workers 1')).toEqual({
    type: 'run-suite',
    suite: 'short',
    shrink: true,
    workers: 1,
    json: false,
  })
})

test.each(suiteNames)('the suite %s has seeds of scenarios that there are', (name) => {
  const sets = suiteNamed(name)
  expect(sets.length).toBeGreaterThan(0)
  for (const { scenario, seeds } of sets) {
    expect(scenarios.map((known) => known.name)).toContain(scenario)
    expect(seeds).toBeGreaterThan(0)
  }
})

test.each([
  ['--seed 17', { subject: { seed: 17 }, bug: undefined, diagram: undefined }],
  ['--plan plan.json', { subject: { planFile: 'plan.json' } }],
  ['--seed 17 --bugs late', { bug: 'late' }],
  ['--seed 17 --diagram', { diagram: '' }],
  ['--seed 17 --diagram --no-shrink', { diagram: '', shrink: false }],
  ['--seed 17 --scenario sharding --diagram run.svg', { diagram: 'run.svg' }],
  ['--plan plan.json --diagram run.svg', { diagram: 'run.svg' }],
])('%s replays one run', (text, expected) => {
  expect(read(text)).toMatchObject({ type: 'replay', ...expected })
})

test.each([
  ['--bugs', { bugs, from: 1, seeds: 200 }],
  ['--bugs --json', { bugs, json: true }],
  ['--bugs late', { bugs: ['late'] }],
  ['--bugs --scenario membership', { bugs: ['late', 'lost'] }],
  ['--bugs twice --scenario sharding', { bugs: ['twice'] }],
  ['--bugs twice,late --seeds 20 --from 3', { bugs: ['twice', 'late'], from: 3, seeds: 20 }],
])('%s hunts for bugs', (text, expected) => {
  expect(read(text)).toMatchObject({ type: 'hunt-bugs', ...expected })
})

test.each([
  ['--scale 100,3000', { sizes: [100, 3_000], without: [] }],
  ['--scale 300 --without frozen,killed', { sizes: [300], without: ['frozen', 'killed'] }],
])('%s measures large clusters', (text, expected) => {
  expect(read(text)).toMatchObject({ type: 'measure-scale', ...expected })
})

test('--bugs list asks for their names', () => {
  expect(read('--bugs list')).toMatchObject({ type: 'list-bugs', json: false })
})

test.each(['--help', '-h', '--seeds 3 --help'])('%s asks for help', (text) => {
  expect(read(text)).toEqual({ type: 'help' })
})

test.each([
  ['--seeds 0', '--seeds is "0": give an integer from 1 to 4294967295.'],
  ['--seeds many', '--seeds is "many": give an integer from 1 to 4294967295.'],
  ['--from=-1', '--from is "-1": give an integer from 0 to 4294967295.'],
  ['--seed 1.5', '--seed is "1.5": give an integer from 0 to 4294967295.'],
  ['--workers 0', '--workers is "0": give an integer from 1 to 256.'],
  ['--scenario go', '--scenario: there is no "go", only membership, sharding, chess.'],
  ['--suite tiny', '--suite: there is no "tiny", only short, long.'],
  ['--suite short --seeds 3', '--suite says itself what it runs: leave out --seeds.'],
  ['--seeds -1', '--seeds is "-1": give an integer from 1 to 4294967295.'],
  ['--seeds 4294967296', '--seeds is "4294967296": give an integer from 1 to 4294967295.'],
  ['--from 4294967295 --seeds 2', '--from and --seeds go beyond the largest seed, 4294967295.'],
  ['--bugs late,lots', '--bugs: there is no bug "lots"; near it are lost. --bugs list names all.'],
  ['--bugs zzz', '--bugs: there is no bug "zzz". --bugs list names all.'],
  ['--without idle', '--without leaves phases out of --scale.'],
  [
    '--scale 9 --without sleep',
    '--without: there is no phase "sleep", but forming, idle, changes, joins, loss-0, loss-10, ' +
      'loss-30, frozen, stalls, aged-changes, killed.',
  ],
  ['--seed 1 --plan p', '--seed and --plan each name one run: give one of them.'],
  ['--seed 1 --seeds 2', '--seed names one run: leave out --seeds and --from.'],
  ['--plan p --from 2', '--plan names one run: leave out --seeds and --from.'],
  ['--seed 1 --bugs', 'Name the bug that --seed is to be run with.'],
  ['--seed 1 --bugs late,lost', 'Name one bug that --seed is to be run with, not 2.'],
  [
    '--bugs twice --scenario membership',
    '--bugs: "twice" is hunted in the scenario sharding: leave out --scenario.',
  ],
  [
    '--bugs --scenario chess',
    '--bugs: "late" is hunted in the scenario membership: leave out --scenario.',
  ],
  ['--diagram', '--diagram draws one run: choose it by --seed or --plan.'],
  ['--seed 1 --diagram x.svg', '--diagram draws one run into FILE: choose it by --scenario.'],
  ['--seed 1 --require-rare-states', '--seed names one run, which cannot reach every rare state.'],
])('%s is answered with what is wrong', (text, message) => {
  expect(read(text)).toEqual({ type: 'mistake', message })
})

test.each(['--frobnicate', '--seed', '--json=yes', 'membership'])(
  '%s is answered with one sentence, and the way to help',
  (text) => {
    const command = read(text)
    const message = command.type === 'mistake' ? command.message : ''
    expect(message).toMatch(/^[^\n]+\. See --help\.$/)
  },
)

test('help names every option', () => {
  const options = [
    'seeds',
    'from',
    'scenario',
    'suite',
    'seed',
    'plan',
    'bugs',
    'diagram',
    'workers',
    'json',
  ]
  for (const option of [...options, 'require-rare-states', 'no-shrink', 'help']) {
    expect(usage).toContain(`--${option}`)
  }
})

test('the usage names every scenario there is', () => {
  expect(scenarios.filter(({ name }) => !usage.includes(` ${name}\n`))).toEqual([])
  expect(scenarios.length).toBeGreaterThan(0)
})
