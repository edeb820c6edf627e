import { seededRandom } from '@casty/clock'
import { describe, expect, test } from 'vitest'
import {
  DeadlineDetector,
  heartbeatMonitorDefaults,
  HeartbeatMonitor,
  type HeartbeatMonitorOptions,
} from '../src/index.ts'
import { MonitorWorld, type HelperAnswer } from './monitor-world.ts'

/** A world that watches `b`, with helpers, after `warmUpMs` of answers. */
function watchingB(warmUpMs: number, helpers: readonly string[] = ['c', 'd', 'e']): MonitorWorld {
  const world = new MonitorWorld()
  world.alive.add('b')
  world.setPeers(['b'], helpers)
  world.advance(warmUpMs)
  return world
}

/** Lets `b` fall silent, and says how long after its last answer it is suspected. */
function silenceUntilSuspected(world: MonitorWorld, withinMs = 60_000): number {
  const lastAnswerAt = world.lastAnswerAt.get('b') ?? 0
  world.alive.delete('b')
  world.advance(withinMs)
  return (world.of('suspect')[0]?.at ?? Number.NaN) - lastAnswerAt
}

describe('a silent death', () => {
  test.each<[string, number, readonly string[], HelperAnswer, number, number]>([
    // What, heartbeats answered for, helpers, their answer, earliest, latest.
    ['of a known peer, helpers silent', 30_000, ['c', 'd', 'e'], undefined, 4_400, 4_600],
    ['of a known peer, helpers denying', 30_000, ['c', 'd', 'e'], false, 3_400, 3_600],
    ['of a known peer, nobody to ask', 30_000, [], undefined, 3_400, 3_600],
    ['of a known peer, only itself to ask', 30_000, ['b'], undefined, 3_400, 3_600],
    ['of a peer known for a moment, helpers silent', 500, ['c'], undefined, 5_200, 5_400],
  ])('%s is suspected in time', (_what, warmUpMs, helpers, answer, earliestMs, latestMs) => {
    const world = watchingB(warmUpMs, helpers)
    world.helperAnswer = () => answer
    const afterMs = silenceUntilSuspected(world)
    expect(afterMs).toBeGreaterThan(earliestMs)
    expect(afterMs).toBeLessThanOrEqual(latestMs)
    expect(world.reports()).toEqual(['suspect b silence'])
  })

  test('of a peer that never answered is suspected in time as well', () => {
    const world = watchingB(0)
    expect(silenceUntilSuspected(world)).toBeLessThanOrEqual(1_000 + 5_400)
    expect(world.reports()).toEqual(['suspect b silence'])
  })

  test('of many peers at once is noticed for each of them', () => {
    const world = new MonitorWorld()
    const peers = ['b', 'c', 'd', 'e', 'f']
    for (const peer of peers) world.alive.add(peer)
    world.setPeers(peers, peers)
    world.advance(30_000)
    world.alive.clear()
    world.advance(5_600)
    expect(world.reports().toSorted()).toEqual(peers.map((peer) => `suspect ${peer} silence`))
  })
})

describe('a peer that lives', () => {
  test('is never suspected nor probed, for an hour of uneven answers', () => {
    const world = new MonitorWorld()
    const random = seededRandom(3)
    world.roundTripMs = () => random() * 400
    const peers = ['b', 'c', 'd', 'e', 'f']
    for (const peer of peers) world.alive.add(peer)
    world.setPeers(peers, peers)
    world.advance(3_600_000)
    expect(world.reports()).toEqual([])
    expect(world.of('ask-probe')).toEqual([])
    expect(world.of('send-heartbeat').length).toBe(5 * 3_600 + 1)
  })

  test('but answers no heartbeat is trusted for its other frames', () => {
    const world = watchingB(0)
    world.alive.delete('b')
    for (let second = 0; second < 60; second++) {
      world.frame('b')
      world.advance(1_000)
    }
    expect(world.reports()).toEqual([])
    expect(silenceUntilSuspected(world)).toBeGreaterThan(60_000)
  })

  test('and pauses for less than the acceptable pause is not probed', () => {
    const world = watchingB(30_000)
    for (let round = 0; round < 20; round++) {
      world.alive.delete('b')
      world.advance(2_000)
      world.alive.add('b')
      world.advance(20_000)
    }
    expect(world.of('ask-probe')).toEqual([])
  })
})

