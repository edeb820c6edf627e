import { fork } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasNoServer, World } from './world.ts'

describe.skipIf(hasNoServer)('a holder whose process is stopped', () => {
  let world: World
  beforeAll(async () => {
    world = await World.start()
  })
  afterAll(async () => await world[Symbol.asyncDispose]())

  test('finds the lease lost before it does anything else', async () => {
    const program = new URL('./holder.program.ts', import.meta.url).pathname
    const child = fork(program, [world.server.connectionString(), world.name], {
      execArgv: ['--conditions=@casty/source'],
    })
    const said: string[] = []
    child.on('message', (message) => said.push(typeof message === 'string' ? message : '?'))
    await using other = world.lease('other')
    try {
      await world.until('the holder acts', () => said.includes('acted with 1'))
      expect(await other.acquire()).toBe(false)
      child.kill('SIGSTOP')
      await world.until('the lease has run out', () => other.acquire())
      expect([said.at(-1), other.fence]).toEqual(['acted with 1', 2n])

      said.length = 0
      child.kill('SIGCONT')
      await world.until('the holder knows', () => said.includes('lost'))
      await world.pass(500)
      // Stopped between a check and its act, it finishes that one act: nothing can come between the two.
      if (said[0] === 'acted with 1') said.shift()
      expect(new Set(said)).toEqual(new Set(['idle', 'lost']))
      expect(said.filter((word) => word === 'lost')).toHaveLength(1)
      expect(other.checkLease()).toBe(true)
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })
})
