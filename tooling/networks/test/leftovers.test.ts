// What is left of networks when the process that made them has ended without taking them away.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { run } from '../../distribution/index.ts'
import type { LanReport } from '../src/protocol.ts'
import { whatIsMissing } from '../src/tools.ts'

const missing = await whatIsMissing()
if (missing !== undefined) console.warn(`Tests of networks are skipped: ${missing}.`)
const program = fileURLToPath(new URL('../src/lan.program.ts', import.meta.url))
const limitMs = 120_000

test.skipIf(missing !== undefined).each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  'nothing is, where it was ended by %s',
  { timeout: limitMs },
  async (signal) => {
    const child = fork(program, { execArgv: ['--conditions=@casty/source'] })
    // It reports once, or failed.
    const [made] = (await once(child, 'message')) as [LanReport | { readonly type: 'failed' }]
    if (made.type === 'failed') throw new Error(JSON.stringify(made))
    const { namespaces, guest } = made
    expect(namespaces.map((name) => existsSync(`/etc/netns/${name}`))).toEqual([true, true])
    expect(existsSync(`/proc/${guest}`)).toBe(true)
    const prefix = (namespaces[0] ?? '').replace(/-a$/, '')
    const left = async (): Promise<readonly string[]> => {
      const { output } = await run('ip', ['netns', 'list'])
      const found = output.split('\n').filter((line) => line.startsWith(`${prefix}-`))
      const files = namespaces.filter((name) => existsSync(`/etc/netns/${name}`))
      return [...found, ...files, ...(existsSync(`/proc/${guest}`) ? ['guest'] : [])]
    }
    expect((await left()).length).toBe(6)
    child.kill(signal)
    await expect.poll(left, { timeout: limitMs }).toEqual([])
  },
)