describe('heartbeats', () => {
  test('go to new peers within an interval, spread over it', () => {
    const world = new MonitorWorld()
    world.setPeers(['b', 'c', 'd', 'e'])
    world.advance(999)
    expect(world.of('send-heartbeat').map(({ to, at }) => [to, at])).toEqual([
      ['b', 0],
      ['c', 250],
      ['d', 500],
      ['e', 750],
    ])
  })

  test('are numbered per peer, an interval apart', () => {
    const world = watchingB(3_500)
    expect(world.of('send-heartbeat').map(({ at, sequence }) => [at, sequence])).toEqual([
      [0, 1],
      [1_000, 2],
      [2_000, 3],
      [3_000, 4],
    ])
  })

  test('still go to a suspected peer', () => {
    const world = watchingB(10_000)
    silenceUntilSuspected(world, 20_000)
    const sent = world.of('send-heartbeat').length
    world.advance(10_000)
    expect(world.of('send-heartbeat').length).toBe(sent + 10)
  })

  test('are not made up for in a burst when a step comes late', () => {
    const monitor = new HeartbeatMonitor<string>()
    monitor.setPeers(['b'], ['c'], 0)
    monitor.step(0, 0)
    monitor.answered('b', 5)
    expect(monitor.step(60_000, 0)).toEqual([{ type: 'send-heartbeat', to: 'b', sequence: 2 }])
    expect(monitor.step(60_000, 0)).toEqual([])
    expect(monitor.nextDeadline()).toBe(61_000)
  })

  test('that were never sent are not held against a peer', () => {
    const monitor = new HeartbeatMonitor<string>()
    monitor.setPeers(['b'], [], 0)
    monitor.step(0, 0)
    monitor.answered('b', 5)
    monitor.step(60_000, 0)
    expect(monitor.step(61_999, 0).map(({ type }) => type)).toEqual(['send-heartbeat'])
    expect(monitor.step(62_000, 0)).toEqual([{ type: 'suspect', peer: 'b', evidence: 'silence' }])
  })
})

