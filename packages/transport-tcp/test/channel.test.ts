import { getEventListeners, once } from 'node:events'
import { expect, test } from 'vitest'
import { tcpTransport } from '@casty/transport-tcp'
import { CollectingSink, connectPair, foreignPeer, listenOn } from './support.ts'
import { createServer } from 'node:net'

const kinds = ['dialled', 'accepted'] as const
const mebibyte = 1_048_576

test.each(kinds)('a %s channel delivers what came before it was opened', async (kind) => {
  await using pair = await connectPair(tcpTransport())
  const [early, late] =
    kind === 'dialled' ? [pair.accepted, pair.dialled] : [pair.dialled, pair.accepted]
  early.open(new CollectingSink())
  early.write(Buffer.from('first'))
  early.write(Buffer.from(' second'))
  await nextLoopTurns(5)
  const sink = new CollectingSink()
  late.open(sink)
  await sink.until(() => sink.receivedBytes >= 12)
  expect(sink.text()).toBe('first second')
})

test.each(kinds)('a %s channel whose peer ends in order closes as ended', async (kind) => {
  await using peer = await foreignPeer(tcpTransport(), kind)
  peer.socket.end('last words')
  expect(await peer.sink.closeReason()).toBe('ended')
  expect(peer.sink.text()).toBe('last words')
})

test.each(kinds)(
  'a %s channel whose peer tears the connection down closes as reset',
  async (kind) => {
    await using peer = await foreignPeer(tcpTransport(), kind)
    peer.socket.resetAndDestroy()
    expect(await peer.sink.closeReason()).toBe('reset')
  },
)

test.each(kinds)('a %s channel closed by its owner closes as local, once', async (kind) => {
  await using peer = await foreignPeer(tcpTransport(), kind)
  peer.channel.close()
  peer.channel.close({ graceful: true })
  expect(await peer.sink.closeReason()).toBe('local')
  await nextLoopTurns(5)
  expect(peer.sink.closeReasons).toEqual(['local'])
})

test.each(kinds)('a %s channel ends both sides when its peer closes one half', async (kind) => {
  await using peer = await foreignPeer(tcpTransport(), kind)
  peer.socket.resume().end()
  await once(peer.socket, 'end')
  expect(await peer.sink.closeReason()).toBe('ended')
})

test.each(kinds)(
  'a %s channel says so when the peer does not read, and when it does again',
  async (kind) => {
    await using peer = await foreignPeer(tcpTransport(), kind)
    const chunk = new Uint8Array(mebibyte)
    let written = 1
    while (peer.channel.write(chunk)) written += 1
    expect(peer.channel.bufferedBytes).toBeGreaterThan(0)
    expect(peer.sink.drains).toBe(0)

    let arrived = 0
    peer.socket.on('data', (bytes) => (arrived += bytes.length)).resume()
    await peer.sink.until((sink) => sink.drains > 0)
    expect(peer.channel.bufferedBytes).toBe(0)
    peer.channel.close({ graceful: true })
    await once(peer.socket, 'end')
    expect(arrived).toBe(written * mebibyte)
  },
)

test('a write that the network took at once is no reason to wait', async () => {
  await using peer = await foreignPeer(tcpTransport(), 'dialled')
  // Above the high-water mark of a Node stream, which answers false for it all the same.
  expect(peer.channel.write(new Uint8Array(100_000))).toBe(true)
  expect(peer.channel.bufferedBytes).toBe(0)
  await nextLoopTurns(5)
  expect(peer.sink.drains).toBe(0)
})

test.each(kinds)('a paused %s channel delivers nothing until it is resumed', async (kind) => {
  await using peer = await foreignPeer(tcpTransport(), kind)
  peer.socket.write('one')
  await peer.sink.until((sink) => sink.receivedBytes >= 3)
  peer.channel.pause()
  peer.socket.write('two')
  await nextLoopTurns(20)
  expect(peer.sink.text()).toBe('one')
  peer.channel.resume()
  await peer.sink.until((sink) => sink.receivedBytes >= 6)
  expect(peer.sink.text()).toBe('onetwo')
})

test.each(kinds)('a %s channel that is paused lets the peer feel it', async (kind) => {
  await using peer = await foreignPeer(tcpTransport(), kind)
  peer.channel.pause()
  const chunk = new Uint8Array(mebibyte)
  for (let count = 0; count < 64; count++) peer.socket.write(chunk)
  await nextLoopTurns(50)
  expect(peer.socket.writableLength).toBeGreaterThan(0)
  peer.channel.resume()
  await peer.sink.until((sink) => sink.receivedBytes >= 64 * mebibyte)
  expect(peer.sink.receivedBytes).toBe(64 * mebibyte)
})

