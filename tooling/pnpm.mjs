// Runs the pnpm that package.json pins, with nothing on the machine but Node and npm. Where that Node
// is older than `engines.node` asks for, npm brings a newer one along. `run` installs first, so that
// one command is enough in a fresh clone.
import { spawn } from 'child_process'
import { readFileSync } from 'fs'
import { bundledNode, judgeNode } from './node-version.mjs'
import { isInNpxCache, npmCacheFolder } from './npx-cache.mjs'

const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
const { packageManager, engines } = JSON.parse(manifest)
const verdict = judgeNode(process.versions.node, engines.node)
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/**
 * Resolves with the exit code; passes on the signals that are to end the command.
 *
 * @param {readonly string[]} args
 * @param {'inherit' | 2} output - where what the command prints goes; 2 is this process's stderr
 */
function pnpm(args, output = 'inherit') {
  // npm 12 runs only the install scripts it is told to; the npm beside an older Node runs them all.
  const options = verdict.type === 'fetch' ? [`--package=${bundledNode}`] : ['--allow-scripts=pnpm']
  return new Promise((resolve) => {
    const child = spawn(
      'npx',
      ['--yes', ...options, `--package=${packageManager}`, '--', 'pnpm', ...args],
      {
        stdio: ['inherit', output, 'inherit'],
        shell: process.platform === 'win32',
        // No advertisement for a newer npm after the last line of the command.
        env: { ...process.env, CASTY_LAUNCHED: launchedBy(), NPM_CONFIG_UPDATE_NOTIFIER: 'false' },
      },
    )
    for (const signal of Object.keys(exitCodes)) process.on(signal, () => child.kill(signal))
    child.on('error', (error) => {
      console.error(`Could not start npx: ${error.message}. Is npm installed beside Node?`)
      resolve(1)
    })
    child.on('close', (code, signal) => resolve(code ?? exitCodes[signal] ?? 1))
  })
}

/** What the user typed, so that commands can name others in the same form: `npm`, `pnpm` or `node`. */
function launchedBy() {
  const { CASTY_LAUNCHED, npm_config_user_agent: agent = '' } = process.env
  if (CASTY_LAUNCHED) return CASTY_LAUNCHED
  if (agent === '') return 'node'
  return agent.startsWith('pnpm/') ? 'pnpm' : 'npm'
}

/**
 * Installs what the lockfile says. Where everything is there already this takes about a second. What it
 * prints is no output of the command that follows, which may be read by a program.
 */
async function install() {
  const code = await pnpm(['install', '--frozen-lockfile'], 2)
  if (code !== 0 && code < 128)
    console.error('The installation failed: see above. Is the network reachable?')
  return code
}

/** Whether the user is to be told why the command takes a while to begin. */
function isFetching() {
  if (verdict.type !== 'fetch' || process.env.CASTY_LAUNCHED) return false
  return !isInNpxCache(bundledNode, npmCacheFolder())
}

async function main(args) {
  if (verdict.type === 'refuse' || isFetching()) console.error(verdict.sentence)
  if (verdict.type === 'refuse') return 1
  const code = args[0] === 'run' ? await install() : 0
  return code === 0 ? pnpm(args) : code
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code
})