describe('probes', () => {
  test('are asked of up to probeCount helpers, each once and never of the subject', () => {
    const world = watchingB(30_000, ['b', 'c', 'd', 'e', 'f', 'g', 'c'])
    silenceUntilSuspected(world)
    const probes = world.of('ask-probe')
    expect(probes.map(({ subject }) => subject)).toEqual(['b', 'b', 'b'])
    expect(new Set(probes.map(({ via }) => via)).size).toBe(3)
    expect(probes.map(({ via }) => via)).not.toContain('b')
    expect(new Set(probes.map(({ sequence }) => sequence)).size).toBe(1)
  })

  test('are drawn evenly from the helpers', () => {
    const asked = new Map<string, number>()
    const draw = seededRandom(11)
    for (let round = 0; round < 1_000; round++) {
      const monitor = new HeartbeatMonitor<string>({ probeCount: 2 })
      monitor.setPeers(['b'], ['c', 'd', 'e', 'f'], 0)
      monitor.step(0, 0)
      for (const effect of monitor.step(20_000, draw())) {
        if (effect.type === 'ask-probe') asked.set(effect.via, (asked.get(effect.via) ?? 0) + 1)
      }
    }
    expect([...asked.keys()].toSorted()).toEqual(['c', 'd', 'e', 'f'])
    for (const count of asked.values()) expect(Math.abs(count - 500)).toBeLessThan(80)
  })

  test('go to helpers that are not silent themselves, as long as there are any', () => {
    const world = new MonitorWorld({ probeCount: 2 })
    world.alive.add('b').add('c')
    world.setPeers(['b', 'c'], ['c', 'd', 'e'])
    world.advance(30_000)
    world.alive.delete('c')
    world.advance(10_000)
    world.alive.delete('b')
    world.advance(10_000)
    const ofB = world.of('ask-probe').filter(({ subject }) => subject === 'b')
    expect(ofB.map(({ via }) => via).toSorted()).toEqual(['d', 'e'])
  })

  test('go to silent helpers when there are no others', () => {
    const world = new MonitorWorld()
    world.alive.add('b')
    world.setPeers(['b', 'c'], ['c'])
    world.advance(30_000)
    expect(world.monitor.status('c')).toBe('suspected')
    world.alive.delete('b')
    world.advance(10_000)
    expect(world.of('ask-probe').map(({ via, subject }) => [via, subject])).toEqual([['c', 'b']])
  })

  test('end as soon as the peer is heard, without a report', () => {
    const world = watchingB(30_000)
    world.alive.delete('b')
    world.advance(3_000)
    expect(world.monitor.status('b')).toBe('probing')
    world.frame('b')
    expect(world.monitor.status('b')).toBe('trusted')
    expect(world.reports()).toEqual([])
  })

  test('are not decided by a helper that was not asked, nor by an answer to an earlier round', () => {
    const monitor = new HeartbeatMonitor<string>()
    monitor.setPeers(['b'], ['c'], 0)
    monitor.step(0, 0)
    monitor.step(10_000, 0)
    monitor.probeAnswered('b', 'x', false, 10_001)
    monitor.probeAnswered('b', 'c', false, 10_001, 99)
    monitor.probeAnswered('x', 'c', false, 10_001)
    expect(monitor.status('b')).toBe('probing')
    monitor.probeAnswered('b', 'c', false, 10_002, 1)
    expect(monitor.status('b')).toBe('suspected')
  })

  test('wait for every helper before they deny', () => {
    const world = watchingB(30_000)
    world.helperAnswer = (via) => (via === 'c' ? undefined : false)
    expect(silenceUntilSuspected(world)).toBeGreaterThan(4_400)
  })
})

describe('a link fault', () => {
  test('is reported when one helper reaches the peer, and the peer is not suspected', () => {
    const world = watchingB(30_000)
    world.helperAnswer = (via) => via === 'd'
    expect(silenceUntilSuspected(world)).toBeNaN()
    expect(world.reports()).toEqual(['link-fault b via d'])
    expect(world.monitor.status('b')).toBe('link-fault')
  })

  test('is probed again each interval while the silence lasts', () => {
    const world = watchingB(30_000, ['c'])
    world.helperAnswer = () => true
    silenceUntilSuspected(world, 13_600)
    const rounds = world.of('ask-probe').map(({ at }) => at)
    expect(rounds).toHaveLength(12)
    rounds.slice(1).forEach((at, index) => expect(at - (rounds[index] ?? NaN)).toBe(1_005))
  })

  test('turns into suspicion once no helper reaches the peer any more', () => {
    const world = watchingB(30_000)
    world.helperAnswer = () => true
    silenceUntilSuspected(world, 10_000)
    world.helperAnswer = () => undefined
    world.advance(2_100)
    expect(world.reports().map((report) => report.split(' ')[0])).toEqual(['link-fault', 'suspect'])
  })

  test('ends when the peer answers again', () => {
    const world = watchingB(30_000)
    world.helperAnswer = () => true
    silenceUntilSuspected(world, 10_000)
    world.alive.add('b')
    world.advance(2_000)
    expect(world.reports().at(-1)).toBe('link-restored b')
    expect(world.monitor.status('b')).toBe('trusted')
  })
})

