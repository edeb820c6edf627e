import { parseArgs } from 'node:util'

export type Command =
  | {
      readonly type: 'run'
      readonly names: readonly string[]
      readonly json: boolean
      /** undefined where each scenario chooses */
      readonly repetitions: number | undefined
    }
  | { readonly type: 'help' }
  | { readonly type: 'mistake'; readonly message: string }

const mostRepetitions = 100

/** @param known - the names of all scenarios; without a name on the command line, all of them run */
export function readCommandLine(argv: readonly string[], known: readonly string[]): Command {
  const parsed = parse(argv)
  if (parsed instanceof Error) return { type: 'mistake', message: parsed.message }
  if (parsed.values.help) return { type: 'help' }
  const unknown = parsed.positionals.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    const message = `There is no scenario "${unknown}", only ${known.join(', ')}.`
    return { type: 'mistake', message }
  }
  const given = parsed.values.repetitions
  const repetitions = given === undefined ? undefined : Number(given)
  if (repetitions !== undefined && !isAllowed(repetitions)) {
    const message = `--repetitions is "${given}": give an integer from 1 to ${mostRepetitions}.`
    return { type: 'mistake', message }
  }
  const names = parsed.positionals.length > 0 ? [...new Set(parsed.positionals)] : known
  return { type: 'run', names, json: parsed.values.json, repetitions }
}

function isAllowed(repetitions: number): boolean {
  return Number.isInteger(repetitions) && repetitions >= 1 && repetitions <= mostRepetitions
}

export function usage(scenarios: readonly { name: string; description: string }[]): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length))
  return [
    'Usage: npm run bench -- [scenario...] [--repetitions N] [--json]',
    '',
    ...scenarios.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`),
    '',
    'Without a scenario, all run. Tables go to stdout, progress to stderr.',
    '  --repetitions N  measure each figure N times, interleaved (default 5; 3 of what takes long)',
    '  --json           write one JSON document with every sample instead of tables',
    '  --help           show this',
  ].join('\n')
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        repetitions: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    // What `parseArgs` throws says which flag is wrong; anything else is a bug.
    if (error instanceof TypeError) return error
    throw error
  }
}
