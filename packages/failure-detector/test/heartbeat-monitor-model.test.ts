import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { heartbeatMonitorDefaults } from '../src/index.ts'
import { MonitorWorld, type HelperAnswer } from './monitor-world.ts'
import './vectors.ts'

const peers = ['b', 'c', 'd'] as const
const helpers = ['b', 'c', 'd', 'e', 'f']

type Move =
  | { readonly type: 'advance'; readonly ms: number }
  | { readonly type: 'stall'; readonly ms: number; readonly readFirst: boolean }
  | { readonly type: 'die' | 'live' | 'frame' | 'refuse'; readonly peer: string }
  | { readonly type: 'watch'; readonly peers: readonly string[] }
  | { readonly type: 'helpers-say'; readonly answer: HelperAnswer }
  | { readonly type: 'step' }

const peer = (): fc.Arbitrary<string> => fc.constantFrom(...peers)
const advance = (): fc.Arbitrary<Move> =>
  fc.record({ type: fc.constant('advance' as const), ms: fc.nat(5_000) })
const moves = (): fc.Arbitrary<readonly Move[]> =>
  fc.array(
    fc.oneof(
      { weight: 4, arbitrary: advance() },
      {
        weight: 1,
        arbitrary: fc.record({
          type: fc.constant('stall' as const),
          ms: fc.nat(8_000),
          readFirst: fc.boolean(),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          type: fc.constantFrom(
            'die' as const,
            'live' as const,
            'frame' as const,
            'refuse' as const,
          ),
          peer: peer(),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          type: fc.constant('watch' as const),
          peers: fc.subarray([...peers]),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          type: fc.constant('helpers-say' as const),
          answer: fc.constantFrom<HelperAnswer>(true, false, undefined),
        }),
      },
      { weight: 1, arbitrary: fc.constant({ type: 'step' } as const) },
    ),
    { maxLength: 60 },
  )

function perform(world: MonitorWorld, move: Move): void {
  switch (move.type) {
    case 'advance':
      return world.advance(move.ms)
    case 'stall':
      return world.stall(move.ms, { readFirst: move.readFirst })
    case 'die':
      return void world.alive.delete(move.peer)
    case 'live':
      return void world.alive.add(move.peer)
    case 'frame':
      return world.frame(move.peer)
    case 'refuse':
      return world.refuse(move.peer)
    case 'watch':
      return world.setPeers(move.peers, helpers)
    case 'helpers-say':
      world.helperAnswer = () => move.answer
      return
    case 'step':
      return world.step()
  }
}

function start(): MonitorWorld {
  const world = new MonitorWorld()
  for (const name of peers) world.alive.add(name)
  world.setPeers(peers, helpers)
  return world
}