describe('a refused connection', () => {
  test('makes a peer suspect at once, without probes', () => {
    const world = watchingB(30_000)
    world.refuse('b')
    world.advance(0)
    expect(world.reports()).toEqual(['suspect b refused'])
    expect(world.of('ask-probe')).toEqual([])
    expect(world.of('suspect')[0]?.at).toBe(30_000)
  })

  test('counts right after an own stall, too', () => {
    const world = watchingB(30_000)
    world.stall(3_000)
    world.refuse('b')
    world.advance(0)
    expect(world.reports()).toEqual(['suspect b refused'])
  })

  test('is the better evidence against a peer that was silent before', () => {
    const world = watchingB(30_000)
    silenceUntilSuspected(world, 10_000)
    expect(world.monitor.explain(40_000)[0]?.evidence).toBe('silence')
    world.refuse('b')
    world.advance(1_000)
    world.refuse('b')
    world.advance(1_000)
    expect(world.reports()).toEqual(['suspect b silence', 'suspect b refused'])
    expect(world.monitor.explain(42_000)[0]?.evidence).toBe('refused')
  })

  test('cuts running probes short', () => {
    const world = watchingB(30_000)
    world.alive.delete('b')
    world.advance(3_000)
    world.refuse('b')
    world.advance(5_000)
    expect(world.reports()).toEqual(['suspect b refused'])
  })

  test('that was followed by a sign of life before the next step is not reported', () => {
    const monitor = new HeartbeatMonitor<string>()
    monitor.setPeers(['b'], [], 0)
    monitor.step(0, 0)
    for (let round = 0; round < 1_000; round++) {
      monitor.connectionRefused('b', 10 + round)
      monitor.heard('b', 11 + round)
    }
    expect(monitor.step(1_010, 0).map(({ type }) => type)).toEqual(['send-heartbeat'])
  })

  test('is not refuted by a frame that arrived before it and is told of after it', () => {
    const monitor = new HeartbeatMonitor<string>()
    monitor.setPeers(['b'], [], 0)
    monitor.step(0, 0)
    monitor.connectionRefused('b', 10)
    monitor.heard('b', 9)
    expect(monitor.step(10, 0)).toEqual([{ type: 'suspect', peer: 'b', evidence: 'refused' }])
    monitor.heard('b', 9)
    expect(monitor.step(11, 0)).toEqual([])
    monitor.heard('b', 12)
    expect(monitor.step(12, 0)).toEqual([{ type: 'trust', peer: 'b' }])
  })

  test('asks for a step at once', () => {
    const monitor = new HeartbeatMonitor<string>()
    monitor.setPeers(['b'], [], 0)
    monitor.step(0, 0)
    monitor.connectionRefused('b', 10)
    expect(monitor.nextDeadline()).toBe(10)
  })
})

