import { parseArgs } from 'node:util'

export type Command =
  | {
      readonly type: 'fuzz'
      readonly names: readonly string[]
      readonly inputs: number
      readonly seed: number
      readonly json: boolean
      readonly workers: number
      /** Where what is done is kept. */
      readonly keep: string | undefined
    }
  | { readonly type: 'help' }
  | { readonly type: 'mistake'; readonly message: string }

/** @param known - the names of all decoders; without one on the command line, all of them are tried */
export function readCommandLine(argv: readonly string[], known: readonly string[]): Command {
  const parsed = parse(argv)
  if (parsed instanceof Error) return { type: 'mistake', message: parsed.message }
  const { help, json, decoder: names = known, inputs, seed, workers, keep } = parsed.values
  if (help) return { type: 'help' }
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    return mistake(`There is no decoder "${unknown}", only ${known.join(', ')}.`)
  }
  if (!isWhole(inputs, 1)) return mistake(`--inputs is "${inputs}": give an integer of at least 1.`)
  if (!isWhole(seed, 0)) return mistake(`--seed is "${seed}": give an integer of at least 0.`)
  if (!isWhole(workers, 1)) {
    return mistake(`--workers is "${workers}": give an integer of at least 1.`)
  }
  return {
    type: 'fuzz',
    names,
    inputs: Number(inputs),
    seed: Number(seed),
    json,
    workers: Number(workers),
    keep,
  }
}

export function usage(known: readonly string[]): string {
  return [
    'Usage: npm run fuzz -- [--decoder NAME]... [--inputs N] [--seed N] [--workers N] [--keep FILE] [--json]',
    '',
    `  --decoder NAME  one of ${known.join(', ')}; all where none is named`,
    '  --inputs N      damaged inputs for each decoder (default 100,000)',
    '  --seed N        of the damage (default 1)',
    '  --workers N     threads that share the inputs (default 1); what is tried is the same',
    '  --keep FILE     where what is done is kept, share by share: started again with it, the run goes on',
    '  --json          write one JSON document',
    '  --help          show this',
    '',
    'Exits with 1 where a decoder does not bear an input, which is printed in hexadecimal.',
  ].join('\n')
}

function isWhole(text: string, least: number): boolean {
  return Number.isSafeInteger(Number(text)) && Number(text) >= least
}

function mistake(message: string): Command {
  return { type: 'mistake', message }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        decoder: { type: 'string', multiple: true },
        inputs: { type: 'string', default: '100000' },
        seed: { type: 'string', default: '1' },
        workers: { type: 'string', default: '1' },
        keep: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    // What `parseArgs` throws says which flag is wrong; anything else is a bug.
    if (error instanceof TypeError) return error
    throw error
  }
}
