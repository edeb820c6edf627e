// What `npm test` runs once everything is installed: all checks, in steps that can each be run alone.
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { interruption, isGood, resultLine, summary } from './checks/report.ts'
import { runSteps } from './checks/run-steps.ts'
import { runStep, type Step } from './checks/step.ts'
import { workspaceRoot } from './checks/workspace.ts'

const vitest = ['vitest', 'run', '--config', 'tooling/vitest.config.ts'] as const
const simulate = ['node', '--conditions=@casty/source', 'tooling/simulate/src/main.ts'] as const
// One set of tarballs for the steps that look at them; see pack.ts.
const packed = mkdtempSync(join(tmpdir(), 'casty-packed-'))
process.env['CASTY_PACKED'] = packed

const steps: readonly Step[] = [
  { name: 'build', command: ['turbo', 'run', 'build', '--output-logs=errors-only'] },
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'format', command: ['oxfmt', '--check'] },
  { name: 'layers', command: ['node', 'tooling/layers.ts'] },
  { name: 'examples', command: ['node', 'tooling/examples/main.ts'] },
  {
    name: 'conformance',
    command: ['node', '--conditions=@casty/source', 'tooling/conformance/src/main.ts'],
  },
  { name: 'pack', command: ['node', 'tooling/pack.ts'], after: ['build'] },
  { name: 'packaging', command: ['node', 'tooling/packaging.ts'], after: ['pack'] },
  { name: 'consumer', command: ['node', 'tooling/consumer/main.ts'], after: ['pack'] },
  {
    name: 'tests',
    command: [...vitest, '--project', 'tidy', '--project', 'untidy', '--project', 'apart'],
    alone: true,
  },
  {
    name: 'simulation',
    command: [...simulate, '--scenario', 'membership', '--seeds', '300', '--require-rare-states'],
    alone: true,
  },
  {
    name: 'simulation of large clusters',
    command: [...simulate, '--scenario', 'membership-large', '--seeds', '3'],
    alone: true,
  },
  {
    name: 'simulation of split brains',
    command: [...simulate, '--scenario', 'split-brain', '--seeds', '24'],
    alone: true,
  },
  {
    name: 'simulation of data centers',
    command: [...simulate, '--scenario', 'data-centers', '--seeds', '18'],
    alone: true,
  },
  {
    name: 'simulation of journals',
    command: [...simulate, '--scenario', 'journal', '--seeds', '200', '--require-rare-states'],
    alone: true,
  },
  {
    name: 'simulation of sharding',
    command: [...simulate, '--scenario', 'sharding', '--seeds', '9'],
    alone: true,
  },
  {
    name: 'simulation of copies on disks',
    command: [...simulate, '--scenario', 'sharding-disks', '--seeds', '2'],
    alone: true,
  },
  {
    name: 'simulation of two who own a shard',
    command: [...simulate, '--scenario', 'sharding-clocks', '--from', '18', '--seeds', '4'],
    alone: true,
  },
  // These start processes and kill them, on the machine's own time, and mostly wait for them: one file after another of
  // those that start nodes, and of those that start servers.
  {
    name: 'processes',
    command: [...vitest, '--project', 'processes'],
    company: 'processes',
  },
  {
    name: 'servers',
    command: [...vitest, '--project', 'servers'],
    company: 'processes',
  },
]

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
  rmSync(packed, { recursive: true, force: true })
}
