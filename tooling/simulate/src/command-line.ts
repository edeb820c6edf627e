// What the command line asks for, as data; a mistake is one sentence that says what to write instead.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

export type Command =
  | { readonly type: 'help' }
  | { readonly type: 'mistake'; readonly message: string }
  | RunSeeds
  | Replay
  | HuntBugs
  | MeasureScale

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

/** Measures large clusters. */
export interface MeasureScale extends Common {
  readonly type: 'measure-scale'
  readonly sizes: readonly number[]
  readonly seed: number
}

export interface Known {
  readonly scenarios: readonly string[]
  readonly bugs: readonly string[]
}

const mostWorkers = 256

export const usage = [
  'Usage: pnpm simulate [--seeds N] [--from N] [--scenario NAME] [--json]',
  '       pnpm simulate --seed N [--scenario NAME] [--diagram [FILE]]',
  '       pnpm simulate --plan FILE [--diagram [FILE]]',
  '       pnpm simulate --bugs [NAME,…]',
  '       pnpm simulate --scale SIZES [--seed N] [--json]',
  '',
  '  --seeds N              run this many seeds (default 100; of each bug at most 200)',
  '  --from N               the first of them (default 1)',
  '  --scenario NAME        only this scenario (default: all)',
  '  --seed N               run one seed, and tell all about it',
  '  --plan FILE            run a plan that was written down when it failed',
  '  --bugs [NAME,…]        switch on seeded bugs, each or these, alone, and see whether it is caught;',
  '                         with --seed or --plan: run that with the bug',
  '  --diagram [FILE]       with --seed or --plan: draw the run, as SVG',
  '  --scale SIZES          measure clusters of so many nodes: 100,1000,3000',
  '  --require-rare-states  fail when a rare state was never reached',
  '  --no-shrink            do not look for smaller plans that fail alike',
  '  --workers N            threads (default: one per core)',
  '  --json                 write JSON lines, for machines',
  '  --help                 show this',
  '',
  'Exit code: 0 nothing was violated, 1 something was (or fewer than 95 % of the bugs were caught),',
  '2 the command line is wrong, 130 interrupted.',
].join('\n')

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
  const common = {
    json: given.json === true,
    workers: integer('--workers', given.workers, 1, mostWorkers) ?? availableParallelism(),
  }
  const scenarios = named('--scenario', 'scenario', given.scenario, known.scenarios)
  const seed = integer('--seed', given.seed, 0)
  const from = integer('--from', given.from, 0)
  const seeds = integer('--seeds', given.seeds, 1)
  const shrink = given['no-shrink'] !== true
  if (given.scale !== undefined) {
    return { type: 'measure-scale', sizes: sizesOf(given.scale), seed: seed ?? 1, ...common }
  }
  const single = seed === undefined ? (given.plan === undefined ? undefined : '--plan') : '--seed'
  if (single !== undefined) {
    if (seed !== undefined && given.plan !== undefined) {
      throw new Mistake('--seed and --plan each name one run: give one of them.')
    }
    if (seeds !== undefined || from !== undefined) {
      throw new Mistake(`${single} names one run: leave out --seeds and --from.`)
    }
    if (given.bugs === '') throw new Mistake(`Name the bug that ${single} is to be run with.`)
    if (given['require-rare-states'] === true) {
      throw new Mistake(`${single} names one run, which cannot reach every rare state.`)
    }
    const [bug, ...others] = given.bugs === undefined ? [] : bugsOf(given.bugs, known)
    if (others.length > 0) {
      throw new Mistake(`Name one bug that ${single} is to be run with, not ${others.length + 1}.`)
    }
    const subject = seed === undefined ? { planFile: given.plan ?? '' } : { seed }
    const { diagram } = given
    if (diagram !== undefined && diagram !== '' && seed !== undefined && scenarios.length > 1) {
      throw new Mistake('--diagram draws one run into FILE: choose it by --scenario.')
    }
    return { type: 'replay', scenarios, subject, bug, diagram, shrink, ...common }
  }
  if (given.diagram !== undefined) {
    throw new Mistake('--diagram draws one run: choose it by --seed or --plan.')
  }
  if (given.bugs !== undefined) {
    const bugs = bugsOf(given.bugs, known)
    return { type: 'hunt-bugs', bugs, from: from ?? 1, seeds: seeds ?? 200, ...common }
  }
  return {
    type: 'run-seeds',
    scenarios,
    from: from ?? 1,
    seeds: seeds ?? 100,
    shrink,
    requireRareStates: given['require-rare-states'] === true,
    ...common,
  }
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    const { values } = parseArgs({
      args: withEmptyValues(argv.filter((argument) => argument !== '--')),
      options: {
        scale: text,
        seeds: text,
        from: text,
        scenario: text,
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

/** Of fewer than three nodes nothing is left when a fifth dies. */
function sizesOf(text: string): readonly number[] {
  return text.split(',').map((size) => integer('--scale', size, 3, 10_000) ?? 0)
}

function integer(
  option: string,
  text: string | undefined,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  const allowed = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`
  throw new Mistake(`${option} is "${text}": give an integer ${allowed}.`)
}

function bugsOf(text: string, { bugs }: Known): readonly string[] {
  return text === '' ? bugs : text.split(',').flatMap((name) => named('--bugs', 'bug', name, bugs))
}

function named(
  option: string,
  what: string,
  name: string | undefined,
  known: readonly string[],
): readonly string[] {
  if (name === undefined) return known
  if (known.includes(name)) return [name]
  throw new Mistake(`${option}: there is no ${what} "${name}", only ${known.join(', ')}.`)
}
