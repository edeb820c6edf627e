// Runs language-neutral vectors against the packages; see README.md.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { deviations } from './deviations.ts'
import { deviationReport, jsonReport, textReport } from './report.ts'
import { countCases, runFile, type FileResult } from './run.ts'
import { recognize } from './schemas.ts'
import { readVectors, UnusableInput } from './vector-files.ts'

const usage = 'Usage: npm run conformance -- [directory] [--json] [--deviations]'

interface Options {
  readonly directory: string
  readonly json: boolean
  readonly deviations: boolean
  readonly help: boolean
}

/** @throws UnusableInput */
function optionsOf(args: readonly string[]): Options {
  const flag = { type: 'boolean', default: false } as const
  try {
    const { values, positionals } = parseArgs({
      args: args.filter((arg) => arg !== '--'),
      allowPositionals: true,
      options: { json: flag, deviations: flag, help: { ...flag, short: 'h' } },
    })
    if (positionals.length > 1)
      throw new UnusableInput(
        `One directory at most is expected, not ${positionals.length}. ${usage}.`,
      )
    return { ...values, directory: positionals[0] ?? join(import.meta.dirname, '../vectors') }
  } catch (error) {
    if (error instanceof UnusableInput || !(error instanceof TypeError)) throw error
    throw new UnusableInput(`${error.message.split('. ')[0]}. ${usage}.`)
  }
}

async function main(args: readonly string[]): Promise<number> {
  const options = optionsOf(args)
  if (options.help) {
    process.stdout.write(`${usage}\n`)
    return 0
  }
  const results: FileResult[] = []
  for (const { fileName, content } of readVectors(options.directory)) {
    // eslint-disable-next-line no-await-in-loop -- One file after the other.
    results.push(await runFile(fileName, recognize(fileName, content)))
  }
  if (options.deviations && !options.json)
    process.stdout.write(deviationReport(deviations, results))
  process.stdout.write(options.json ? jsonReport(results) : textReport(results))
  return countCases(results).failed === 0 ? 0 : 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UnusableInput)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
