import type { Clock } from '@casty/clock'
import { NodeAddress, NodeIdentity, TransportError } from '@casty/transport'
import { describe, expect, test } from 'vitest'
import { connectRaw, helloBytes } from './raw.ts'
import { bytesOf, createWorld, tell } from './world.ts'

describe('a kept peer', () => {
  test('is connected without a frame to send', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    alice.endpoint.keep(bob.endpoint.self)
    await world.run(10)
    expect(alice.told).toEqual(['lane-opened control b:1#1'])
    expect(bob.told).toEqual(['lane-opened control a:1#1'])
  })

  test('that crashed is known to be gone within 25 ms', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    alice.endpoint.keep(bob.endpoint.self)
    await world.run(2_000)
    alice.events.length = 0
    world.network.kill(bob.address)
    await world.run(25)
    expect(alice.told.slice(0, 2)).toEqual([
      'lane-closed control b:1#1 reset lost 0',
      'dial-failed control b:1 refused',
    ])
  })

  test('is dialled again with growing delays, of at most the longest', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { limits: { maxReconnectMs: 2_000 } })
    await using bob = await world.start('b:1')
    alice.endpoint.keep(bob.endpoint.self)
    await world.run(2_000)
    world.network.kill(bob.address)
    const failedAt: number[] = []
    using _ = alice.endpoint.subscribe(({ type }) => {
      if (type === 'dial-failed') failedAt.push(world.clock.now() - 2_000)
    })
    await world.run(60_000)
    const gaps = failedAt.map((at, index) => at - (failedAt[index - 1] ?? 0))
    for (const [index, gap] of gaps.entries()) {
      const bound = index === 0 ? 20 : Math.min(2_000, 100 * 2 ** (index - 1))
      expect(gap).toBeLessThanOrEqual(bound + 4) // Both ways of a dial, and back of the reset.
    }
    expect(failedAt.length).toBeGreaterThan(60_000 / 2_000)
    expect(failedAt.length).toBeLessThan(200)
  })

  test('that lives again in the same life is connected again', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    alice.endpoint.keep(bob.endpoint.self)
    await world.run(2_000)
    world.network.cut(alice.address, bob.address, { mode: 'reset' })
    await world.run(30_000)
    expect(alice.endpoint.isConnected(bob.endpoint.self, 'control')).toBe(false)
    world.network.heal()
    await world.run(30_000)
    expect(alice.endpoint.isConnected(bob.endpoint.self, 'control')).toBe(true)
    tell(alice, bob, 'again', 'control')
    await world.run()
    expect(bob.texts).toEqual(['again'])
  })

  test('is not dialled any more once it is not kept', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    alice.endpoint.keep(bob.endpoint.self)
    await world.run(2_000)
    alice.endpoint.unkeep(bob.endpoint.self)
    world.network.kill(bob.address)
    await world.run(60_000)
    expect(alice.endpoint.counters().dialsFailed.refused).toBe(0)
    expect(alice.endpoint.explain().associations).toEqual([])
  })

  test('that breaks its connection at once each time is not dialled without end', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    alice.endpoint.keep(bob.endpoint.self)
    using _ = bob.endpoint.subscribe(({ type }) => {
      if (type === 'lane-opened') bob.endpoint.forget(alice.endpoint.self)
    })
    await world.run(60_000)
    expect(alice.endpoint.counters().dialsStarted).toBeLessThan(40)
  })

  test('that is back on one lane is dialled on the other without waiting out its backoff', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    world.network.cut(alice.address, bob.address, { mode: 'reset' })
    for (let count = 0; count < 60; count++) {
      tell(alice, bob, 'lost')
      await world.run(1_000)
    }
    const report = alice.endpoint.explain().associations[0]?.data
    expect(report?.nextDialInMs).toBeGreaterThan(100)
    world.network.heal()
    tell(alice, bob, 'waits')
    bob.endpoint.keep(alice.endpoint.self)
    await world.run(50)
    expect(bob.texts.at(-1)).toBe('waits')
  })

  test('in a life that is over is not kept', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1', { incarnation: 2 })
    alice.endpoint.keep(bob.endpoint.self)
    await world.run()
    alice.endpoint.keep(NodeIdentity.of(bob.address, 1))
    await world.run()
    expect(alice.told).toEqual(['lane-opened control b:1#2'])
  })
})

