import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'
import { closingLine } from './checks/closing-line.ts'

/** Packages whose tests leave nothing behind: neither in the process nor in what they import. */
const tidy = [
  'actor',
  'clock',
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
  'apps/demo/test/demo*.test.ts',
]
const serverTests = '{packages/{journal,lease}-*,tooling/postgres}/test/processes/**/*.test.ts'
/** They change what they import, for themselves alone. */
const untidyTests = ['packages/membership/test/cluster-{hostile,refusals}.test.ts']
const tidyTests = tidy.map((name) => `packages/${name}/test/**/*.test.ts`)

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  ssr: { resolve: { conditions: ['@casty/source', 'module', 'node', 'development|production'] } },
  test: {
    testTimeout: 60_000,
    // Hooks start servers and processes, as tests do: on a machine with other work, ten seconds are no sign of a hang.
    hookTimeout: 60_000,
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
      {
        extends: true,
        test: {
          name: 'apart',
          include: [
            'packages/*/test/**/*.test.ts',
            'apps/*/test/**/*.test.ts',
            'tooling/*/test/**/*.test.ts',
          ],
          exclude: [...configDefaults.exclude, ...processTests, ...tidyTests],
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
    ],
  },
})

/** After those before it, on a machine of their own: what they measure is in real time. */
function oneByOne(groupOrder: number) {
  return { fileParallelism: false, sequence: { groupOrder } }
}
