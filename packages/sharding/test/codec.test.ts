import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeShardingMessage, encodeShardingMessage } from '@casty/sharding'
import { messages } from './codec-messages.ts'

const seed = Number(process.env['CASTY_SEED'] ?? 20_261_121)
const numRuns = Number(process.env['CASTY_RUNS'] ?? 300)

test('what is written is read back', () => {
  fc.assert(
    fc.property(messages, (message) => {
      const written = encodeShardingMessage(message)
      expect(decodeShardingMessage(written)).toEqual(message)
    }),
    { seed, numRuns },
  )
})

test('a message is read from the middle of other bytes', () => {
  const bytes = encodeShardingMessage({ type: 'fetch', term: 300 })
  const around = Uint8Array.of(255, ...bytes, 255)
  expect(decodeShardingMessage(around, 1, around.length - 1)).toEqual({ type: 'fetch', term: 300 })
})

test('whatever the bytes are, they are a message or malformed', () => {
  const faults = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 })
  let refused = 0
  fc.assert(
    fc.property(messages, faults, fc.nat({ max: 3 }), (message, changes, cut) => {
      const bytes = encodeShardingMessage(message)
      for (const [place, value] of changes) bytes[place % bytes.length] = value
      try {
        decodeShardingMessage(bytes, 0, bytes.length - cut)
      } catch (error) {
        expect(error).toMatchObject({ code: 'CASTY_TRANSPORT_MALFORMED' })
        refused++
      }
    }),
    { seed, numRuns: numRuns * 5 },
  )
  expect(refused).toBeGreaterThan(numRuns)
})

test.each([
  ['no bytes at all', []],
  ['an unknown tag', [99, 0, 0]],
  ['bytes left over', [6, 0, 1, 5, 0]],
  ['more nodes than there can be', [6, 255, 255, 3, 0]],
  ['a node that names nothing', [6, 1, 3, 120, 121, 122, 1, 5]],
])('%s is malformed', (_what, bytes) => {
  expect(() => decodeShardingMessage(Uint8Array.from(bytes))).toThrowError(
    expect.objectContaining({ code: 'CASTY_TRANSPORT_MALFORMED' }),
  )
})
