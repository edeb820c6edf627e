// Runs the pnpm that package.json pins, with nothing on the machine but Node and npm. Where that Node
// is older than `engines.node` asks for, npm brings a newer one along. `run` installs first, so that
// one command is enough in a fresh clone.
import { spawn } from 'child_process'
import { readFileSync } from 'fs'
import { bundledNode, judgeNode } from './node-version.mjs'

const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
const { packageManager, engines } = JSON.parse(manifest)
const verdict = judgeNode(process.versions.node, engines.node)

/** Resolves with the exit code; passes on the signals that are to end the command. */
function pnpm(args) {
  // npm 12 runs only the install scripts it is told to; the npm beside an older Node runs them all.
  const options = verdict.type === 'fetch' ? [`--package=${bundledNode}`] : ['--allow-scripts=pnpm']
  return new Promise((resolve) => {
    const child = spawn(
      'npx',
      ['--yes', ...options, `--package=${packageManager}`, '--', 'pnpm', ...args],
      {
        stdio: 'inherit',
        shell: process.platform === 'win32',
        // No advertisement for a newer npm after the last line of the command.
        env: { ...process.env, CASTY_LAUNCHED: '1', NPM_CONFIG_UPDATE_NOTIFIER: 'false' },
      },
    )
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => child.kill(signal))
    }
    child.on('error', (error) => {
      console.error(`Could not start npx: ${error.message}. Is npm installed beside Node?`)
      resolve(1)
    })
    child.on('close', (code, signal) => resolve(code === null ? (signal ? 130 : 1) : code))
  })
}

/** Installs what the lockfile says. Where everything is there already this takes about a second. */
async function install() {
  const code = await pnpm(['install', '--frozen-lockfile'])
  if (code !== 0) console.error('The installation failed: see above. Is the network reachable?')
  return code
}

async function main(args) {
  if (verdict.type !== 'use-own' && !process.env.CASTY_LAUNCHED) console.error(verdict.sentence)
  if (verdict.type === 'refuse') return 1
  const code = args[0] === 'run' ? await install() : 0
  return code === 0 ? pnpm(args) : code
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code
})
