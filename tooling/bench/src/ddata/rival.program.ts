// The user of another service, in a process of its own.
import type { Instruction, Report } from './messages.ts'
import { rivalAt, type Measure } from './rival-operations.ts'

process.on('disconnect', () => process.exit())
let measure: Measure | undefined

process.on('message', (message) => {
  // Only the benchmark sends, and it sends instructions.
  obey(message as Instruction).then(report, (error: unknown) => {
    report({
      type: 'failed',
      message: error instanceof Error ? (error.stack ?? '') : String(error),
    })
  })
})
report({ type: 'ready' })

async function obey(instruction: Instruction): Promise<Report> {
  if (instruction.type === 'start-rival') {
    measure = rivalAt(instruction.rival, instruction.port)
    return { type: 'started', address: '' }
  }
  if (instruction.type !== 'run' || !measure) throw new Error(`A rival cannot ${instruction.type}.`)
  const { operation, inFlight, times } = instruction
  return { type: 'ran', ...(await measure(operation, inFlight, times)) }
}

function report(message: Report): void {
  process.send?.(message)
}
