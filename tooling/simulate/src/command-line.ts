// What the command line asks for, as data; a mistake is one sentence that says what to write instead.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { scalePhases, type ScalePhase } from '@casty/simulation'
import { nearest } from './nearest.ts'

export type Command =
  | { readonly type: 'help' }
  | { readonly type: 'mistake'; readonly message: string }
  | Work

/** What takes a while, and comes to an exit code. */
export type Work = RunSeeds | RunSuite | Replay | HuntBugs | ListBugs | MeasureScale

interface Common {
  readonly json: boolean
  readonly workers: number
}

/** Runs many seeds, and explains those that fail. */
export interface RunSeeds extends Common {
  readonly type: 'run-seeds'
  readonly scenarios: readonly string[]
  readonly from: number
  readonly seeds: number
  readonly shrink: boolean
  readonly requireRareStates: boolean
}

/** Runs seeds that are always the same. */
export interface RunSuite extends Common {
  readonly type: 'run-suite'
  readonly suite: string
  readonly shrink: boolean
}

/** Runs one seed, or one plan, and tells all about it. */
export interface Replay extends Common {
  readonly type: 'replay'
  readonly scenarios: readonly string[]
  readonly subject: { readonly seed: number } | { readonly planFile: string }
  /** The seeded bug to run it with. */
  readonly bug: string | undefined
  /** Draw the run; into this file, or, `''`, one for temporary files. */
  readonly diagram: string | undefined
  readonly shrink: boolean
}

/** Switches seeded bugs on, one at a time, and counts those that are caught. */
export interface HuntBugs extends Common {
  readonly type: 'hunt-bugs'
  readonly bugs: readonly string[]
  readonly from: number
  readonly seeds: number
}

/** Names the seeded bugs. */
export interface ListBugs extends Common {
  readonly type: 'list-bugs'
}

/** Measures large clusters. */
export interface MeasureScale extends Common {
  readonly type: 'measure-scale'
  readonly sizes: readonly number[]
  readonly seed: number
  /** Phases that are left out. */
  readonly without: readonly ScalePhase[]
}

export interface Known {
  readonly scenarios: readonly string[]
  readonly suites: readonly string[]
  /** Each with the scenario that is to catch it. */
  readonly bugs: readonly { readonly name: string; readonly scenario: string }[]
}

const mostWorkers = 256
/** Worlds draw from 32 bits: a larger seed would be a smaller one again. */
const largestSeed = 4_294_967_295

export function readCommandLine(argv: readonly string[], known: Known): Command {
  try {
    return read(argv, known)
  } catch (error) {
    if (error instanceof Mistake) return { type: 'mistake', message: error.message }
    throw error
  }
}

/** What is wrong with the command line. */
class Mistake extends Error {}

function read(argv: readonly string[], known: Known): Command {
  const given = parse(argv)
  if (given.help === true) return { type: 'help' }
  // Also what does not matter to this command has to be right.
  const valid: Valid = {
    json: given.json === true,
    workers: integer('--workers', given.workers, 1, mostWorkers) ?? availableParallelism(),
    scenarios: given.scenario === undefined ? known.scenarios : [scenarioOf(given.scenario, known)],
    seed: integer('--seed', given.seed, 0, largestSeed),
    from: integer('--from', given.from, 0, largestSeed),
    seeds: integer('--seeds', given.seeds, 1, largestSeed),
  }
  if ((valid.from ?? 1) + (valid.seeds ?? 1) - 1 > largestSeed) {
    throw new Mistake(`--from and --seeds go beyond the largest seed, ${largestSeed}.`)
  }
  if (given.bugs === 'list') {
    return { type: 'list-bugs', json: valid.json, workers: valid.workers }
  }
  if (given.suite !== undefined) return readRunSuite(given, given.suite, valid, known)
  if (given.scale !== undefined) return readMeasureScale(given.scale, given.without, valid)
  if (given.without !== undefined) throw new Mistake('--without leaves phases out of --scale.')
  if (given.seed !== undefined || given.plan !== undefined) return readReplay(given, valid, known)
  if (given.diagram !== undefined) {
    throw new Mistake('--diagram draws one run: choose it by --seed or --plan.')
  }
  return given.bugs === undefined
    ? readRunSeeds(given, valid)
    : readHuntBugs(given, given.bugs, valid, known)
}

/** Values as text, by option. */
type Given = ReturnType<typeof parse>

/** Values that have been checked. */
interface Valid extends Common {
  readonly scenarios: readonly string[]
  readonly seed: number | undefined
  readonly from: number | undefined
  readonly seeds: number | undefined
}

function readReplay(given: Given, valid: Valid, known: Known): Replay {
  const { bugs, diagram, plan } = given
  const { json, workers, scenarios, seed, from, seeds } = valid
  const single = seed === undefined ? '--plan' : '--seed'
  if (seed !== undefined && plan !== undefined) {
    throw new Mistake('--seed and --plan each name one run: give one of them.')
  }
  if (seeds !== undefined || from !== undefined) {
    throw new Mistake(`${single} names one run: leave out --seeds and --from.`)
  }
  if (bugs === '') throw new Mistake(`Name the bug that ${single} is to be run with.`)
  if (given['require-rare-states'] === true) {
    throw new Mistake(`${single} names one run, which cannot reach every rare state.`)
  }
  const [bug, ...others] = bugs === undefined ? [] : readBugs(bugs, known)
  if (others.length > 0) {
    throw new Mistake(`Name one bug that ${single} is to be run with, not ${others.length + 1}.`)
  }
  if (diagram !== undefined && diagram !== '' && seed !== undefined && scenarios.length > 1) {
    throw new Mistake('--diagram draws one run into FILE: choose it by --scenario.')
  }
  const subject = seed === undefined ? { planFile: plan ?? '' } : { seed }
  const shrink = given['no-shrink'] !== true
  return { type: 'replay', json, workers, scenarios, subject, bug, diagram, shrink }
}

