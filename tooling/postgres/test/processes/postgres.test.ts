import { existsSync } from 'node:fs'
import { createConnection } from 'node:net'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { postgresPrograms, PostgresServer } from '../../index.ts'

const programs = await postgresPrograms()
if ('missing' in programs) console.log(`Skipped: ${programs.missing}`)

describe.skipIf('missing' in programs)('a server for tests', () => {
  async function start(): Promise<PostgresServer> {
    if ('missing' in programs) throw new Error(programs.missing)
    return await PostgresServer.start(programs)
  }

  test('starts, is killed, starts again, and leaves nothing behind', async () => {
    await using server = await start()
    const { socketPath } = server
    expect(await accepts(socketPath)).toBe(true)
    await server.kill()
    expect(await accepts(socketPath)).toBe(false)
    await server.startAgain()
    expect(await accepts(socketPath)).toBe(true)
    await server[Symbol.asyncDispose]()
    expect(existsSync(dirname(socketPath))).toBe(false)
  })

  test('two of them run side by side', async () => {
    await using first = await start()
    await using second = await start()
    expect(second.socketPath).not.toBe(first.socketPath)
    expect([await accepts(first.socketPath), await accepts(second.socketPath)]).toEqual([
      true,
      true,
    ])
  })
})

async function accepts(path: string): Promise<boolean> {
  const socket = createConnection(path)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
