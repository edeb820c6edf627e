import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An empty project of a user's, outside the workspace; disposal removes it. */
export interface Project extends Disposable {
  readonly folder: string
  write(name: string, text: string): void
  writeJson(name: string, content: unknown): void
  /** Runs a command there. @throws Error if it fails, or has not ended within three minutes */
  run(program: string, args: readonly string[]): Promise<void>
}

const timeLimitMs = 180_000

/**
 * @param npmrc - what npm is to go by, in place of the user's own settings; undefined keeps those
 */
export function createProject(npmrc?: string): Project {
  const folder = mkdtempSync(join(tmpdir(), 'casty-consumer-'))
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  const writeJson = (name: string, content: unknown) =>
    write(name, `${JSON.stringify(content, undefined, 2)}\n`)
  writeJson('package.json', { name: 'consumer', private: true, type: 'module' })
  const env = environment()
  if (npmrc !== undefined) {
    write('.npmrc', npmrc)
    env['npm_config_userconfig'] = join(folder, '.npmrc')
  }
  return {
    folder,
    write,
    writeJson,
    run: (program, args) => run(program, args, folder, env),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Without what npx and pnpm told their children of themselves: a user's shell knows none of it. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:npm_|pnpm_|NODE_OPTIONS$)/i.test(name)),
  )
}

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env,
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
