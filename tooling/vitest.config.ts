import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { closingLine } from './checks/closing-line.ts'

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  ssr: { resolve: { conditions: ['@casty/source', 'module', 'node', 'development|production'] } },
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'apps/*/test/**/*.test.ts',
      'tooling/*/test/**/*.test.ts',
    ],
    testTimeout: 30_000,
    // By itself vitest leaves one processor free for its own work, of which there is little: of two, half.
    maxWorkers: availableParallelism(),
    reporters: ['default', closingLine()],
  },
})
