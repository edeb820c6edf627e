// Runs the pnpm that package.json pins, with nothing on the machine but Node and npm.
// Where that Node is older than `engines.node` asks for, npm brings a newer one along.
import { spawnSync } from 'child_process'
import { readFileSync } from 'fs'
import { bundledNode, judgeNode } from './node-version.mjs'

const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
const { packageManager, engines } = JSON.parse(manifest)
const verdict = judgeNode(process.versions.node, engines.node)

if (verdict.type === 'refuse') {
  console.error(verdict.sentence)
  process.exit(1)
}
// A second call below the first, or in the same `npm test`, need not say it again.
const told = process.env.CASTY_LAUNCHER_TOLD === '1' || process.argv[2] === 'run'
if (verdict.type === 'fetch' && !told) console.error(verdict.sentence)

// npm 12 runs only the install scripts it is told to; the npm beside an older Node runs them all.
const options = verdict.type === 'fetch' ? [`--package=${bundledNode}`] : ['--allow-scripts=pnpm']
const { status, signal, error } = spawnSync(
  'npx',
  ['--yes', ...options, `--package=${packageManager}`, '--', 'pnpm', ...process.argv.slice(2)],
  {
    stdio: 'inherit',
    shell: process.platform === 'win32',
    env: { ...process.env, CASTY_LAUNCHER_TOLD: '1' },
  },
)
if (error) console.error(`Could not start npx: ${error.message}. Is npm installed beside Node?`)
process.exitCode = status === null ? (signal === 'SIGINT' ? 130 : 1) : status
