// Runs the pnpm that package.json pins, with nothing on the machine but Node and npm.
// Where that Node is older than `engines.node` asks for, npm brings a newer one along.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const oldestLauncher = 20
const bundledNode = 'node@24.21.0'

const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
const { packageManager, engines } = JSON.parse(manifest)
const version = (text) => text.match(/\d+/g).map(Number)
const [major, minor] = version(process.versions.node)
const [wantedMajor, wantedMinor] = version(engines.node)

if (major < oldestLauncher) {
  console.error(
    `casty needs Node ${oldestLauncher} or newer to set itself up, and this is Node ${process.versions.node}: ` +
      'install a current Node from https://nodejs.org and run the command again.',
  )
  process.exit(1)
}

const tooOld = major < wantedMajor || (major === wantedMajor && minor < wantedMinor)
if (tooOld && !process.env.CASTY_SETUP_TOLD) {
  console.error(
    `Node ${process.versions.node} is older than ${engines.node}: npm fetches ${bundledNode} for this run (once).`,
  )
}

// npm 12 runs only the install scripts it is told to; the npm beside an older Node runs them all.
const options = tooOld ? [`--package=${bundledNode}`] : ['--allow-scripts=pnpm']
const { status, error } = spawnSync(
  'npx',
  ['--yes', ...options, `--package=${packageManager}`, '--', 'pnpm', ...process.argv.slice(2)],
  {
    stdio: 'inherit',
    shell: process.platform === 'win32',
    env: { ...process.env, CASTY_SETUP_TOLD: '1' },
  },
)
if (error) console.error(`Could not start npx: ${error.message}. Is npm installed beside Node?`)
process.exitCode = status ?? 1
