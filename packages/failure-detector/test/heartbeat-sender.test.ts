import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeartbeatSender } from '../src/index.ts'
import './vectors.ts'

describe('a heartbeat sender', () => {
  test('owes a new peer a heartbeat at once', () => {
    const sender = new HeartbeatSender(1_000)
    sender.addPeer('a', 50)
    expect(sender.duePeers(49)).toEqual([])
    expect(sender.duePeers(50)).toEqual(['a'])
    expect(sender.heartbeatOf('a')).toEqual({ lastTickAt: undefined, ticks: 0 })
  })

  test('owes the next one an interval after the last was sent', () => {
    const sender = new HeartbeatSender(1_000)
    sender.addPeer('a', 0)
    sender.recordTick('a', 20)
    expect(sender.nextDeadline()).toBe(1_020)
    expect(sender.duePeers(1_019)).toEqual([])
    expect(sender.duePeers(1_020)).toEqual(['a'])
    expect(sender.heartbeatOf('a')).toEqual({ lastTickAt: 20, ticks: 1 })
  })

  test('makes nothing up after a long pause', () => {
    const sender = new HeartbeatSender(1_000)
    sender.addPeer('a', 0)
    sender.recordTick('a', 0)
    expect(sender.duePeers(60_000)).toEqual(['a'])
    sender.recordTick('a', 60_000)
    expect(sender.duePeers(60_000)).toEqual([])
    expect(sender.nextDeadline()).toBe(61_000)
  })

  test('leaves at least an interval between two heartbeats to a peer', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5_000), { minLength: 1 }), (waits) => {
        const sender = new HeartbeatSender(1_000)
        sender.addPeer('a', 0)
        const sentAt: number[] = []
        let now = 0
        for (const wait of waits) {
          now += wait
          for (const peer of sender.duePeers(now)) {
            sender.recordTick(peer, now)
            sentAt.push(now)
          }
        }
        sentAt.slice(1).forEach((at, index) => {
          expect(at - (sentAt[index] ?? NaN)).toBeGreaterThanOrEqual(1_000)
        })
        expect(sender.ticksPerPeer()).toEqual([['a', sentAt.length]])
      }),
    )
  })

  test('forgets a peer that is removed, and starts anew with it', () => {
    const sender = new HeartbeatSender(1_000)
    sender.addPeer('a', 0)
    sender.recordTick('a', 0)
    sender.removePeer('a')
    sender.recordTick('a', 0)
    expect([sender.peerCount, sender.nextDeadline(), sender.heartbeatOf('a')]).toEqual([
      0,
      undefined,
      undefined,
    ])
    sender.addPeer('a', 5)
    expect(sender.duePeers(5)).toEqual(['a'])
  })

  test('keeps the time of a peer that is added twice', () => {
    const sender = new HeartbeatSender(1_000)
    sender.addPeer('a', 0)
    sender.recordTick('a', 0)
    sender.addPeer('a', 10)
    expect(sender.duePeers(10)).toEqual([])
    expect(sender.peerCount).toBe(1)
  })

  test('lists what it sent by peer', () => {
    const sender = new HeartbeatSender(1_000)
    for (const peer of ['b', 'a', 'c']) sender.addPeer(peer, 0)
    sender.recordTick('b', 0)
    expect(sender.ticksPerPeer()).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 0],
    ])
  })

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses an interval of %d',
    (interval) => {
      expect(() => new HeartbeatSender(interval)).toThrow(
        expect.objectContaining({ code: 'CASTY_FAILURE_DETECTOR_INVALID_OPTION' }),
      )
    },
  )
})
