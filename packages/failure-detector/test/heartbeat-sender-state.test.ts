import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeartbeatSenderState } from '../src/index.ts'
import { vectors } from './vectors.ts'

const byName = (nodes: Iterable<string>): readonly string[] => [...nodes].toSorted()

/** Node a monitors two of those given, in the order of their names. */
function monitoring(...nodes: readonly string[]): HeartbeatSenderState {
  return HeartbeatSenderState.create({ self: 'a', monitoredByCount: 2, nodes, order: byName })
}

const active = (state: HeartbeatSenderState): readonly string[] => [...state.active].toSorted()

describe('the sender state', () => {
  test('keeps an unavailable receiver that fell out of the ring until it answers', () => {
    const before = monitoring('c', 'd').response('d').detectorUnavailable('d')
    const pushedOut = before.add('b')
    expect(active(pushedOut)).toEqual(['b', 'c', 'd'])
    expect(pushedOut.isMonitoring('d')).toBe(true)
    const back = pushedOut.response('d')
    expect(active(back)).toEqual(['b', 'c'])
    expect(back.isMonitoring('d')).toBe(false)
  })

  test('keeps it until it is removed, too', () => {
    const pushedOut = monitoring('c', 'd').response('d').detectorUnavailable('d').add('b')
    const removed = pushedOut.remove('d')
    expect(active(removed)).toEqual(['b', 'c'])
    expect(removed.isMonitoring('d')).toBe(false)
  })

  test('drops a reachable receiver that fell out of the ring, and its detector', () => {
    const pushedOut = monitoring('c', 'd').response('d').add('b')
    expect(active(pushedOut)).toEqual(['b', 'c'])
    expect(pushedOut.isMonitoring('d')).toBe(false)
  })

  test('keeps one that never answered, once that is held against it', () => {
    const pushedOut = monitoring('c', 'd').detectorUnavailable('d').add('b')
    expect(active(pushedOut)).toEqual(['b', 'c', 'd'])
  })

  test('takes another receiver for one that is unreachable, and lets it go again', () => {
    const state = monitoring('b', 'c', 'd').response('b').response('c')
    const without = state.unreachable('c')
    expect(active(without)).toEqual(['b', 'c', 'd'])
    const again = without.response('d').reachable('c')
    expect(active(again)).toEqual(['b', 'c'])
    expect(again.isMonitoring('d')).toBe(false)
  })

  test('never monitors itself', () => {
    const state = monitoring('a', 'b')
    expect(active(state)).toEqual(['b'])
    expect(state.remove('a')).toBe(state)
  })

  test('returns the same instance when nothing changes', () => {
    const state = monitoring('b', 'c', 'd').response('b')
    expect(state.add('b')).toBe(state)
    expect(state.remove('x')).toBe(state)
    expect(state.unreachable('x')).toBe(state)
    expect(state.reachable('b')).toBe(state)
    expect(state.response('b')).toBe(state)
    expect(state.response('d')).toBe(state)
    expect(state.detectorUnavailable('d')).toBe(state)
  })

  test('orders by the ring when it is not told otherwise', () => {
    const state = HeartbeatSenderState.create({
      self: 'a',
      nodes: ['b', 'c', 'd', 'e', 'f', 'g', 'h'],
    })
    expect(state.active.size).toBe(5)
  })

  test('refuses to be monitored by nobody', () => {
    expect(() => HeartbeatSenderState.create({ self: 'a', monitoredByCount: 0 })).toThrow(
      expect.objectContaining({ code: 'CASTY_FAILURE_DETECTOR_INVALID_OPTION' }),
    )
  })
})

const operations = [
  'add',
  'remove',
  'unreachable',
  'reachable',
  'response',
  'detectorUnavailable',
] as const
type Operation = readonly [operation: (typeof operations)[number], node: string]
const histories = (): fc.Arbitrary<readonly Operation[]> =>
  fc.array(
    fc.tuple(fc.constantFrom(...operations), fc.constantFrom('b', 'c', 'd', 'e', 'f', 'g')),
    {
      maxLength: 60,
    },
  )

/** The state after each operation, beside the members and those held unavailable by then. */
function* run(
  history: readonly Operation[],
): Generator<{ state: HeartbeatSenderState; members: Set<string>; unavailable: Set<string> }> {
  let state = monitoring()
  const members = new Set<string>()
  const unavailable = new Set<string>()
  for (const [operation, node] of history) {
    const wasActive = state.active.has(node)
    state = state[operation](node)
    if (operation === 'add') members.add(node)
    if (operation === 'remove') members.delete(node)
    if (operation === 'detectorUnavailable' && wasActive) unavailable.add(node)
    if (operation === 'response' || operation === 'remove') unavailable.delete(node)
    yield { state, members, unavailable }
  }
}

describe('whatever happens to the ring', () => {
  test('only an active node has a detector, so none leaks', () => {
    fc.assert(
      fc.property(histories(), (history) => {
        for (const { state } of run(history)) {
          for (const node of 'bcdefg') {
            if (state.isMonitoring(node)) expect(state.active.has(node)).toBe(true)
          }
        }
      }),
    )
  })

  test('those active are members: the next on the ring, and others only while unavailable', () => {
    fc.assert(
      fc.property(histories(), (history) => {
        for (const { state, members, unavailable } of run(history)) {
          for (const node of state.active) expect(members.has(node)).toBe(true)
          for (const node of unavailable) expect(state.active.has(node)).toBe(true)
          const reasons = active(state).filter((node) => !unavailable.has(node))
          expect(reasons.length).toBeLessThanOrEqual(2 + 2) // Two reachable, two passed on the way.
        }
      }),
    )
  })
})

type Step =
  | {
      readonly op: 'add' | 'remove' | 'unreachable' | 'reachable' | 'response'
      readonly node: string
    }
  | { readonly op: 'detector-unavailable'; readonly node: string }
  | { readonly expectActive: readonly string[] }
  | { readonly expectMonitoring: string; readonly value: boolean }

interface SenderVector {
  readonly id: string
  readonly self: string
  readonly monitoredByNrOfMembers: number
  readonly ringOrder: readonly string[]
  readonly initialNodes?: readonly string[]
  readonly steps: readonly Step[]
}

describe('conformance vectors', () => {
  test.each(vectors<SenderVector>('heartbeat.json', 'senderState'))('%s', (_id, vector) => {
    expect.hasAssertions()
    let state = HeartbeatSenderState.create({
      self: vector.self,
      monitoredByCount: vector.monitoredByNrOfMembers,
      nodes: vector.initialNodes ?? [],
      order: (nodes) => {
        const present = new Set(nodes)
        return vector.ringOrder.filter((node) => present.has(node))
      },
    })
    for (const step of vector.steps) {
      if ('expectActive' in step) expect(active(state)).toEqual(step.expectActive)
      else if ('expectMonitoring' in step) {
        expect(state.isMonitoring(step.expectMonitoring)).toBe(step.value)
      } else if (step.op === 'detector-unavailable') state = state.detectorUnavailable(step.node)
      else state = state[step.op](step.node)
    }
  })
})