describe('a suspected peer', () => {
  const suspecting = (): MonitorWorld => {
    const world = watchingB(30_000)
    silenceUntilSuspected(world, 10_000)
    return world
  }

  test('is trusted again when it answers', () => {
    const world = suspecting()
    world.alive.add('b')
    world.advance(2_000)
    expect(world.reports()).toEqual(['suspect b silence', 'trust b'])
  })

  test('is trusted again for any frame', () => {
    const world = suspecting()
    world.frame('b')
    world.advance(0)
    expect(world.reports().at(-1)).toBe('trust b')
  })

  test('is not trusted because a helper reaches it late', () => {
    const world = suspecting()
    world.monitor.probeAnswered('b', 'c', true, world.clock.now())
    world.advance(10_000)
    expect(world.monitor.status('b')).toBe('suspected')
  })

  test('is trusted again for a frame that arrived during an own stall', () => {
    const monitor = new HeartbeatMonitor<string>()
    monitor.setPeers(['b'], [], 0)
    monitor.step(0, 0)
    monitor.step(20_000, 0)
    monitor.stalled(5_000, 25_000)
    monitor.heard('b', 21_000)
    expect(monitor.step(25_000, 0)).toContainEqual({ type: 'trust', peer: 'b' })
  })

  test('was asked in time even when an older frame is told of after the question', () => {
    const monitor = new HeartbeatMonitor<string>({
      createDetector: () =>
        new DeadlineDetector({ heartbeatIntervalMs: 1_000, acceptablePauseMs: 1_000 }),
    })
    monitor.setPeers(['b'], [], 0)
    monitor.step(0, 0)
    monitor.answered('b', 5)
    monitor.step(60_000, 0)
    monitor.heard('b', 59_000)
    monitor.step(61_000, 0)
    expect(monitor.step(61_999, 0)).toEqual([])
    expect(monitor.step(62_000, 0)).toContainEqual(expect.objectContaining({ type: 'suspect' }))
  })

  test('is not trusted for an old frame that is told of again', () => {
    const monitor = new HeartbeatMonitor<string>()
    monitor.setPeers(['b'], [], 0)
    monitor.step(0, 0)
    monitor.heard('b', 100)
    monitor.step(1_000, 0)
    monitor.step(20_000, 0)
    monitor.heard('b', 100)
    expect(monitor.status('b')).toBe('suspected')
  })

  test('is reported once, however long the silence lasts', () => {
    const world = suspecting()
    world.advance(600_000)
    expect(world.reports()).toEqual(['suspect b silence'])
  })

  test('can be suspected again after it was trusted', () => {
    const world = suspecting()
    world.frame('b')
    world.advance(10_000)
    expect(world.reports()).toEqual(['suspect b silence', 'trust b', 'suspect b silence'])
  })
})

describe('an own stall', () => {
  const peers = ['b', 'c', 'd', 'e', 'f']
  const watching = (): MonitorWorld => {
    const world = new MonitorWorld()
    for (const peer of peers) world.alive.add(peer)
    world.setPeers(peers, peers)
    world.advance(30_000)
    return world
  }

  test.each([true, false])('accuses nobody, however long (input read first: %s)', (readFirst) => {
    for (const ms of [300, 1_000, 3_000, 10_000, 600_000]) {
      const world = watching()
      world.stall(ms, { readFirst })
      world.advance(60_000)
      expect(world.reports()).toEqual([])
      expect(world.of('ask-probe')).toEqual([])
    }
  })

  test('every minute for an hour accuses nobody', () => {
    const world = watching()
    const random = seededRandom(5)
    for (let minute = 0; minute < 60; minute++) {
      world.stall(1_000 + 2_000 * random())
      world.advance(57_000)
    }
    expect(world.reports()).toEqual([])
  })

  test('that nobody told of still accuses nobody that was not asked', () => {
    const world = watching()
    world.stall(10_000, { tell: false, readFirst: false })
    world.advance(60_000)
    expect(world.reports()).toEqual([])
  })

  test('abandons the probes that run, and starts them anew if the silence lasts', () => {
    const world = watchingB(30_000, ['c'])
    world.alive.delete('b')
    world.advance(3_000)
    world.stall(900)
    expect(world.monitor.status('b')).toBe('trusted')
    world.advance(900)
    expect(world.reports()).toEqual([])
    world.advance(2_000)
    expect(world.reports()).toEqual(['suspect b silence'])
    expect(world.of('ask-probe')).toHaveLength(2)
  })

  test('does not turn a link fault into suspicion', () => {
    const world = watchingB(30_000, ['c'])
    world.helperAnswer = () => true
    silenceUntilSuspected(world, 10_000)
    world.stall(5_000)
    world.advance(20_000)
    expect(world.reports()).toEqual(['link-fault b via c'])
  })

  test('holds every accusation back for an interval', () => {
    const world = watchingB(30_000, [])
    world.alive.delete('b')
    world.advance(2_000)
    world.stall(300)
    world.advance(999)
    expect(world.reports()).toEqual([])
    world.advance(1)
    expect(world.reports()).toEqual(['suspect b silence'])
  })

  test('is not counted in the silence of a peer', () => {
    const world = watchingB(30_000, [])
    world.alive.delete('b')
    world.stall(10_000)
    world.advance(60_000)
    const silentMs = (world.of('suspect')[0]?.at ?? NaN) - (world.lastAnswerAt.get('b') ?? NaN)
    expect(silentMs).toBeGreaterThan(10_000 + 3_500)
    expect(silentMs).toBeLessThan(10_000 + 3_600)
  })

  test('is not counted against a peer that has yet to give its first sign of life', () => {
    const world = watchingB(0, [])
    world.alive.delete('b')
    world.advance(0)
    world.stall(10_000)
    world.advance(60_000)
    expect(world.of('suspect')[0]?.at).toBeGreaterThan(10_000 + 5_200)
  })

  test('is not counted in the time a peer is given to answer', () => {
    const monitor = new HeartbeatMonitor<string>()
    monitor.setPeers(['b'], [], 0)
    monitor.step(0, 0)
    monitor.answered('b', 5)
    monitor.step(60_000, 0)
    monitor.stalled(5_000, 65_000)
    expect(monitor.step(66_999, 0).map(({ type }) => type)).toEqual(['send-heartbeat'])
    expect(monitor.step(67_000, 0)).toEqual([{ type: 'suspect', peer: 'b', evidence: 'silence' }])
  })

  test('delays the notice of a real death by no more than itself and an interval', () => {
    const world = watchingB(30_000)
    const lastAnswerAt = world.lastAnswerAt.get('b') ?? NaN
    world.alive.delete('b')
    world.advance(1_000)
    world.stall(2_000)
    world.advance(20_000)
    const suspectedAt = world.of('suspect')[0]?.at ?? NaN
    expect(suspectedAt - lastAnswerAt).toBeLessThanOrEqual(4_600 + 2_000 + 1_000)
  })
})

