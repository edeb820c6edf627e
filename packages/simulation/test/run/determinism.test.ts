// One seed is one run, to the last byte: with another heap, in another time zone, on every release of
// Node that the package supports. CASTY_SEED=17 tries one seed alone, CASTY_SEEDS=1000 the first 1000.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { membershipScenario, simulate } from '../../src/index.ts'

const { CASTY_SEED, CASTY_SEEDS } = process.env
const first = Number(CASTY_SEED ?? 1)
const last = CASTY_SEED === undefined ? Number(CASTY_SEEDS ?? 8) : first
const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index)
const limitMs = 180_000 + 2_000 * seeds.length
const hashes = new Map<number, string>()

async function hashOf(seed: number): Promise<string> {
  return (await simulate(membershipScenario, seed)).traceHash
}

/** Of all seeds, each run once in this process. */
async function expectedHashes(): Promise<readonly string[]> {
  for (const seed of seeds) if (!hashes.has(seed)) hashes.set(seed, await hashOf(seed))
  return seeds.map((seed) => hashes.get(seed) ?? '')
}

interface Output {
  readonly error: Error | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts Node somewhere else. @param node - the command, and what stands before its own parameters */
async function start(
  [file, ...before]: readonly [string, ...string[]],
  parameters: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Output> {
  return await new Promise((resolve) => {
    execFile(
      file,
      [...before, ...parameters],
      {
        cwd: import.meta.dirname,
        env: { ...process.env, NODE_OPTIONS: '', ...env },
        timeout: limitMs,
        shell: process.platform === 'win32',
      },
      (error, stdout, stderr) => resolve({ error, stdout, stderr }),
    )
  })
}

async function hashesOf(
  node: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv = {},
): Promise<unknown> {
  const program = ['--conditions=@casty/source', join(import.meta.dirname, 'hashes.ts')]
  const { error, stdout, stderr } = await start(node, [...program, `${first}`, `${last}`], env)
  if (error !== null) throw new Error(`${error.message}\n${stderr}`)
  return JSON.parse(stdout)
}

/** The oldest release that the package supports and those with long support since, but this one. */
function otherReleases(): readonly string[] {
  const manifest = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
  const oldest = /"node": ">=(\d+\.\d+)"/.exec(manifest)?.[1]
  if (oldest === undefined) throw new Error('engines.node names no oldest release')
  const own = process.versions.node.split('.')[0]
  return [oldest, '24', '26'].filter((release) => release.split('.')[0] !== own)
}

test.each(seeds)('two runs are equal (seed %i)', async (seed) => {
  const one = await hashOf(seed)
  hashes.set(seed, one)
  expect(await hashOf(seed)).toBe(one)
})

test('no two seeds are the same run', async () => {
  expect(new Set(await expectedHashes()).size).toBe(seeds.length)
})

describe('a run is the same in another process', { timeout: 2 * limitMs }, () => {
  test('with a small heap, in another part of the world', async () => {
    const node = [process.execPath, '--max-old-space-size=96', '--max-semi-space-size=1'] as const
    const env = { TZ: 'Pacific/Chatham', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' }
    expect(await hashesOf(node, env)).toEqual(await expectedHashes())
  })

  test.for(otherReleases())('on Node %s', async (release, { skip }) => {
    const npx = ['npx', '--yes', '--prefer-offline', `--package=node@${release}`, '--'] as const
    const env = { npm_config_fetch_retries: '0', npm_config_update_notifier: 'false' }
    const { error, stderr } = await start(npx, ['node', '--version'], env)
    if (error !== null) {
      const reason = `npx cannot fetch Node ${release}: ${stderr || error.message}`
      console.log(`Not compared, since ${reason}`)
      skip(reason)
    }
    expect(await hashesOf([...npx, 'node'], env)).toEqual(await expectedHashes())
  })
})
