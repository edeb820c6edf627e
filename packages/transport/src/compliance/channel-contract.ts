import { describe, expect, test } from 'vitest'
import { connectedPair, End, Listening, pattern, sameBytes } from './channel-kit.ts'
import { lacks, type TransportSubject } from './subject.ts'

const mebibyte = 1_048_576

export function channelContract(name: string, subject: TransportSubject): void {
  describe(`channels of ${name} keep the contract`, () => {
    bytesArrive(subject)
    backpressureWorks(subject)
    channelsEnd(subject)
  })
}

function bytesArrive(subject: TransportSubject): void {
  test('bytes arrive whole and in order, both ways at once', async () => {
    await using pair = await connectedPair(subject)
    const there = pattern(200_000, 1)
    const back = pattern(200_000, 2)
    for (let at = 0; at < there.length; at += 997) {
      pair.dialled.channel.write(there.slice(at, at + 997))
      pair.accepted.channel.write(back.slice(at, at + 997))
    }
    expect(sameBytes(await pair.accepted.receivedBytes(there.length), there)).toBe(true)
    expect(sameBytes(await pair.dialled.receivedBytes(back.length), back)).toBe(true)
  })

  test('one write of ten mebibytes arrives intact', async () => {
    await using pair = await connectedPair(subject)
    const sent = pattern(10 * mebibyte)
    pair.dialled.channel.write(sent)
    expect(sameBytes(await pair.accepted.receivedBytes(sent.length), sent)).toBe(true)
  })

  test('nothing is delivered before the channel is opened, and nothing is lost', async () => {
    await using pair = await connectedPair(subject, { acceptedIsOpen: false })
    const sent = pattern(50_000)
    pair.dialled.channel.write(sent)
    await roundTrip(subject) // Time for the bytes to arrive, on a connection of its own.
    expect(pair.accepted.byteLength).toBe(0)
    pair.accepted.open()
    expect(sameBytes(await pair.accepted.receivedBytes(sent.length), sent)).toBe(true)
  })

  test('bytes written before the other end closed arrive before its end does', async () => {
    await using pair = await connectedPair(subject, { acceptedIsOpen: false })
    const sent = pattern(100_000)
    pair.dialled.channel.write(sent)
    pair.dialled.channel.close({ graceful: true })
    pair.accepted.open()
    expect(await pair.accepted.closed()).toBe('ended')
    expect(sameBytes(pair.accepted.bytes, sent)).toBe(true)
  })

  test('a hundred channels at once keep their bytes apart', async () => {
    await using listening = await Listening.start(subject)
    const transport = subject.create()
    const numbers = Array.from({ length: 100 }, (_, index) => index)
    const dialled: End[] = []
    // Ten at a time: all handshakes of one process share its event loop, and each has to be done in the time of a dial.
    while (dialled.length < numbers.length) {
      const ten = Array.from({ length: 10 }, () => transport.dial(listening.address))
      for (const channel of await Promise.all(ten)) dialled.push(new End(channel).open())
    }
    const accepted = await Promise.all(
      numbers.map(async () => new End(await listening.next()).open()),
    )
    for (const [index, end] of dialled.entries()) end.channel.write(pattern(1_000, index + 1))
    const received = await Promise.all(accepted.map((end) => end.receivedBytes(1_000)))
    const expected = numbers.map((index) => pattern(1_000, index + 1).join())
    expect(received.map((bytes) => bytes.join()).toSorted()).toEqual(expected.toSorted())
    for (const end of [...dialled, ...accepted]) end.channel.close()
  })
}