describe('own doubts', () => {
  test('stretch all patience', () => {
    const world = watchingB(30_000)
    world.monitor.setTimeoutFactor(3)
    const afterMs = silenceUntilSuspected(world)
    expect(afterMs).toBeGreaterThan(3 * 4_400)
    expect(afterMs).toBeLessThanOrEqual(3 * 4_600)
  })

  test('do not change the phi that is shown', () => {
    const world = watchingB(30_000)
    const before = world.monitor.phi('b', 33_000)
    world.monitor.setTimeoutFactor(9)
    expect(world.monitor.phi('b', 33_000)).toBe(before)
  })

  test.each([0, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('refuse a factor of %d', (factor) => {
    expect(() => new HeartbeatMonitor().setTimeoutFactor(factor)).toThrow(
      expect.objectContaining({ code: 'CASTY_FAILURE_DETECTOR_INVALID_OPTION' }),
    )
  })
})

describe('a peer that is no longer watched', () => {
  test('is forgotten with everything held against it', () => {
    const world = watchingB(30_000)
    silenceUntilSuspected(world, 10_000)
    world.setPeers([], ['c'])
    expect(world.monitor.status('b')).toBe('trusted')
    expect(world.monitor.phi('b', 1e9)).toBe(0)
    expect(world.monitor.explain(1e9)).toEqual([])
    expect(world.monitor.nextDeadline()).toBeUndefined()
    const before = world.log.length
    world.frame('b')
    world.refuse('b')
    world.monitor.answered('b', world.clock.now())
    world.monitor.probeAnswered('b', 'c', true, world.clock.now())
    world.advance(60_000)
    expect(world.log).toHaveLength(before)
  })

  test('starts anew when it is watched again', () => {
    const world = watchingB(30_000)
    silenceUntilSuspected(world, 10_000)
    world.setPeers([])
    world.alive.add('b')
    world.setPeers(['b'])
    world.advance(10_000)
    expect(world.reports()).toEqual(['suspect b silence'])
    expect(world.of('send-heartbeat').at(-1)?.sequence).toBe(11)
  })

  test('leaves the others as they were', () => {
    const world = new MonitorWorld()
    world.alive.add('b').add('c')
    world.setPeers(['b', 'c'])
    world.advance(30_000)
    const phi = world.monitor.phi('c', 31_000)
    world.setPeers(['c', 'd'])
    expect(world.monitor.phi('c', 31_000)).toBe(phi)
  })
})

describe('the monitor', () => {
  test('explains what it holds of each peer', () => {
    const world = watchingB(30_000, ['c'])
    world.alive.delete('b')
    world.advance(3_000)
    const [row] = world.monitor.explain(33_000)
    expect(row).toMatchObject({
      peer: 'b',
      status: 'probing',
      silentMs: 3_995,
      probes: [{ via: 'c', answer: 'waiting' }],
    })
    expect(row?.phi).toBeGreaterThan(8)
  })

  test('shows what helpers said until the peer is heard again', () => {
    const world = watchingB(30_000, ['c'])
    world.helperAnswer = () => false
    silenceUntilSuspected(world, 10_000)
    expect(world.monitor.explain(40_000)[0]?.probes).toEqual([{ via: 'c', answer: 'not-reached' }])
    world.frame('b')
    expect(world.monitor.explain(40_000)[0]?.probes).toEqual([])
  })

  test('is not woken more often than there is something to do', () => {
    const world = watchingB(0)
    world.advance(600_000)
    expect(world.steps).toBeLessThanOrEqual(601 + 1)
  })

  test('works with any detector', () => {
    const world = new MonitorWorld({
      createDetector: () =>
        new DeadlineDetector({ heartbeatIntervalMs: 1_000, acceptablePauseMs: 9_000 }),
    })
    world.alive.add('b')
    world.setPeers(['b'])
    world.advance(30_000)
    expect(silenceUntilSuspected(world)).toBe(10_000)
  })

  test('expects a faster heartbeat sooner, also of a peer not yet known', () => {
    const world = new MonitorWorld({ heartbeatIntervalMs: 200, acceptablePauseMs: 400 })
    world.setPeers(['b'])
    world.advance(60_000)
    const latestMs = 200 + (200 + 400 + 5.23 * 100)
    expect(world.of('suspect')[0]?.at).toBeLessThanOrEqual(latestMs)
  })

  test('asks nobody when told so', () => {
    const monitor = new HeartbeatMonitor<string>({ probeCount: 0 })
    monitor.setPeers(['b'], ['c'], 0)
    monitor.step(0, 0)
    expect(monitor.step(60_000, 0).map(({ type }) => type)).toEqual(['send-heartbeat', 'suspect'])
  })

  test('keeps the documented defaults', () => {
    expect(heartbeatMonitorDefaults).toEqual({
      heartbeatIntervalMs: 1_000,
      acceptablePauseMs: 2_000,
      threshold: 8,
      maxSampleSize: 200,
      minStdDevMs: 100,
      probeCount: 3,
      probeTimeoutMs: 1_000,
    })
  })

  test.each<HeartbeatMonitorOptions>([
    { heartbeatIntervalMs: 0 },
    { acceptablePauseMs: -1 },
    { threshold: 0 },
    { maxSampleSize: 0 },
    { minStdDevMs: 0 },
    { firstHeartbeatEstimateMs: 0 },
    { probeCount: 1.5 },
    { probeTimeoutMs: Number.NaN },
  ])('refuses %o, and names it', (options) => {
    expect(() => new HeartbeatMonitor(options)).toThrow(
      expect.objectContaining({
        code: 'CASTY_FAILURE_DETECTOR_INVALID_OPTION',
        message: expect.stringContaining(`Option ${Object.keys(options)[0]} is `),
      }),
    )
  })
})
