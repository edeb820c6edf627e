import { Replica, gCounter, orSet } from '@casty/crdt'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KnownTypes, anyTypeOf } from '../src/any-value.ts'
import { digestOf } from '../src/core/digests.ts'
import { decodeMessage, encodeMessage, refusalOf } from '../src/wire/codec.ts'
import { framesOf } from '../src/wire/frames.ts'
import type { KeyState, ReplicatorMessage } from '../src/wire/messages.ts'

const limits = { maxValueBytes: 10_000, knownTypes: new KnownTypes([]) }

function read(bytes: Uint8Array): ReplicatorMessage {
  return decodeMessage(bytes, 0, bytes.length, limits)
}

function state(key: string, ...elements: readonly string[]): KeyState {
  const set = orSet<string>().empty.addAll(new Replica('a'), elements)
  const value = anyTypeOf(orSet()).of({ state: set.body.state, origin: set.body.state })
  return {
    key,
    envelope: {
      value,
      pruning: new Map([
        ['gone', { phase: 'initialized', owner: 'a', seen: ['b', 'c'] }],
        [
          'long gone',
          {
            phase: 'performed',
            obsoleteAtMs: 7,
            by: {
              node: 'a',
              from: 3,
              alone: 2,
              both: 1,
              own: new Map([[0, 2]]),
              seen: [1, 4, 6, 7],
            },
          },
        ],
      ]),
    },
  }
}

const digest = digestOf(Uint8Array.of(1, 2, 3))

const messages: readonly ReplicatorMessage[] = [
  { type: 'write', id: 7, state: state('k', 'x') },
  { type: 'written', id: 7 },
  { type: 'read', id: 8, key: 'k' },
  { type: 'read-answer', id: 8, state: state('k', 'x', 'y') },
  { type: 'read-answer', id: 8, state: undefined },
  { type: 'deltas', states: [state('k', 'x'), state('l')] },
  { type: 'summary', buckets: Array.from({ length: 256 }, () => digest) },
  { type: 'bucket', bucket: 255, isWhole: false, digests: [['k', digest]] },
  { type: 'states', answers: true, states: [state('k', 'x')] },
  { type: 'want', keys: ['k', 'é'] },
]

test.each(messages)('a message of the type $type is the same after being bytes', (message) => {
  const bytes = encodeMessage(message)
  expect(encodeMessage(read(bytes))).toEqual(bytes)
})

test.each(messages)(
  'a message of the type $type that was spoilt is refused, or is another one',
  (message) => {
    const bytes = encodeMessage(message)
    fc.assert(
      fc.property(
        fc.nat(bytes.length - 1),
        fc.nat(255),
        fc.nat(bytes.length),
        (at, byte, length) => {
          const spoilt = bytes.slice()
          spoilt[at] = byte
          for (const some of [spoilt, spoilt.subarray(0, length)]) {
            try {
              expect(encodeMessage(read(some)).length).toBeLessThanOrEqual(some.length)
            } catch (error) {
              expect(refusalOf(error)).toMatch(/^(?:malformed|unknown-type)$/)
            }
          }
        },
      ),
      { numRuns: 100 },
    )
  },
)

test('a value of a type that nobody gave is counted apart', () => {
  const counter = gCounter().empty.increment(new Replica('a'))
  const type = anyTypeOf({ ...gCounter(), name: 'a-type-of-mine' })
  const value = type.of(counter.body)
  const bytes = encodeMessage({
    type: 'write',
    id: 1,
    state: { key: 'k', envelope: { value, pruning: new Map() } },
  })
  const refused = (known: KnownTypes): unknown => {
    try {
      return decodeMessage(bytes, 0, bytes.length, { ...limits, knownTypes: known }).type
    } catch (error) {
      return refusalOf(error)
    }
  }
  expect(refused(new KnownTypes([]))).toBe('unknown-type')
  expect(refused(new KnownTypes([type]))).toBe('write')
})

test('types of maps are known by what they hold, so deep and no deeper', () => {
  const types = new KnownTypes([])
  const nested = (depth: number): string =>
    `${'or-map<'.repeat(depth)}g-counter${'>'.repeat(depth)}`
  expect(types.named(nested(4))?.name).toBe(nested(4))
  expect(types.named(nested(20))).toBeUndefined()
  expect(types.named('or-map<nothing>')).toBeUndefined()
  expect(types.named('lww-map:first:lowest-node')?.name).toBe('lww-map:first:lowest-node')
})

test('many values are told in several frames, each of a bearable size', () => {
  const states = Array.from({ length: 100 }, (_, at) => state(`key ${at}`, 'x'.repeat(1_000)))
  const frames = framesOf({ type: 'states', answers: false, states }, 10_000)
  expect(frames.length).toBeGreaterThan(1)
  expect(Math.max(...frames.map(({ length }) => length))).toBeLessThanOrEqual(10_000 + 32 * 1024)
  const keys = frames.flatMap((frame) => {
    const message = read(frame)
    return message.type === 'states' ? message.states.map(({ key }) => key) : []
  })
  expect(keys).toEqual(states.map(({ key }) => key))
})