describe('whatever happens', () => {
  test('a peer heard within the pause is not suspected for silence', () => {
    fc.assert(
      fc.property(moves(), (history) => {
        const world = start()
        for (const move of history) {
          const before = world.log.length
          const heardAt = new Map(world.lastHeardAt)
          perform(world, move)
          for (const { at, effect } of world.log.slice(before)) {
            if (effect.type !== 'suspect' || effect.evidence !== 'silence') continue
            // A later sign within the same move would have been reported as trust.
            const silentMs = at - (heardAt.get(effect.peer) ?? Number.NEGATIVE_INFINITY)
            expect(silentMs).toBeGreaterThan(heartbeatMonitorDefaults.acceptablePauseMs)
          }
        }
      }),
    )
  })

  test('a peer that stays silent is suspected, or its link is, once this node runs undisturbed', () => {
    fc.assert(
      fc.property(
        moves(),
        fc.constantFrom<HelperAnswer>(true, false, undefined),
        (history, answer) => {
          const world = start()
          for (const move of history) perform(world, move)
          world.helperAnswer = () => answer
          world.setPeers(peers, helpers)
          world.alive.clear()
          world.advance(15_000)
          for (const { peer: name, status } of world.monitor.explain(world.clock.now())) {
            // One that was suspected or refused before stays so, whatever helpers say.
            const expected = answer === true ? ['link-fault', 'suspected'] : ['suspected']
            expect([name, expected]).toEqual([name, expect.arrayContaining([status])])
          }
        },
      ),
    )
  })

  test('a peer that answers again is trusted within an interval and an answer', () => {
    fc.assert(
      fc.property(moves(), (history) => {
        const world = start()
        for (const move of history) perform(world, move)
        world.setPeers(peers, helpers)
        for (const name of peers) world.alive.add(name)
        world.advance(1_010)
        for (const name of peers) expect(world.monitor.status(name)).toBe('trusted')
      }),
    )
  })

  test('reports alternate, and speak of watched peers only', () => {
    fc.assert(
      fc.property(moves(), (history) => {
        const world = start()
        const told = new Map<string, string>()
        let watched: readonly string[] = peers
        for (const move of history) {
          if (move.type === 'watch') {
            watched = move.peers
            for (const name of peers) if (!watched.includes(name)) told.delete(name)
          }
          const before = world.log.length
          perform(world, move)
          for (const { effect } of world.log.slice(before)) {
            switch (effect.type) {
              case 'send-heartbeat':
                expect(watched).toContain(effect.to)
                break
              case 'ask-probe':
                expect(watched).toContain(effect.subject)
                expect(effect.via).not.toBe(effect.subject)
                break
              case 'suspect':
                expect(told.get(effect.peer)).not.toBe(effect.evidence)
                told.set(effect.peer, effect.evidence)
                break
              case 'link-fault':
                expect(told.get(effect.peer)).toBeUndefined()
                told.set(effect.peer, 'link-fault')
                break
              case 'trust':
                expect(['silence', 'refused']).toContain(told.get(effect.peer))
                told.delete(effect.peer)
                break
              case 'link-restored':
                expect(told.get(effect.peer)).toBe('link-fault')
                told.delete(effect.peer)
                break
            }
          }
        }
      }),
    )
  })

  test('heartbeats to a peer are an interval apart, and rounds of probes bounded', () => {
    fc.assert(
      fc.property(moves(), (history) => {
        const world = start()
        const sentAt = new Map<string, number>()
        for (const move of history) {
          if (move.type === 'watch') {
            for (const name of peers) if (!move.peers.includes(name)) sentAt.delete(name)
          }
          const before = world.log.length
          perform(world, move)
          for (const { at, effect } of world.log.slice(before)) {
            if (effect.type !== 'send-heartbeat') continue
            const previousAt = sentAt.get(effect.to) ?? Number.NEGATIVE_INFINITY
            expect(at - previousAt).toBeGreaterThan(1_000 - 1e-6)
            sentAt.set(effect.to, at)
          }
        }
        const asked = new Map<number, string[]>()
        for (const { sequence, via } of world.of('ask-probe')) {
          asked.set(sequence, [...(asked.get(sequence) ?? []), via])
        }
        for (const vias of asked.values()) {
          expect(vias.length).toBeLessThanOrEqual(heartbeatMonitorDefaults.probeCount)
          expect(new Set(vias).size).toBe(vias.length)
        }
      }),
    )
  })

  test('nothing is kept of peers that are no longer watched', () => {
    fc.assert(
      fc.property(moves(), (history) => {
        const world = start()
        for (const move of history) perform(world, move)
        world.setPeers(['c'], helpers)
        expect(world.monitor.explain(world.clock.now()).map((row) => row.peer)).toEqual(['c'])
        world.setPeers([], helpers)
        expect(world.monitor.explain(world.clock.now())).toEqual([])
        expect(world.monitor.nextDeadline()).toBeUndefined()
        const before = world.log.length
        for (const name of peers) {
          world.frame(name)
          world.refuse(name)
          world.monitor.stalled(100, world.clock.now())
        }
        world.advance(20_000)
        expect(world.log).toHaveLength(before)
        world.setPeers(peers, helpers)
        for (const name of peers) expect(world.monitor.phi(name, world.clock.now())).toBe(0)
      }),
    )
  })

  test('the monitor never asks to be woken twice at one instant without a reason', () => {
    fc.assert(
      fc.property(moves(), (history) => {
        const world = start()
        for (const move of history) perform(world, move)
        world.step()
        const now = world.clock.now()
        expect(world.monitor.nextDeadline() ?? Infinity).toBeGreaterThan(now)
        expect(world.monitor.step(now, 0.5)).toEqual([])
      }),
    )
  })
})