function backpressureWorks(subject: TransportSubject): void {
  test.skipIf(lacks(subject, 'backpressure'))(
    'a paused reader holds its writer up, and loses nothing',
    async () => {
      await using pair = await connectedPair(subject)
      pair.accepted.channel.pause()
      const piece = pattern(65_536)
      let pieces = 1
      while (pair.dialled.channel.write(piece.slice())) {
        // The buffers of two hosts and what lies between: a transport that takes more has no end.
        if (++pieces > 1_024) throw new Error('64 MiB were taken without a reader')
        await roundTrip(subject)
      }
      expect(pair.dialled.channel.bufferedBytes).toBeGreaterThan(0)
      const before = pair.dialled.drains
      pair.accepted.channel.resume()
      await pair.dialled.until(() => pair.dialled.drains > before)
      await pair.accepted.receivedBytes(pieces * piece.length)
      expect(pair.accepted.byteLength).toBe(pieces * piece.length)
    },
  )

  test.skipIf(lacks(subject, 'backpressure'))(
    'a channel paused within a delivery delivers nothing until it is resumed',
    async () => {
      await using pair = await connectedPair(subject)
      const { accepted, dialled } = pair
      accepted.onReceived = () => accepted.channel.pause()
      dialled.channel.write(pattern(1_000))
      await accepted.until(() => accepted.byteLength > 0)
      const held = accepted.byteLength
      dialled.channel.write(pattern(500_000, 2))
      await roundTrip(subject)
      expect(accepted.byteLength).toBe(held)
      accepted.onReceived = undefined
      accepted.channel.resume()
      await accepted.receivedBytes(501_000)
      expect(accepted.byteLength).toBe(501_000)
    },
  )

  test.skipIf(lacks(subject, 'backpressure'))(
    'a channel paused within each delivery gets all that was written before the end, and then the end',
    async () => {
      await using pair = await connectedPair(subject)
      const { accepted, dialled } = pair
      let deliveries = 0
      accepted.onReceived = () => {
        accepted.channel.pause()
        deliveries += 1
      }
      for (let piece = 1; piece <= 20; piece++) dialled.channel.write(pattern(10_000, piece))
      dialled.channel.close({ graceful: true })
      let resumed = 0
      while (accepted.byteLength < 200_000) {
        await accepted.until(() => deliveries > resumed)
        resumed = deliveries
        await roundTrip(subject)
        expect(deliveries).toBe(resumed)
        accepted.channel.resume()
      }
      expect(await accepted.closed()).toBe('ended')
      expect([accepted.byteLength, accepted.closes.length]).toEqual([200_000, 1])
    },
  )
}

function channelsEnd(subject: TransportSubject): void {
  test('a close is told to both ends, once', async () => {
    await using pair = await connectedPair(subject)
    pair.dialled.channel.close()
    pair.dialled.channel.close()
    expect(await pair.dialled.closed()).toBe('local')
    expect(['ended', 'reset']).toContain(await pair.accepted.closed())
    await roundTrip(subject)
    expect([pair.dialled.closes.length, pair.accepted.closes.length]).toEqual([1, 1])
  })

  test('an end is told of its own close even if nobody reads at the other', async () => {
    await using pair = await connectedPair(subject)
    pair.accepted.channel.pause()
    pair.dialled.channel.write(pattern(4 * mebibyte))
    pair.dialled.channel.close({ graceful: true })
    pair.dialled.channel.close() // Enough of waiting.
    expect(await pair.dialled.closed()).toBe('local')
  })

  test('a close is never told within the call that makes it', async () => {
    await using pair = await connectedPair(subject)
    pair.dialled.channel.close()
    expect(pair.dialled.closes).toEqual([])
    expect(await pair.dialled.closed()).toBe('local')
  })

  test('nothing is delivered to an end that has closed', async () => {
    await using pair = await connectedPair(subject)
    pair.accepted.channel.write(pattern(1_000))
    pair.dialled.channel.close()
    await pair.dialled.closed()
    const held = pair.dialled.byteLength
    await roundTrip(subject)
    expect(pair.dialled.byteLength).toBe(held)
  })

  test('writing to a closed channel does nothing', async () => {
    await using pair = await connectedPair(subject)
    pair.dialled.channel.close()
    await pair.dialled.closed()
    expect(() => pair.dialled.channel.write(pattern(10))).not.toThrow()
    expect(pair.dialled.channel.bufferedBytes).toBe(0)
  })

  test('two ends that close at once are both told so', async () => {
    await using pair = await connectedPair(subject)
    pair.dialled.channel.close()
    pair.accepted.channel.close()
    expect([await pair.dialled.closed(), await pair.accepted.closed()]).toEqual(['local', 'local'])
  })
}

/** A byte there and back on a connection of its own: whatever was sent before has had its time. */
async function roundTrip(subject: TransportSubject): Promise<void> {
  await using pair = await connectedPair(subject)
  pair.dialled.channel.write(Uint8Array.of(1))
  await pair.accepted.receivedBytes(1)
  pair.accepted.channel.write(Uint8Array.of(2))
  await pair.dialled.receivedBytes(1)
}