describe('an earlier life of an address', () => {
  const later = NodeIdentity.of(NodeAddress.parse('b:1'), 2)

  test.each([
    [true, 'CASTY_TRANSPORT_REFUSED'],
    [false, 'b:1#1'],
  ])('answers where a later one was met: remembered %s, then %s', async (remembersPeers, then) => {
    const world = createWorld()
    await using alice = await world.start('a:1', { remembersPeers })
    const bob = await world.start('b:1', { incarnation: 2 })
    alice.endpoint.keep(bob.endpoint.self)
    await world.run()
    await bob[Symbol.asyncDispose]()
    await world.run()
    await using _ = await world.start('b:1', { incarnation: 1 })
    const connecting = alice.endpoint.connect(later.address).then(
      ({ key }) => key,
      (error: unknown) => (error instanceof TransportError ? error.code : String(error)),
    )
    await world.run()
    expect(await connecting).toBe(then)
  })

  test('takes the place of one that was only heard of, and keeps it, where none is remembered', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { remembersPeers: false })
    await using bob = await world.start('b:1', { incarnation: 1 })
    alice.endpoint.send(later, 'data', 32, bytesOf('to a later one'))
    await world.run()
    tell(alice, bob, 'first')
    alice.endpoint.keep(bob.endpoint.self)
    await world.run()
    expect(alice.endpoint.send(later, 'data', 32, bytesOf('to a later one'))).toBe('dropped')
    tell(alice, bob, 'second')
    await world.run()
    expect(bob.texts).toEqual(['first', 'second'])
  })
})

describe('a lost connection', () => {
  test('takes along what was queued on it, and says how much', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { limits: { maxSilenceMs: 600_000 } })
    await using bob = await world.start('b:1')
    tell(alice, bob, 'first')
    await world.run()
    world.network.pause(bob.address)
    for (let count = 0; count < 10; count++) {
      alice.endpoint.send(bob.endpoint.self, 'data', 32, new Uint8Array(100_000))
      await world.run(1)
    }
    const waiting = alice.endpoint.explain().associations[0]?.data.queuedFrames
    expect(waiting).toBeGreaterThan(0)
    world.network.kill(bob.address)
    await world.run(1)
    expect(alice.told.at(-1)).toBe(`lane-closed data b:1#1 reset lost ${waiting}`)
    expect(alice.endpoint.counters().dropped['lane-closed']).toBe(waiting)
  })

  test('that only the peer noticed gives way to the next one, and nothing is lost', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    await world.run()
    bob.endpoint.keep(alice.endpoint.self)
    await world.run()
    // Bob gives up, and his word of it is lost: Alice holds half a connection.
    world.network.cut(alice.address, bob.address)
    bob.endpoint.reset(alice.endpoint.self)
    await world.run(10)
    world.network.heal()
    expect(alice.endpoint.isConnected(bob.endpoint.self, 'control')).toBe(true)
    await world.run(6_000)
    tell(alice, bob, 'from alice', 'control')
    tell(bob, alice, 'from bob', 'control')
    await world.run()
    expect(alice.told).toEqual([
      'lane-opened control b:1#1',
      'lane-closed control b:1#1 replaced lost 0',
      'lane-opened control b:1#1',
    ])
    expect([alice.texts, bob.texts]).toEqual([['from bob'], ['from alice']])
  })

  test('does not give way to a dial that the peer made before it and has given up', async () => {
    const world = createWorld()
    await using bob = await world.start('b:1')
    const alice = NodeIdentity.parse('a:1#1')
    const current = await connectRaw(world, bob.address)
    current.write(helloBytes(alice, bob.endpoint.self, { sequence: 8 }))
    await world.run(10)
    const late = await connectRaw(world, bob.address)
    late.write(helloBytes(alice, bob.endpoint.self, { sequence: 7 }))
    await world.run(10)
    expect(late.refusal()?.reason).toBe('duplicate')
    expect(current.closed).toBeUndefined()
    expect(bob.told).toEqual(['lane-opened control a:1#1'])
  })

  test('that is replaced hands on what was queued, in order', async () => {
    const world = createWorld()
    const limits = { maxSilenceMs: 600_000 }
    await using alice = await world.start('a:1', { limits })
    const bob = NodeIdentity.parse('x:1#1')
    const first = await connectRaw(world, alice.address)
    first.write(helloBytes(bob, alice.endpoint.self, { sequence: 1 }))
    await world.run(10)
    first.channel.pause()
    for (let count = 1; count <= 10; count++) {
      alice.endpoint.send(bob, 'control', 32, new Uint8Array(60_000).fill(count))
      await world.run(1)
    }
    const queued = alice.endpoint.explain().associations[0]?.control.queuedFrames ?? 0
    expect(queued).toBeGreaterThan(1)
    const second = await connectRaw(world, alice.address)
    second.write(helloBytes(bob, alice.endpoint.self, { sequence: 2 }))
    await world.run(10)
    const bodies = second.received.filter((_, at) => (at - second.received.length) % 60_005 === -1)
    expect([...bodies].slice(-queued)).toEqual(
      Array.from({ length: queued }, (_, index) => 11 - queued + index),
    )
    expect(alice.told.at(1)).toBe('lane-closed control x:1#1 replaced lost 0')
  })

  test('gives way to a dial that the peer made after it', async () => {
    const world = createWorld()
    await using bob = await world.start('b:1')
    const alice = NodeIdentity.parse('a:1#1')
    const current = await connectRaw(world, bob.address)
    current.write(helloBytes(alice, bob.endpoint.self, { sequence: 8 }))
    await world.run(10)
    const next = await connectRaw(world, bob.address)
    next.write(helloBytes(alice, bob.endpoint.self, { sequence: 9 }))
    await world.run(10)
    expect(current.closed).toBe('ended')
    expect(next.closed).toBeUndefined()
    expect(bob.told.slice(1)).toEqual([
      'lane-closed control a:1#1 replaced lost 0',
      'lane-opened control a:1#1',
    ])
  })

  test('is tried again when the dial that was to survive never came', async () => {
    const world = createWorld()
    await using bob = await world.start('b:1')
    const alice = NodeIdentity.parse('a:1#1')
    const listener = await world.network.transport().listen(alice.address, (channel) => {
      // Alice claims that her own dial is under way, and never makes it.
      channel.open({ received() {}, drained() {}, closed() {} })
      channel.write(duplicateRefusal)
    })
    bob.endpoint.keep(alice)
    await world.run(100)
    expect(bob.endpoint.counters().dialsStarted).toBe(1)
    await world.run(5_000)
    expect(bob.endpoint.counters().dialsStarted).toBe(2)
    expect(bob.told).toEqual([])
    await listener[Symbol.asyncDispose]()
  })
})

