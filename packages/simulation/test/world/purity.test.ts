import childProcess, { execFile } from 'node:child_process'
import { generateKeyPairSync, randomBytes, randomInt, scrypt } from 'node:crypto'
import dgram from 'node:dgram'
import dns from 'node:dns'
import fs, { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import net from 'node:net'
import timers from 'node:timers'
import { scheduler, setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { createGzip, deflate, gzip } from 'node:zlib'
import { ManualClock } from '@casty/clock'
import { describe, expect, test } from 'vitest'
import { purely } from '../../src/index.ts'

const impure = { code: 'CASTY_SIMULATION_IMPURE' }
const thisFile = import.meta.filename

function noop(): void {}

/** Asks a name server that is not there, and does not wait. */
function askNobody(): void {
  const resolver = new dns.Resolver()
  resolver.setServers(['127.0.0.1:9'])
  resolver.resolve4('nowhere.invalid', noop)
  resolver.cancel()
}

/** Each harmless outside: it is called there, too. */
const forbidden: readonly (readonly [name: string, call: () => unknown])[] = [
  ['Date.now', () => Date.now()],
  ['new Date()', () => new Date()],
  ['Date()', () => Date()],
  ['Math.random', () => Math.random()],
  ['performance.now', () => performance.now()],
  ['process.hrtime', () => process.hrtime()],
  ['process.hrtime.bigint', () => process.hrtime.bigint()],
  ['process.uptime', () => process.uptime()],
  ['setTimeout', () => clearTimeout(setTimeout(noop, 0))],
  ['setInterval', () => clearInterval(setInterval(noop, 10))],
  ['setImmediate', () => clearImmediate(setImmediate(noop))],
  ['timers.setTimeout', () => timers.clearTimeout(timers.setTimeout(noop, 0))],
  ['timers.promises.setTimeout', () => sleep(0)],
  ['timers.promises.scheduler.wait', () => scheduler.wait(0)],
  ['AbortSignal.timeout', () => AbortSignal.timeout(0)],
  ['crypto.getRandomValues', () => crypto.getRandomValues(new Uint8Array(1))],
  ['crypto.randomUUID', () => crypto.randomUUID()],
  ['crypto.randomBytes', () => randomBytes(1)],
  ['crypto.randomInt', () => randomInt(6)],
  ['crypto.generateKeyPairSync', () => generateKeyPairSync('ed25519')],
  ['crypto.scrypt', () => scrypt('secret', 'salt', 8, { N: 2 }, noop)],
  ['crypto.subtle.digest', () => crypto.subtle.digest('SHA-256', new Uint8Array(1))],
  ['zlib.gzip', () => gzip('text', noop)],
  ['zlib.deflate', () => deflate('text', noop)],
  ['zlib.createGzip', () => createGzip().destroy()],
  ['new Worker()', () => new Worker('', { eval: true })],
  ['net.connect', () => net.connect(0, '127.0.0.1').on('error', noop).destroy()],
  ['net.listen', () => net.createServer().listen(0, '127.0.0.1').close()],
  ['dgram.bind', () => dgram.createSocket('udp4').bind(0, '127.0.0.1').unref()],
  ['dns.lookup', () => dns.lookup('127.0.0.1', noop)],
  ['dns.Resolver.resolve4', () => askNobody()],
  ['child_process.spawnSync', () => childProcess.spawnSync('node', ['--version'])],
  ['child_process.execFile', () => execFile('node', ['--version'], noop)],
  ['fs.statSync', () => fs.statSync(thisFile)],
  ['fs.readFileSync, imported by name', () => readFileSync(thisFile)],
  ['fs.promises.readFile', () => readFile(thisFile)],
]

describe.each(forbidden)('inside a simulation, %s throws', (_name, call) => {
  test('at once', async () => {
    await expect(purely(async () => void call())).rejects.toMatchObject(impure)
  })

  test('after an await', async () => {
    const simulation = async (): Promise<void> => {
      await Promise.resolve()
      call()
    }
    await expect(purely(simulation)).rejects.toMatchObject(impure)
  })

  test('in a timer of the world', async () => {
    const clock = new ManualClock()
    const simulation = async (): Promise<void> => {
      clock.schedule(10, () => void call())
      await clock.advanceAsync(20)
    }
    await expect(purely(simulation)).rejects.toMatchObject(impure)
  })

  test('while outside it works', async () => {
    let end = noop
    const simulation = purely(async () => await new Promise<void>((resolve) => (end = resolve)))
    expect(() => call()).not.toThrow()
    end()
    await expect(simulation).resolves.toBeUndefined()
    expect(() => call()).not.toThrow()
  })
})

test.each<readonly [string, () => unknown]>([
  ['dns.resolve4', () => dns.resolve4('nowhere.invalid', noop)],
  ['dns.promises.resolveSrv', () => dns.promises.resolveSrv('nowhere.invalid')],
])('inside a simulation %s throws before anybody is asked', async (_name, call) => {
  await expect(purely(async () => void call())).rejects.toMatchObject(impure)
})

describe('a simulation', () => {
  test('names what was called', async () => {
    await expect(purely(async () => Date.now())).rejects.toThrow(/^Date\.now was called/)
  })

  test('fails also where the code under test has caught the error', async () => {
    const simulation = async (): Promise<string> => {
      try {
        return String(Math.random())
      } catch {
        return 'carried on'
      }
    }
    await expect(purely(simulation)).rejects.toMatchObject(impure)
  })

  test('gives what it computes', async () => {
    await expect(purely(async () => new Date(0).getTime() + 1)).resolves.toBe(1)
  })

  test('passes on what it throws', async () => {
    const simulation = async (): Promise<never> => {
      throw new RangeError('of its own')
    }
    await expect(purely(simulation)).rejects.toThrow(new RangeError('of its own'))
  })

  test('does not make another one fail that runs beside it', async () => {
    const clock = new ManualClock()
    const pure = purely(async () => {
      await clock.advanceAsync(100)
      return 'done'
    })
    const other = purely(async () => Date.now())
    await expect(other).rejects.toMatchObject(impure)
    await expect(pure).resolves.toBe('done')
  })
})
