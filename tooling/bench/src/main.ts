import { readCommandLine, usage } from './command-line.ts'
import { renderTable } from './render.ts'
import { jsonReport, machine, type ScenarioResult } from './report.ts'
import { scenarios } from './scenarios.ts'

const usualRepetitions = 5
const known = scenarios.map(({ name }) => name)
const command = readCommandLine(process.argv.slice(2), known)

switch (command.type) {
  case 'help':
    console.log(usage(scenarios))
    break
  case 'mistake':
    console.error(`${command.message}\n\n${usage(scenarios)}`)
    process.exitCode = 2
    break
  case 'run':
    await runAll(command.names, command.repetitions, command.json)
    break
}

async function runAll(
  names: readonly string[],
  wanted: number | undefined,
  json: boolean,
): Promise<void> {
  const { node, cpu, cores } = machine()
  if (!json) console.log(`Node ${node}, ${cores} cores (${cpu})\n`)
  const results: ScenarioResult[] = []
  for (const scenario of scenarios.filter(({ name }) => names.includes(name))) {
    const { name } = scenario
    const repetitions = wanted ?? scenario.repetitions ?? usualRepetitions
    const progress = (what: string): void => showProgress(`${name}: ${what}`)
    const table = await scenario.run({ repetitions, progress })
    clearProgress()
    results.push({ name, repetitions, table })
    if (!json) console.log(`${renderTable(table)}\n${repetitions} repetitions\n`)
  }
  if (json) console.log(jsonReport(results))
}

/** One line that is rewritten on a terminal, a line each elsewhere. */
function showProgress(text: string): void {
  clearProgress()
  process.stderr.write(process.stderr.isTTY ? text : `${text}\n`)
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K')
}
