import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { onRead, withPreallocatedReads } from '../src/preallocated-reads.ts'
import { CollectingSink, connectPair } from './support.ts'
import { tcpTransport } from '@casty/transport-tcp'

test('a socket without a handle that can read into a buffer is left as it was', () => {
  const socket = new Socket()
  expect(
    withPreallocatedReads(
      socket,
      onRead(new Uint8Array(16), () => {}),
    ),
  ).toBeUndefined()
  expect(socket.destroyed).toBe(false)
})

test('accepted connections share the buffer of their transport with dialled ones', async () => {
  const transport = tcpTransport({ readBufferBytes: 4_096 })
  await using first = await connectPair(transport)
  await using second = await connectPair(transport)
  const channels = [first.dialled, first.accepted, second.dialled, second.accepted]
  const sinks = channels.map((channel) => {
    const sink = new CollectingSink()
    channel.open(sink)
    return sink
  })
  for (const [index, channel] of channels.entries()) channel.write(Buffer.alloc(50_001, index))
  const expected = [1, 0, 3, 2] // What each end's other end wrote.
  await Promise.all(sinks.map((sink) => sink.until(() => sink.receivedBytes >= 50_001)))
  const intact = sinks.map((sink, index) =>
    Buffer.alloc(50_001, expected[index]).equals(sink.bytes()),
  )
  expect(intact).toEqual([true, true, true, true])
})