/** Prelude, and a refusal frame: `duplicate`, nobody named, no detail. */
const duplicateRefusal = Uint8Array.from(
  [
    [0x89, 0x43, 0x41, 0x53, 0x54, 0x59, 0x0d, 0x0a, 0, 1, 0, 1],
    [0, 0, 0, 5, 3, 6, 0, 0, 0],
  ].flat(),
)

describe('silence', () => {
  test('after something was sent closes the connection within ten seconds', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    tell(alice, bob, 'first')
    await world.run(60_000)
    world.network.cut(alice.address, bob.address)
    tell(alice, bob, 'lost')
    const sentAt = world.clock.now()
    let closedAt = Number.NaN
    using _ = alice.endpoint.subscribe(({ type }) => {
      if (type === 'lane-closed') closedAt = world.clock.now()
    })
    await world.run(12_000)
    expect(alice.told.at(1)).toBe('lane-closed data b:1#1 silent lost 0')
    expect(closedAt - sentAt).toBeGreaterThanOrEqual(7_500)
    expect(closedAt - sentAt).toBeLessThanOrEqual(10_000)
  })

  test('of a peer that has nothing to say is broken by an answer to a ping', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    for (let count = 0; count < 30; count++) {
      tell(alice, bob, `${count}`)
      await world.run(2_000)
    }
    expect(alice.told).toEqual(['lane-opened data b:1#1'])
    expect(bob.texts).toHaveLength(30)
  })

  test('after a frame that was sent right after something was heard is noticed too', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    tell(alice, bob, 'first')
    await world.run(60_000)
    tell(bob, alice, 'heard')
    await world.run(5)
    world.network.cut(alice.address, bob.address)
    tell(alice, bob, 'lost')
    await world.run(12_500)
    expect(alice.told.at(1)).toBe('lane-closed data b:1#1 silent lost 0')
  })

  test('after a bulk that is never read is noticed, though something was heard after it was written', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    tell(alice, bob, 'first')
    await world.run(60_000)
    tell(bob, alice, 'heard')
    await world.run(0.5)
    world.network.pause(bob.address)
    for (let count = 0; count < 10; count++) {
      alice.endpoint.send(bob.endpoint.self, 'data', 32, new Uint8Array(60_000))
    }
    await world.run()
    expect(alice.texts).toEqual(['heard'])
    world.network.cut(bob.address, alice.address) // Nor does the end that bob makes of it arrive.
    await world.run(60_000)
    expect(alice.told.at(1)).toMatch(/^lane-closed data b:1#1 silent /)
  })

  test('on the control lane is noticed as soon after a long conversation as after a short one', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    for (let count = 0; count < 50; count++) {
      alice.endpoint.send(bob.endpoint.self, 'control', 32, new Uint8Array(60_000))
      tell(bob, alice, 'answer', 'control')
      await world.run(1_000)
    }
    world.network.cut(alice.address, bob.address)
    tell(alice, bob, 'lost', 'control')
    await world.run(10_000)
    expect(alice.told.at(1)).toBe('lane-closed control b:1#1 silent lost 0')
  })

  test('without anything sent proves nothing', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    tell(alice, bob, 'first')
    await world.run(10_000)
    world.network.cut(alice.address, bob.address)
    await world.run(120_000)
    expect(alice.told).toEqual(['lane-opened data b:1#1'])
  })

  test('behind a bulk transfer on a slow line is waited out', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    tell(alice, bob, 'first')
    await world.run()
    world.network.bandwidth(alice.address, bob.address, 10_000)
    for (let count = 0; count < 5; count++) {
      alice.endpoint.send(bob.endpoint.self, 'data', 32, new Uint8Array(40_000))
    }
    await world.run(30_000)
    expect(bob.received.frames).toHaveLength(6)
    expect(alice.told).toEqual(['lane-opened data b:1#1'])
  })

  test('is not held against a peer by a process that stood still itself', async () => {
    const world = createWorld()
    const stalling = stallingClock(world.clock)
    await using alice = await world.start('a:1', { clock: stalling })
    await using bob = await world.start('b:1')
    tell(alice, bob, 'first')
    await world.run(10_000)
    tell(alice, bob, 'second')
    await world.run(5) // The ping has left; the answer comes while the process stands still.
    stalling.stall()
    world.network.pause(alice.address)
    await world.run(12_000)
    stalling.goOn() // The runtime runs what was due before it looks at its sockets.
    world.network.resume(alice.address)
    await world.run(20_000)
    expect(alice.told).toEqual(['lane-opened data b:1#1'])
    expect(bob.texts).toEqual(['first', 'second'])
  })
})

