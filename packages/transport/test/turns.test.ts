// Thousands of frames that arrive at once, and take long each: others have their turn in between.
import { ManualClock } from '@casty/clock'
import { describe, expect, test } from 'vitest'
import { Connection, type ConnectionOwner } from '../src/connection.ts'
import type { Channel, ChannelSink } from '../src/transport.ts'
import { concatBytes, encodeFrame, encodePrelude, wireVersions } from '../src/wire.ts'

const frameType = 40
const frames = 1_000
/** Time is looked at once for 16 frames: as many may come after five milliseconds. */
const mostPerMs = 5 + 16

interface Line {
  readonly clock: ManualClock
  readonly connection: Connection
  readonly sink: ChannelSink
  /** Which frames were taken, in each turn. */
  readonly turns: number[][]
  readonly closed: string[]
  readonly isPaused: () => boolean
}

/** A connection that is open, whose frames take `frameMs` each. */
function line(frameMs: number): Line {
  const clock = new ManualClock()
  let spentMs = 0
  let isPaused = false
  const channel: Channel = {
    source: 'test',
    bufferedBytes: 0,
    open: () => {},
    write: () => true,
    pause: () => void (isPaused = true),
    resume: () => void (isPaused = false),
    close: () => {},
  }
  const closed: string[] = []
  const owner: ConnectionOwner = {
    preludeReceived: () => {},
    messageReceived: () => {},
    drained: () => {},
    closed: (_, reason) => void closed.push(reason),
  }
  const timed = {
    now: () => clock.now() + spentMs,
    wallNow: () => clock.wallNow(),
    schedule: (delayMs: number, callback: () => void) =>
      clock.schedule(delayMs, () => {
        turns.push([])
        callback()
      }),
  }
  const turns: number[][] = [[]]
  const connection = new Connection(channel, owner, 1_000, timed, () => {})
  connection.received(encodePrelude(wireVersions))
  const receiver = {
    heard: () => {},
    received: (_type: number, bytes: Uint8Array, start: number) => {
      spentMs += frameMs
      turns.at(-1)?.push((bytes[start] ?? 0) * 256 + (bytes[start + 1] ?? 0))
    },
  }
  connection.enter(owner, receiver, 4_096)
  return { clock, connection, sink: connection, turns, closed, isPaused: () => isPaused }
}

/** All of them, as they arrive in one read. */
function manyFrames(): Uint8Array {
  const all = Array.from({ length: frames }, (_, index) =>
    encodeFrame(frameType, Uint8Array.of(index >> 8, index & 0xff)),
  )
  return Uint8Array.from(all.flatMap((frame) => [...frame]))
}

const inOrder = Array.from({ length: frames }, (_, index) => index)

describe('Frames that arrive at once', () => {
  test('are taken in one turn where they take no time', () => {
    const { sink, turns, isPaused } = line(0)
    sink.received(manyFrames())
    expect(turns).toEqual([inOrder])
    expect(isPaused()).toBe(false)
  })

  test('are taken in many turns where they take long, all of them and in order', async () => {
    const { clock, sink, turns, isPaused } = line(1)
    const bytes = manyFrames()
    sink.received(bytes.subarray(0, 5_001)) // Within a frame.
    expect(isPaused()).toBe(true)
    await clock.advanceAsync(1)
    expect(isPaused()).toBe(false)
    sink.received(bytes.subarray(5_001))
    bytes.fill(0) // Reads go into the same bytes again.
    await clock.advanceAsync(1)
    expect(turns.flat()).toEqual(inOrder)
    expect(Math.max(...turns.map(({ length }) => length))).toBeLessThanOrEqual(2 * mostPerMs)
    expect(isPaused()).toBe(false)
  })

  test('are fewer in a turn where they are long, for there may be much in each', async () => {
    const { clock, sink, turns } = line(4)
    const long = encodeFrame(frameType, new Uint8Array(2_048))
    sink.received(concatBytes(long, long, long, long, long))
    await clock.advanceAsync(1_000)
    expect(turns.map(({ length }) => length)).toEqual([2, 2, 1])
  })

  test('are taken to the last where the other end closes meanwhile', async () => {
    const { clock, sink, turns, closed } = line(1)
    sink.received(manyFrames())
    expect(turns.flat().length).toBeLessThan(frames)
    sink.closed('ended')
    expect(turns.flat()).toEqual(inOrder)
    expect(closed).toEqual(['ended'])
    await clock.advanceAsync(1)
    expect(turns).toHaveLength(1)
  })

  test('are taken to the last before another connection takes its place', () => {
    const { connection, sink, turns } = line(1)
    sink.received(manyFrames())
    connection.takeTheRest()
    expect(turns.flat()).toEqual(inOrder)
    connection.close()
    expect(turns).toHaveLength(1)
  })

  test('are taken no more where this end closes meanwhile', async () => {
    const { clock, connection, sink, turns } = line(1)
    sink.received(manyFrames())
    const taken = turns.flat().length
    connection.close()
    await clock.advanceAsync(1)
    sink.closed('local')
    expect(turns.flat()).toHaveLength(taken)
    expect(taken).toBeLessThan(frames)
  })
})
