// Is a user able to install only what is needed? Installs two packages from their tarballs into an
// empty project outside the workspace, looks at what arrived, compiles a program there and runs it.
import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { workspacePackages, workspaceRoot } from '../checks/workspace.ts'
import { packedPackages } from '../pack.ts'
import { serveTarballs } from './registry.ts'

const wanted = ['@casty/membership', '@casty/transport-tcp']
const timeLimitMs = 60_000

const project = mkdtempSync(join(tmpdir(), 'casty-consumer-'))
try {
  await install()
  checkInstalled()
  await compile()
  await run(process.execPath, ['two-nodes.js'])
  console.log('4 passed, 0 failed')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  console.log('0 passed, 1 failed')
  process.exitCode = 1
} finally {
  rmSync(project, { recursive: true, force: true })
}

async function install(): Promise<void> {
  using packed = packedPackages()
  await using registry = await serveTarballs(packed)
  write('package.json', { name: 'consumer', private: true, type: 'module' })
  writeFileSync(join(project, '.npmrc'), `registry=${registry.url}\n`)
  await run('npm', ['install', '--no-audit', '--no-fund', '--cache', '.npm-cache', ...wanted])
}

/** Exactly the wanted packages and what they depend on, and no package of anyone else. */
function checkInstalled(): void {
  const expected = [...closureOf(wanted)].sort()
  const found = readdirSync(join(project, 'node_modules'))
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => (name.startsWith('@') ? scoped(name) : [name]))
    .sort()
  if (found.join() !== expected.join()) {
    throw new Error(
      `Installed were ${found.join(', ')}; ${wanted.join(' and ')} need ${expected.join(', ')}.`,
    )
  }
  console.log(`Installed: ${found.join(', ')}`)
}

function scoped(scope: string): readonly string[] {
  return readdirSync(join(project, 'node_modules', scope)).map((name) => `${scope}/${name}`)
}

function closureOf(names: readonly string[]): ReadonlySet<string> {
  const packages = new Map(workspacePackages().map((found) => [found.name, found.manifest]))
  const closure = new Set<string>()
  const visit = (name: string) => {
    closure.add(name)
    Object.keys(packages.get(name)?.dependencies ?? {}).forEach(visit)
  }
  names.forEach(visit)
  return closure
}

/** Compiles with the strictest reading of the published types: `skipLibCheck` is off. */
async function compile(): Promise<void> {
  copyFileSync(join(import.meta.dirname, 'two-nodes.ts'), join(project, 'two-nodes.ts'))
  write('tsconfig.json', {
    compilerOptions: {
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable'],
      module: 'nodenext',
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      types: ['node'],
      typeRoots: [join(workspaceRoot, 'node_modules/@types')],
    },
    files: ['two-nodes.ts'],
  })
  await run(join(workspaceRoot, 'node_modules/.bin/tsc'), ['-p', '.'])
  if (!existsSync(join(project, 'two-nodes.js'))) throw new Error('tsc wrote no two-nodes.js.')
}

function write(name: string, content: unknown): void {
  writeFileSync(join(project, name), `${JSON.stringify(content, undefined, 2)}\n`)
}

/** Runs a command in the project, without what npx and pnpm told their children of themselves. */
function run(program: string, args: readonly string[]): Promise<void> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm|pnpm)_|^NODE_OPTIONS$/i.test(name)),
  )
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: project,
      env: { ...env, npm_config_userconfig: join(project, '.npmrc') },
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: timeLimitMs,
      killSignal: 'SIGKILL',
      shell: process.platform === 'win32',
    })
    child.on('error', reject)
    child.on('close', (exitCode, signal) => {
      if (exitCode === 0) resolve()
      else reject(new Error(`${program} ${args.join(' ')} ended with ${signal ?? exitCode}.`))
    })
  })
}
