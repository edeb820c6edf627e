// The same story over WebSocket: one line of the program of a node is another one, and nothing else.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { DemoProcess, isAlive, startedPids } from './demo-process.ts'

const demo = fileURLToPath(new URL('..', import.meta.url))
const before = "import { tcpTransport } from '@casty/transport-tcp'"
const after = "import { wsTransport as tcpTransport } from '@casty/transport-ws'"

test('tells its whole story over WebSocket, with one line changed', async () => {
  const copy = mkdtempSync(join(tmpdir(), 'casty-demo-'))
  try {
    for (const name of ['src', 'package.json']) {
      cpSync(join(demo, name), join(copy, name), { recursive: true })
    }
    symlinkSync(join(demo, 'node_modules'), join(copy, 'node_modules'))
    const program = join(copy, 'src', 'node-program.ts')
    const lines = readFileSync(program, 'utf8').split('\n')
    expect(lines.filter((line) => line === before)).toHaveLength(1)
    writeFileSync(program, lines.map((line) => (line === before ? after : line)).join('\n'))

    const end = await new DemoProcess(join(copy, 'src', 'main.ts'), '--fast', '--json').end()
    expect(end.errors).toBe('')
    const told = end.lines.map((line) => JSON.parse(line))
    expect(told.filter(({ status }) => status === 'failed')).toEqual([])
    expect(told.at(-1)).toMatchObject({ type: 'end', ok: true })
    expect(end.code).toBe(0)
    expect(startedPids(end.lines).filter(isAlive)).toEqual([])
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
})