test.each(kinds)(
  'a graceful close of a %s channel writes out what was handed over',
  async (kind) => {
    await using pair = await connectPair(tcpTransport())
    const [closing, staying] =
      kind === 'dialled' ? [pair.dialled, pair.accepted] : [pair.accepted, pair.dialled]
    const [closingSink, stayingSink] = [new CollectingSink(), new CollectingSink()]
    closing.open(closingSink)
    closing.write(new Uint8Array(16 * mebibyte).fill(3))
    closing.close({ graceful: true })
    staying.open(stayingSink)
    expect(await stayingSink.closeReason()).toBe('ended')
    expect(await closingSink.closeReason()).toBe('local')
    expect(stayingSink.receivedBytes).toBe(16 * mebibyte)
  },
)

test('a graceful close loses nothing to bytes that the closing side has not read', async () => {
  await using peer = await foreignPeer(tcpTransport(), 'dialled')
  peer.socket.write(new Uint8Array(mebibyte))
  peer.channel.write(Buffer.from('refused: this is why'))
  peer.channel.close({ graceful: true })
  const words: Buffer[] = []
  peer.socket
    .on('data', (bytes) => words.push(bytes))
    .resume()
    .end()
  await once(peer.socket, 'end')
  expect(Buffer.concat(words).toString()).toBe('refused: this is why')
})

test.each(kinds)(
  'a graceful close of a %s channel does not wait for a peer that never reads',
  async (kind) => {
    await using peer = await foreignPeer(tcpTransport({ lingerMs: 20 }), kind)
    while (peer.channel.write(new Uint8Array(mebibyte)));
    peer.channel.close({ graceful: true })
    expect(await peer.sink.closeReason()).toBe('local')
  },
)

test('a graceful close gives way to an abrupt one', async () => {
  await using peer = await foreignPeer(tcpTransport({ lingerMs: 600_000 }), 'dialled')
  while (peer.channel.write(new Uint8Array(mebibyte)));
  peer.channel.close({ graceful: true })
  peer.channel.close()
  expect(await peer.sink.closeReason()).toBe('local')
})

// Before 1.52, libuv reports the end of a stream for a reset that arrives together with bytes.
const [, libuvMinor] = process.versions.uv.split('.').map(Number)
const seesEveryReset = (libuvMinor ?? 0) >= 52

test.skipIf(!seesEveryReset)(
  'a stream cut short by an abrupt close ends in a reset at the other end',
  async () => {
    await using peer = await foreignPeer(tcpTransport(), 'dialled')
    peer.socket.resume()
    while (peer.channel.write(new Uint8Array(mebibyte)));
    peer.channel.close()
    const [error] = await once(peer.socket, 'error').catch((raised: unknown) => [raised])
    expect(error).toMatchObject({ code: 'ECONNRESET' })
  },
)

test('nothing is delivered or written after the own close', async () => {
  await using peer = await foreignPeer(tcpTransport(), 'accepted')
  peer.socket.write('late')
  peer.channel.close({ graceful: true })
  expect(peer.channel.write(Buffer.from('late'))).toBe(false)
  peer.socket.resume().end()
  await peer.sink.closeReason()
  expect(peer.sink.text()).toBe('')
})

test('a channel opened after it ended still gets its last call', async () => {
  await using pair = await connectPair(tcpTransport())
  const dialledSink = new CollectingSink()
  pair.dialled.open(dialledSink)
  pair.dialled.close()
  await dialledSink.closeReason()
  pair.accepted.close()
  await nextLoopTurns(5)
  const sink = new CollectingSink()
  pair.accepted.open(sink)
  expect(await sink.closeReason()).toBe('local')
})

test('channels of one transport read into one buffer without mixing their bytes', async () => {
  const transport = tcpTransport({ readBufferBytes: 4_096 })
  await using first = await foreignPeer(transport, 'dialled')
  await using second = await foreignPeer(transport, 'dialled')
  for (let count = 0; count < 50; count++) {
    first.socket.write(Buffer.alloc(10_007, 1))
    second.socket.write(Buffer.alloc(10_007, 2))
  }
  await first.sink.until((sink) => sink.receivedBytes >= 500_350)
  await second.sink.until((sink) => sink.receivedBytes >= 500_350)
  expect(Buffer.from(first.sink.bytes()).equals(Buffer.alloc(500_350, 1))).toBe(true)
  expect(Buffer.from(second.sink.bytes()).equals(Buffer.alloc(500_350, 2))).toBe(true)
})

test('dials leave no listener on a signal that they share', async () => {
  await using server = createServer((socket) => socket.destroy())
  const address = await listenOn(server)
  const { signal } = new AbortController()
  const transport = tcpTransport()
  for (let count = 0; count < 20; count++) (await transport.dial(address, { signal })).close()
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('a peer that is connected over a dual-stack socket is known by its plain address', async () => {
  await using pair = await connectPair(tcpTransport())
  expect(pair.accepted.source).toBe('127.0.0.1')
  expect(pair.dialled.source).toBe('127.0.0.1')
})

async function nextLoopTurns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}
