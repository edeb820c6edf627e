import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { NodeAddress, type Channel } from '@casty/transport'
import { tcpTransport } from '@casty/transport-tcp'
import { CollectingSink, connectPair, foreignPeer, loopback } from './support.ts'

test('port 0 listens on a free port and says which', async () => {
  await using listener = await tcpTransport().listen(loopback, () => {})
  expect(listener.address.host).toBe('127.0.0.1')
  expect(listener.address.port).toBeGreaterThan(0)
})

test('listening on a name keeps the name', async () => {
  await using listener = await tcpTransport().listen(NodeAddress.parse('localhost:0'), () => {})
  expect(listener.address.host).toBe('localhost')
})

test('listening on a taken port is refused as such', async () => {
  await using first = await tcpTransport().listen(loopback, () => {})
  await expect(tcpTransport().listen(first.address, () => {})).rejects.toMatchObject({
    code: 'CASTY_TRANSPORT_ADDRESS_IN_USE',
    message: expect.stringContaining(`${first.address}`),
  })
})

test('listening on an address of another machine fails as such', async () => {
  // 192.0.2.0/24 is set aside for documentation (RFC 5737): no machine has it.
  await expect(
    tcpTransport().listen(NodeAddress.parse('192.0.2.1:0'), () => {}),
  ).rejects.toMatchObject({ code: 'CASTY_TRANSPORT_LISTEN_FAILED' })
})

test('a disposed listener has freed its port, and may be disposed of again', async () => {
  const transport = tcpTransport()
  const first = await transport.listen(loopback, () => {})
  await first[Symbol.asyncDispose]()
  await using second = await transport.listen(first.address, () => {})
  await first[Symbol.asyncDispose]()
  expect(second.address.equals(first.address)).toBe(true)
})

test('a listener that is disposed of leaves its channels to their owner', async () => {
  await using pair = await connectPair(tcpTransport())
  const sink = new CollectingSink()
  pair.accepted.open(sink)
  pair.dialled.open(new CollectingSink())
  await pair.listener[Symbol.asyncDispose]()
  pair.dialled.write(Buffer.from('still here'))
  await sink.until(() => sink.receivedBytes >= 10)
  expect(sink.text()).toBe('still here')
})

test('connections beyond maxConnections are closed and counted, until there is room again', async () => {
  const transport = tcpTransport({ maxConnections: 2 })
  const accepted: Channel[] = []
  await using listener = await transport.listen(loopback, (channel) => accepted.push(channel))
  const sinks = await Promise.all([1, 2, 3].map(() => dialWithSink(listener.address)))
  const dropped = await Promise.race(sinks.map(async (sink) => (await sink.closeReason(), sink)))
  expect(transport.counters().droppedConnections).toBe(1)
  expect(accepted).toHaveLength(2)

  const first = new CollectingSink()
  accepted[0]?.open(first)
  accepted[0]?.close()
  await first.closeReason()
  await dialWithSink(listener.address)
  await expect.poll(() => accepted.length).toBe(3)
  for (const channel of accepted) channel.close()
  expect(dropped.receivedBytes).toBe(0)
})

test('a flood of connections leaves the listener working and nothing behind', async () => {
  const transport = tcpTransport()
  const open = new Set<Channel>()
  await using listener = await transport.listen(loopback, (channel) => {
    open.add(channel)
    const closed = (): void => void open.delete(channel)
    channel.open({ received() {}, drained() {}, closed })
  })
  const { host, port } = listener.address
  const sockets = await Promise.all(
    Array.from({ length: 500 }, async (_, index) => {
      const socket = connect(port, host).on('error', () => {})
      await once(socket, 'connect')
      // Every way to leave: at once, in order, torn down, after a few bytes.
      const leave: ((socket: Socket) => unknown)[] = [
        (leaving) => leaving.destroy(),
        (leaving) => leaving.end(),
        (leaving) => leaving.resetAndDestroy(),
        (leaving) => leaving.end('x'),
      ]
      leave[index % leave.length]?.(socket)
      socket.resume()
      return socket
    }),
  )
  await Promise.all(
    sockets.filter((socket) => !socket.closed).map((socket) => once(socket, 'close')),
  )
  await using late = await connectPairThrough(transport, listener.address, open)
  expect(late.accepted.source).toBe('127.0.0.1')
  await expect.poll(() => open.size).toBe(1)
})

test('disposal with open channels leaves no handle once they are closed', async () => {
  {
    await using pair = await connectPair(tcpTransport())
    await using dialled = await foreignPeer(tcpTransport(), 'dialled')
    await using accepted = await foreignPeer(tcpTransport(), 'accepted')
    pair.dialled.write(Buffer.from('x'))
    expect([dialled, accepted]).toHaveLength(2)
    expect(tcpHandles()).toBeGreaterThan(0)
  }
  await expect.poll(tcpHandles).toBe(0)
})

function tcpHandles(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length
}

async function dialWithSink(address: NodeAddress): Promise<CollectingSink> {
  const channel = await tcpTransport().dial(address)
  const sink = new CollectingSink()
  channel.open(sink)
  return sink
}

async function connectPairThrough(
  transport: ReturnType<typeof tcpTransport>,
  address: NodeAddress,
  open: ReadonlySet<Channel>,
): Promise<{ readonly accepted: Channel } & AsyncDisposable> {
  const dialled = await transport.dial(address)
  dialled.open(new CollectingSink())
  const accepted = await expect
    .poll(() => [...open].at(-1))
    .toBeDefined()
    .then(() => [...open].at(-1))
  if (!accepted) throw new Error('Nothing was accepted.')
  return { accepted, [Symbol.asyncDispose]: async () => dialled.close() }
}
