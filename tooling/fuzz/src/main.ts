// Damaged bytes for every decoder of what a peer sends; see README.md.
import { readCommandLine, usage } from './command-line.ts'
import { corpusOf } from './corpus.ts'
import { decoders } from './decoders.ts'
import { fuzz, type FuzzReport } from './fuzz.ts'

const known = decoders.map(({ name }) => name)
const command = readCommandLine(process.argv.slice(2), known)

switch (command.type) {
  case 'help':
    console.log(usage(known))
    break
  case 'mistake':
    console.error(`${command.message}\n\n${usage(known)}`)
    process.exitCode = 2
    break
  case 'fuzz': {
    // Most of the time would go into stack traces that nobody reads.
    Error.stackTraceLimit = 0
    const reports = decoders
      .filter(({ name }) => command.names.includes(name))
      .map((decoder) => {
        const progress = (done: number): void => showProgress(`${decoder.name}: ${done}`)
        const corpus = corpusOf(decoder.name)
        const report = fuzz(decoder, { ...command, corpus, progress })
        clearProgress()
        if (!command.json) console.log(lineOf(report))
        return report
      })
    if (command.json) console.log(JSON.stringify(reports, null, 2))
    if (reports.some(({ findings }) => findings.length > 0)) process.exitCode = 1
  }
}

function lineOf({
  decoder,
  inputs,
  read,
  refused,
  slowestMs,
  slowestHex,
  findings,
}: FuzzReport): string {
  return [
    `${decoder}: ${inputs} inputs, ${read} read, ${refused} refused, slowest ${slowestMs.toFixed(1)} ms ` +
      `(${slowestHex.length / 2} bytes), ${findings.length} not borne`,
    ...findings.map(({ hex, what }) => `  ${what}: ${hex}`),
  ].join('\n')
}

/** On a terminal alone: one line that is rewritten. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`)
  else if (text.endsWith('000000')) process.stderr.write(`${text}\n`)
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K')
}
