import type { Output } from '../output.ts'
import type { SeededBug } from './bug.ts'

/** Names the seeded bugs, each with what goes wrong in a cluster that has it. */
export function listBugs(bugs: readonly SeededBug[], output: Output): number {
  const width = Math.max(...bugs.map(({ name }) => name.length))
  for (const { name, promise, scenario, file, why } of bugs) {
    output.text(`${name.padEnd(width)}  ${why}`)
    output.json(JSON.stringify({ type: 'bug', name, promise, scenario, file, why }))
  }
  return 0
}
