// What `npm test` runs once everything is installed: all checks, in steps that can each be run alone.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { interruption, isGood, resultLine, summary } from './checks/report.ts'
import { runSteps } from './checks/run-steps.ts'
import { runStep, type Step } from './checks/step.ts'
import { workspaceRoot } from './checks/workspace.ts'

const vitest = ['vitest', 'run', '--config', 'tooling/vitest.config.ts'] as const
const kept = mkdtempSync(join(tmpdir(), 'casty-check-'))
// One set of tarballs for the steps that look at them; see pack.ts.
const packed = join(kept, 'packed')
mkdirSync(packed)
process.env['CASTY_PACKED'] = packed
// Hundreds of processes load the same sources and tools: to compile these takes longer than most of what they do then.
process.env['NODE_COMPILE_CACHE'] ??= join(kept, 'compiled')

// Long ones first, as far as they need nothing: or one of them would be left, and a lane empty, at the end.
const steps: readonly Step[] = [
  { name: 'build', command: ['turbo', 'run', 'build', '--output-logs=errors-only'] },
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'pack', command: ['node', 'tooling/pack.ts'], after: ['build'] },
  { name: 'consumer', command: ['node', 'tooling/consumer/main.ts'], after: ['pack'] },
  { name: 'examples', command: ['node', 'tooling/examples/main.ts'] },
  { name: 'packaging', command: ['node', 'tooling/packaging.ts'], after: ['pack'] },
  {
    name: 'conformance',
    command: ['node', '--conditions=@casty/source', 'tooling/conformance/src/main.ts'],
  },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'format', command: ['oxfmt', '--check'] },
  { name: 'layers', command: ['node', 'tooling/layers.ts'] },
  {
    name: 'tests',
    command: [...vitest, ...projects('tidy', 'simulated', 'untidy', 'apart')],
    alone: true,
  },
  // These start processes and kill them, on the machine's own time, and mostly wait for them: one file after another of
  // those that start nodes, of those that start servers, and of the demo.
  ...['processes', 'servers', 'demo'].map((name): Step => ({
    name,
    command: [...vitest, ...projects(name)],
    company: 'processes',
  })),
  simulation('clusters'),
  simulation('entities'),
]

function projects(...names: readonly string[]): readonly string[] {
  return names.flatMap((name) => ['--project', name])
}

/** On a time of its own, and on one processor: it fills those that the steps before it leave. */
function simulation(suite: string): Step {
  const program = ['--conditions=@casty/source', 'tooling/simulate/src/main.ts']
  const command = ['node', ...program, '--suite', suite, '--workers', '1'] as const
  return { name: `simulation of ${suite}`, command, background: true }
}

const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const
const interrupted = new AbortController()
let interruptedCode: number | undefined
for (const [signal, code] of Object.entries(exitCodes)) {
  process.on(signal, () => {
    interruptedCode ??= code
    interrupted.abort()
  })
}

const startedMs = performance.now()
try {
  const results = await runSteps(steps, {
    run: (step) => runStep(step, workspaceRoot, interrupted.signal),
    lanes: Math.min(2, availableParallelism()),
    signal: interrupted.signal,
    onStart: ({ name }) => console.log(`  ${name} …`),
    onEnd: (result) => console.log(resultLine(result)),
  })
  if (interruptedCode === undefined) {
    console.log(summary(results, performance.now() - startedMs))
    process.exitCode = isGood(results) ? 0 : 1
  } else {
    console.log(`\n${interruption(results, steps.length)}`)
    process.exitCode = interruptedCode
  }
} finally {
  rmSync(kept, { recursive: true, force: true, maxRetries: 3 })
}