/** A clock whose timers do not run while the process stands still, but all at once after it. */
function stallingClock(clock: Clock): Clock & { stall(): void; goOn(): void } {
  const held: (() => void)[] = []
  let isStalled = false
  return {
    now: () => clock.now(),
    wallNow: () => clock.wallNow(),
    schedule: (delayMs, callback) =>
      clock.schedule(delayMs, () => {
        if (isStalled) held.push(callback)
        else callback()
      }),
    stall() {
      isStalled = true
    },
    goOn() {
      isStalled = false
      for (const callback of held.splice(0)) callback()
    },
  }
}

describe('an idle lane', () => {
  const limits = { idleLaneMs: 10_000 }

  test('is closed, and opens again on demand', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { limits })
    await using bob = await world.start('b:1', { limits })
    tell(alice, bob, '1')
    await world.run(25_000)
    expect(alice.told).toEqual(['lane-opened data b:1#1', 'lane-closed data b:1#1 idle lost 0'])
    expect(bob.told).toEqual(['lane-opened data a:1#1', 'lane-closed data a:1#1 idle lost 0'])
    expect(alice.endpoint.explain().associations).toEqual([])
    tell(bob, alice, '2')
    await world.run()
    expect(alice.texts).toEqual(['2'])
  })

  test('stays open while it is kept', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { limits })
    await using bob = await world.start('b:1')
    alice.endpoint.keep(bob.endpoint.self)
    await world.run(60_000)
    expect(alice.told).toEqual(['lane-opened control b:1#1'])
  })

  test('loses no frame, whenever one is sent while it closes', async () => {
    const untouched = await closingWorld(undefined)
    for (let offset = -12; offset <= 6; offset++) {
      const touched = await closingWorld(untouched.closedAt + offset)
      expect(touched.closedAt).toBeGreaterThan(0)
      expect([touched.toAlice, touched.toBob]).toEqual([['from bob'], ['first', 'from alice']])
    }
  })

  test('loses no frame, whenever one is sent while both find that it is idle', async () => {
    const both = { idleLaneMs: 2_500 }
    const untouched = await closingWorld(undefined, both)
    for (let offset = -12; offset <= 6; offset++) {
      const touched = await closingWorld(untouched.closedAt + offset, both)
      expect([touched.toAlice, touched.toBob]).toEqual([['from bob'], ['first', 'from alice']])
    }
  })

  /** A lane that is used once and then idle, but for a frame each way at an instant. */
  async function closingWorld(
    touchedAt: number | undefined,
    limitsOfBob?: { readonly idleLaneMs: number },
  ): Promise<{
    readonly closedAt: number
    readonly toAlice: readonly string[]
    readonly toBob: readonly string[]
  }> {
    const world = createWorld({ latencyMs: 3 })
    await using alice = await world.start('a:1', { limits: limitsOfBob ?? limits })
    await using bob = await world.start('b:1', limitsOfBob && { limits: limitsOfBob })
    tell(alice, bob, 'first')
    let closedAt = 0
    using _ = alice.endpoint.subscribe(({ type }) => {
      if (type === 'lane-closed') closedAt ||= world.clock.now()
    })
    if (touchedAt !== undefined) {
      world.clock.schedule(touchedAt, () => {
        tell(bob, alice, 'from bob')
        tell(alice, bob, 'from alice')
      })
    }
    await world.run(40_000)
    return { closedAt, toAlice: alice.texts, toBob: bob.texts }
  }
})
