// Runs simulated clusters by seed; see README.md.
import { bugs } from './bugs/catalogue.ts'
import { huntBugs } from './bugs/hunt.ts'
import { listBugs } from './bugs/list.ts'
import { readCommandLine, type Work } from './command-line.ts'
import { Refusal } from './hand.ts'
import { Output } from './output.ts'
import { UnusableFile } from './plan-file.ts'
import { Progress } from './progress.ts'
import { replay } from './replay.ts'
import { runSeeds, runSuite } from './run-seeds.ts'
import { runScale } from './scale.ts'
import { scenarios } from './scenarios.ts'
import { suiteNames } from './suites.ts'
import { usage } from './usage.ts'

/** As of whoever is ended by SIGPIPE. */
const exitCodeOfPipe = 141

const command = readCommandLine(process.argv.slice(2), {
  scenarios: scenarios.map(({ name }) => name),
  suites: suiteNames,
  bugs,
})

switch (command.type) {
  case 'help':
    console.log(usage)
    break
  case 'mistake':
    console.error(command.message)
    process.exitCode = 2
    break
  case 'run-seeds':
  case 'run-suite':
  case 'replay':
  case 'hunt-bugs':
  case 'list-bugs':
  case 'measure-scale':
    await carryOut(command)
    break
}

async function carryOut(command: Work): Promise<void> {
  const write = (text: string): void => void process.stdout.write(text)
  const output = new Output(command.json, write, new Progress(process.stderr))
  // `simulate … | head` has read enough.
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(exitCodeOfPipe)
  })
  process.once('SIGINT', () => {
    output.interrupt()
    process.exit(130)
  })
  try {
    process.exitCode = await perform(command, output)
  } catch (error) {
    if (!(error instanceof UnusableFile || error instanceof Refusal)) throw error
    console.error(error.message)
    process.exitCode = 2
  }
}

function perform(command: Work, output: Output): Promise<number> {
  switch (command.type) {
    case 'run-seeds':
      return runSeeds(command, output)
    case 'run-suite':
      return runSuite(command, output)
    case 'replay':
      return replay(command, output)
    case 'hunt-bugs':
      return huntBugs(command, output)
    case 'list-bugs':
      return Promise.resolve(listBugs(bugs, output))
    case 'measure-scale':
      return runScale(command, output)
  }
}