/** Each bug is hunted in a scenario of its own: to name one leaves out the bugs of the others. */
function readHuntBugs(given: Given, list: string, valid: Valid, known: Known): HuntBugs {
  const { json, workers, scenarios, from = 1, seeds = 200 } = valid
  const named = readBugs(list, known)
  const foreign = named.filter((name) =>
    known.bugs.some((bug) => bug.name === name && !scenarios.includes(bug.scenario)),
  )
  const bugs = named.filter((name) => !foreign.includes(name))
  const [first] = foreign
  if (given.scenario !== undefined && first !== undefined && (list !== '' || bugs.length === 0)) {
    const { scenario } = known.bugs.find(({ name }) => name === first) ?? {}
    throw new Mistake(
      `--bugs: "${first}" is hunted in the scenario ${scenario}: leave out --scenario.`,
    )
  }
  return { type: 'hunt-bugs', json, workers, bugs, from, seeds }
}

function readRunSeeds(given: Given, valid: Valid): RunSeeds {
  const { json, workers, scenarios, from = 1, seeds = 100 } = valid
  const shrink = given['no-shrink'] !== true
  const requireRareStates = given['require-rare-states'] === true
  return { type: 'run-seeds', json, workers, scenarios, from, seeds, shrink, requireRareStates }
}

/** Which seeds of which scenarios it runs is written down. */
function readRunSuite(given: Given, suite: string, valid: Valid, { suites }: Known): RunSuite {
  if (!suites.includes(suite)) {
    throw new Mistake(`--suite: there is no "${suite}", only ${suites.join(', ')}.`)
  }
  const chosen = ['scenario', 'seeds', 'from', 'seed', 'plan', 'bugs', 'diagram', 'scale'] as const
  const foreign = chosen.find((option) => given[option] !== undefined)
  if (foreign !== undefined) {
    throw new Mistake(`--suite says itself what it runs: leave out --${foreign}.`)
  }
  const { json, workers } = valid
  return { type: 'run-suite', json, workers, suite, shrink: given['no-shrink'] !== true }
}

function readMeasureScale(
  list: string,
  without: string | undefined,
  { json, workers, seed = 1 }: Valid,
): MeasureScale {
  const phases = without === undefined ? [] : without.split(',').map(phaseOf)
  return { type: 'measure-scale', json, workers, sizes: sizesOf(list), seed, without: phases }
}

function phaseOf(name: string): ScalePhase {
  const phase = scalePhases.find((known) => known === name)
  if (phase !== undefined) return phase
  throw new Mistake(`--without: there is no phase "${name}", but ${scalePhases.join(', ')}.`)
}

/** Of fewer than three nodes nothing is left when a fifth dies. */
function sizesOf(text: string): readonly number[] {
  return text.split(',').map((size) => integer('--scale', size, 3, 10_000) ?? 0)
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    const { values } = parseArgs({
      args: withEmptyValues(withNegativeNumbers(argv.filter((argument) => argument !== '--'))),
      options: {
        scale: text,
        without: text,
        seeds: text,
        from: text,
        scenario: text,
        suite: text,
        seed: text,
        plan: text,
        bugs: text,
        diagram: text,
        workers: text,
        'require-rare-states': flag,
        'no-shrink': flag,
        json: flag,
        help: { ...flag, short: 'h' },
      },
    })
    return values
  } catch (error) {
    // What `parseArgs` throws says which option is wrong; anything else is a bug.
    if (!(error instanceof TypeError)) throw error
    throw new Mistake(`${error.message.split(/\.\s/)[0]?.replace(/\.$/, '')}. See --help.`)
  }
}

const valueIsOptional: readonly string[] = ['--bugs', '--diagram']

/** `parseArgs` does not know of options that may do without a value. */
function withEmptyValues(argv: readonly string[]): string[] {
  return argv.map((argument, index) => {
    const next = argv[index + 1]
    return valueIsOptional.includes(argument) && (next === undefined || next.startsWith('-'))
      ? `${argument}=`
      : argument
  })
}

/** Joins a negative number to its option, so that it is told what is wrong with the number. */
function withNegativeNumbers(argv: readonly string[]): string[] {
  const isNegative = (text: string | undefined): boolean => /^-\d/.test(text ?? '')
  return argv.flatMap((argument, index) => {
    if (/^--\w+$/.test(argument) && isNegative(argv[index + 1])) {
      return [`${argument}=${argv[index + 1]}`]
    }
    return isNegative(argument) && index > 0 ? [] : [argument]
  })
}

function integer(
  option: string,
  text: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new Mistake(`${option} is "${text}": give an integer from ${least} to ${most}.`)
}

/** An empty list names all. */
function readBugs(list: string, known: Known): readonly string[] {
  const bugs = known.bugs.map(({ name }) => name)
  if (list === '') return bugs
  const names = list.split(',')
  const unknown = names.find((name) => !bugs.includes(name))
  if (unknown === undefined) return names
  const meant = nearest(unknown, bugs)
  const hint = meant.length === 0 ? '' : `; near it are ${meant.join(', ')}`
  throw new Mistake(`--bugs: there is no bug "${unknown}"${hint}. --bugs list names all.`)
}

function scenarioOf(name: string, { scenarios }: Known): string {
  if (scenarios.includes(name)) return name
  throw new Mistake(`--scenario: there is no "${name}", only ${scenarios.join(', ')}.`)
}
