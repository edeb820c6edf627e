import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'
import { closingLine } from './checks/closing-line.ts'

/** Packages whose tests leave nothing behind: neither in the process nor in what they import. */
const tidy = [
  'actor',
  'clock',
  'cluster',
  'crdt',
  'ddata',
  'failure-detector',
  'membership',
  'options',
  'persistence',
  'remote',
  'replicator',
  'sbr',
  'secret',
  'sharding',
  'transport',
]
/** They start processes and kill them: nodes, or servers and whoever writes to a disk. */
const processTests = [
  '{packages,tooling}/*/test/processes/**/*.test.ts',
  'tooling/{disasters,networks}/test/*.test.ts',
]
const serverTests = '{packages/{journal,lease}-*,tooling/postgres}/test/processes/**/*.test.ts'
/** They change what they import, for themselves alone. */
const untidyTests = ['packages/membership/test/cluster-{hostile,refusals}.test.ts']
const demoTests = 'apps/demo/test/demo*.test.ts'
/** They leave nothing behind either, but the traps that are set for all that is simulated. */
const simulatedTests = 'packages/simulation/test/**/*.test.ts'
const tidyTests = tidy.map((name) => `packages/${name}/test/**/*.test.ts`)

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  ssr: { resolve: { conditions: ['@casty/source', 'module', 'node', 'development|production'] } },
  test: {
    testTimeout: 120_000,
    // Hooks start servers and processes, as tests do: on a machine with other work, ten seconds are no sign of a hang.
    hookTimeout: 60_000,
    // Nor is a second, where a test waits for what a socket or a file is to tell.
    expect: { poll: { timeout: 30_000 } },
    reporters: ['default', closingLine()],
    // By itself vitest leaves one processor free for its own work, of which there is little: of two, half.
    maxWorkers: availableParallelism(),
    projects: [
      {
        extends: true,
        test: {
          name: 'tidy',
          include: tidyTests,
          exclude: [...configDefaults.exclude, ...processTests, ...untidyTests],
          // A process for each file, which loads everything anew, takes longer than most files take to run.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'simulated', include: [simulatedTests], isolate: false } },
      {
        extends: true,
        test: {
          name: 'apart',
          include: [
            'packages/*/test/**/*.test.ts',
            'apps/*/test/**/*.test.ts',
            'tooling/*/test/**/*.test.ts',
          ],
          exclude: [
            ...configDefaults.exclude,
            ...processTests,
            ...tidyTests,
            demoTests,
            simulatedTests,
          ],
        },
      },
      {
        extends: true,
        test: { name: 'untidy', include: untidyTests },
      },
      {
        extends: true,
        test: {
          name: 'processes',
          include: processTests,
          exclude: [...configDefaults.exclude, serverTests],
          ...oneByOne(1),
        },
      },
      { extends: true, test: { name: 'servers', include: [serverTests], ...oneByOne(2) } },
      { extends: true, test: { name: 'demo', include: [demoTests], ...oneByOne(3) } },
    ],
  },
})

/** After those before it, on a machine of their own: what they measure is in real time. */
function oneByOne(groupOrder: number) {
  return { fileParallelism: false, sequence: { groupOrder } }
}
