// One measurement, in a process of its own: see scale.ts.
import { measureScale, phaseLine } from '@casty/simulation'
import type { ScaleLine, ScaleTask } from './scale.ts'

// Written by `scale.ts`.
const { nodes, seed, without } = JSON.parse(process.argv[2] ?? '') as ScaleTask

/** Every event of a larger cluster costs more, and there are more of them. */
const [steadyMs, changes, frozenMs] =
  nodes <= 300 ? [30_000, 5, 60_000] : nodes <= 1_000 ? [10_000, 3, 60_000] : [3_000, 1, 20_000]

function say(line: ScaleLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

const report = await measureScale({
  nodes,
  seed,
  without,
  steadyMs,
  changes,
  frozenMs,
  progress: (phase, resources, figures) =>
    say({ type: 'progress', text: `${nodes} nodes: ${phaseLine(phase, resources, figures)}` }),
  ...(globalThis.gc !== undefined && { collectGarbage: (): void => globalThis.gc?.() }),
})
say({ type: 'report', report })
