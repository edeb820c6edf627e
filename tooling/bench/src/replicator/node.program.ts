// One node in a process of its own, with values that converge on every member.
import type { ChildReport } from '../child.ts'
import { sharedNow } from '../membership/messages.ts'
import { BenchNode } from './bench-node.ts'
import type { Instruction, Report } from './messages.ts'

process.on('disconnect', () => process.exit())

const node = new BenchNode(sharedNow)

process.on('message', (message) => {
  // Only the benchmark sends, and it sends instructions.
  node.obey(message as Instruction).then(report, (error: unknown) => {
    report({
      type: 'failed',
      message: error instanceof Error ? (error.stack ?? '') : String(error),
    })
  })
})
report({ type: 'ready' })

function report(message: Report | ChildReport): void {
  if (process.connected) process.send?.(message)
}
