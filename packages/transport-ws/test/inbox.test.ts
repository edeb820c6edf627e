// What waits to be delivered, of which a page's server decides how much it is.
import type { ChannelCloseReason } from '@casty/transport'
import { expect, test } from 'vitest'
import { Inbox } from '../src/inbox.ts'

class Sink {
  readonly came: number[] = []
  readonly ends: ChannelCloseReason[] = []
  onReceived: () => void = () => {}

  received(bytes: Uint8Array): void {
    this.came.push(...bytes)
    this.onReceived()
  }

  drained(): void {}

  closed(reason: ChannelCloseReason): void {
    this.ends.push(reason)
  }
}

function paused(): Inbox {
  const inbox = new Inbox()
  inbox.pause()
  return inbox
}

test('many small messages count for more than their bytes, since each takes more', () => {
  const inbox = paused()
  for (let count = 0; count < 1_000; count++) inbox.received(Uint8Array.of(1))
  expect(inbox.heldBytes).toBeGreaterThan(100_000)
})

test('messages without a byte are not held, for nobody would count them', () => {
  const inbox = paused()
  for (let count = 0; count < 1_000; count++) inbox.received(new Uint8Array(0))
  expect(inbox.heldBytes).toBe(0)
})

test('what was held comes in order, and before what comes meanwhile', () => {
  const inbox = paused()
  const sink = new Sink()
  inbox.open(sink)
  for (const byte of [1, 2, 3]) inbox.received(Uint8Array.of(byte))
  sink.onReceived = () => {
    if (sink.came.length === 1) inbox.received(Uint8Array.of(4))
  }
  inbox.resume()
  expect(sink.came).toEqual([1, 2, 3, 4])
  expect(inbox.heldBytes).toBe(0)
})

test('a sink that pauses while it is given what was held gets the rest, and the end, later and once', () => {
  const inbox = paused()
  const sink = new Sink()
  inbox.open(sink)
  for (const byte of [1, 2, 3]) inbox.received(Uint8Array.of(byte))
  inbox.ended('ended')
  sink.onReceived = () => {
    if (sink.came.length === 2) inbox.pause()
  }
  inbox.resume()
  expect([sink.came, sink.ends]).toEqual([[1, 2], []])
  inbox.resume()
  inbox.resume()
  expect([sink.came, sink.ends]).toEqual([[1, 2, 3], ['ended']])
})

test('a sink that shuts it while it is given what was held gets the end alone', () => {
  const inbox = paused()
  const sink = new Sink()
  inbox.open(sink)
  for (const byte of [1, 2, 3]) inbox.received(Uint8Array.of(byte))
  sink.onReceived = () => inbox.shut()
  inbox.resume()
  inbox.ended('local')
  expect([sink.came, sink.ends]).toEqual([[1], ['local']])
})
