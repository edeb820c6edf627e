import { connect, createServer } from 'node:net'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { NodeAddress } from '@casty/transport'
import { tcpTransport } from '@casty/transport-tcp'
import { isConnectedToItself } from '@casty/net'
import { CollectingSink, connectPair, listenOn, unusedAddress } from './support.ts'

const hasIPv6 = Object.values(networkInterfaces()).some((entries) =>
  entries?.some(({ address }) => address === '::1'),
)

test('dialling a port where nobody listens is refused', async () => {
  await expect(tcpTransport().dial(await unusedAddress())).rejects.toMatchObject({
    code: 'CASTY_TRANSPORT_DIAL_FAILED',
    failure: 'refused',
  })
})

test('dialling a name that does not exist is unreachable', async () => {
  const address = NodeAddress.of('no-such-host.invalid', 2551)
  await expect(tcpTransport().dial(address)).rejects.toMatchObject({
    code: 'CASTY_TRANSPORT_DIAL_FAILED',
    failure: 'unreachable',
  })
})

test('dialling a host that does not answer times out', async () => {
  await using silent = await silentHost()
  await expect(tcpTransport({ dialTimeoutMs: 50 }).dial(silent.address)).rejects.toMatchObject({
    code: 'CASTY_TRANSPORT_DIAL_FAILED',
    failure: 'timeout',
  })
})

test('an aborted dial rejects with the reason of its signal', async () => {
  await using silent = await silentHost()
  const controller = new AbortController()
  const dialling = tcpTransport().dial(silent.address, { signal: controller.signal })
  const reason = new Error('no longer wanted')
  controller.abort(reason)
  await expect(dialling).rejects.toBe(reason)
})

test('a dial whose signal is aborted already does not start', async () => {
  const signal = AbortSignal.abort('too late')
  await expect(tcpTransport().dial(await unusedAddress(), { signal })).rejects.toBe('too late')
})

test('aborting after the dial succeeded leaves the channel alone', async () => {
  await using server = createServer((socket) => socket.end('hello').on('error', () => {}))
  const controller = new AbortController()
  const { signal } = controller
  const channel = await tcpTransport().dial(await listenOn(server), { signal })
  controller.abort()
  const sink = new CollectingSink()
  channel.open(sink)
  expect(await sink.closeReason()).toBe('ended')
  expect(sink.text()).toBe('hello')
})

test('a name is dialled at the address where somebody listens', async () => {
  await using server = createServer((socket) => socket.end().on('error', () => {}))
  const { port } = await listenOn(server)
  const channel = await tcpTransport().dial(NodeAddress.of('localhost', port))
  const sink = new CollectingSink()
  channel.open(sink)
  expect(await sink.closeReason()).toBe('ended')
})

test.skipIf(!hasIPv6)('channels work over IPv6', async () => {
  await using pair = await connectPair(tcpTransport(), NodeAddress.parse('[::1]:0'))
  const sink = new CollectingSink()
  pair.accepted.open(sink)
  pair.dialled.open(new CollectingSink())
  pair.dialled.write(Buffer.from('six'))
  await sink.until(() => sink.receivedBytes >= 3)
  expect(pair.accepted.source).toBe('::1')
  expect(sink.text()).toBe('six')
})

test('a socket that was connected to itself is recognized', async () => {
  const { host, port } = await unusedAddress()
  const mirror = connect({ host, port, localPort: port })
  await once(mirror, 'connect')
  expect(isConnectedToItself(mirror)).toBe(true)
  mirror.destroy()
})

interface SilentHost extends AsyncDisposable {
  readonly address: NodeAddress
}

/** Listens, then blocks its thread for good with the queue of waiting connections full. */
async function silentHost(): Promise<SilentHost> {
  const worker = new Worker(
    `const { workerData, parentPort } = require('node:worker_threads')
     const server = require('node:net').createServer().listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
       parentPort.postMessage(server.address().port)
       Atomics.wait(new Int32Array(workerData), 0, 0)
     })`,
    { eval: true, workerData: new SharedArrayBuffer(4) },
  )
  const [port] = (await once(worker, 'message')) as [number] // What it posts, six lines up.
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  // The system takes one more than the backlog; those behind are not answered.
  await Promise.all(fillers.slice(0, 2).map((filler) => once(filler, 'connect')))
  return {
    address: NodeAddress.of('127.0.0.1', port),
    async [Symbol.asyncDispose]() {
      for (const filler of fillers) filler.destroy()
      await worker.terminate()
    },
  }
}
