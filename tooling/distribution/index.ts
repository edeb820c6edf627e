// Programs that tests need and packages of Node do not bring: from the packages of the distribution.
import { execFile } from 'node:child_process'

const installLimitMs = 240_000

/** What came of a program that was run. */
export interface Outcome {
  readonly isGood: boolean
  readonly output: string
}

/** Whether there is what `apt` needs. */
export async function canInstall(): Promise<boolean> {
  return (await run('apt-get', ['--version'])).isGood
}

/** Runs `apt-get`, as root or as who may become it unasked. */
export async function apt(...args: readonly string[]): Promise<Outcome> {
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n', 'DEBIAN_FRONTEND=noninteractive']
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=120']
  const [program = '', ...rest] = [...asRoot, 'apt-get', ...options, ...args]
  return await run(program, rest)
}

/** Not in step with this process: a test runner's worker must not be silent for as long as this takes. */
export function run(program: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }
    execFile(program, args, { timeout: installLimitMs, env }, (error, stdout, stderr) => {
      resolve({ isGood: error === null, output: stdout + stderr || (error?.message ?? '') })
    })
  })
}
