import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { dialSocket } from '@casty/net'
import { NodeAddress } from '@casty/transport'
import { expect, test } from 'vitest'

const here = { address: '127.0.0.1', family: 4 }
const metadata = { address: '169.254.169.254', family: 4 }

async function listening(): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer((socket) => socket.on('error', () => {}).end('hello'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo // It listens on a port.
  return {
    port,
    async [Symbol.asyncDispose]() {
      await new Promise((closed) => server.close(closed))
    },
  }
}

/** Dials a name whose addresses change with each time that somebody asks. */
async function dial(
  port: number,
  answers: readonly (readonly LookupAddress[])[],
): Promise<{ readonly outcome: string; readonly asked: number; readonly judged: string[] }> {
  const judged: string[] = []
  let asked = 0
  const outcome = await dialSocket(
    NodeAddress.of('evil.example', port),
    {
      timeoutMs: 5_000,
      resolve: (_host, _options, done) => done(null, [...(answers[asked++] ?? [])]),
      mayDial(host) {
        judged.push(host)
        return host !== metadata.address
      },
    },
    undefined,
    ({ socket }) => {
      const peer = `connected to ${socket.remoteAddress}`
      socket.destroy()
      return peer
    },
  ).catch((error: { readonly failure?: string }) => `failed: ${error.failure}`)
  return { outcome, asked, judged }
}

test('a name that leads where nothing may be dialled is not dialled', async () => {
  await using server = await listening()
  expect(await dial(server.port, [[metadata]])).toEqual({
    outcome: 'failed: not-allowed',
    asked: 1,
    judged: [metadata.address],
  })
})

test('of several addresses only those are dialled that may be', async () => {
  await using server = await listening()
  expect(await dial(server.port, [[metadata, here]])).toEqual({
    outcome: 'connected to 127.0.0.1',
    asked: 1,
    judged: [metadata.address, here.address],
  })
})

test('a name is resolved once: an answer that changes once it was judged is never heard', async () => {
  await using server = await listening()
  expect(await dial(server.port, [[here], [metadata]])).toMatchObject({
    outcome: 'connected to 127.0.0.1',
    asked: 1,
  })
})

test('a host that is an address is not asked about', async () => {
  await using server = await listening()
  const address = NodeAddress.of('127.0.0.1', server.port)
  const never = (): boolean => false
  const connected = await dialSocket(
    address,
    { timeoutMs: 5_000, mayDial: never },
    undefined,
    (dialled) => {
      dialled.socket.destroy()
      return 'connected'
    },
  )
  expect(connected).toBe('connected')
})
