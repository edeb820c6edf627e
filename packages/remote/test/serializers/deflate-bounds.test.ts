import { constants, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deflate } from '../../src/serializers/deflate.ts'

const strategies = [
  constants.Z_DEFAULT_STRATEGY,
  constants.Z_FIXED,
  constants.Z_HUFFMAN_ONLY,
  constants.Z_RLE,
]

test('what zlib makes smaller comes back as it was, by whatever kind of blocks', () => {
  const pieces = fc.array(
    fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 400 })),
    {
      maxLength: 12,
    },
  )
  const settings = fc.record({
    level: fc.integer({ min: 0, max: 9 }),
    strategy: fc.constantFrom(...strategies),
  })
  fc.assert(
    fc.property(pieces, settings, (parts, options) => {
      const bytes = Buffer.concat(
        parts.flatMap(([part, times]) => Array.from({ length: times }, () => part)),
      )
      const back = deflate.decompress(deflateRawSync(bytes, options), bytes.length)
      expect(Buffer.compare(back, bytes)).toBe(0)
    }),
  )
})

test('what ends too early is refused', () => {
  const bytes = deflateRawSync(Buffer.alloc(5_000, 'casty'))
  for (let length = 0; length < bytes.length; length++) {
    expect(() => deflate.decompress(bytes.subarray(0, length), 5_000)).toThrow(/buffer error/)
  }
})

test('what comes to more than it says is refused', () => {
  const bytes = deflateRawSync(Buffer.alloc(5_000_000))
  expect(() => deflate.decompress(bytes, 4_999)).toThrow('There is more than was said')
})

/** One block whose codes are more than bits can tell apart: to read as if they were takes milliseconds each. */
function endlessBlock(bits: number[]): void {
  const put = (value: number, count: number): void => {
    for (let bit = 0; bit < count; bit++) bits.push((value >> bit) & 1)
  }
  put(0b100, 3)
  put(0, 10)
  put(15, 4)
  for (const symbol of [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]) {
    put(symbol === 1 || symbol === 15 ? 1 : 0, 3)
  }
  put(1, 1)
  put(0, 257)
  put(0, 4)
  while (bits.length % 8 > 0) put(0, 1)
  put(0xffff_0000, 32)
}

test('codes that are more than bits can tell apart are refused, and nothing is made of them', () => {
  const bits: number[] = []
  for (let count = 0; count < 100; count++) endlessBlock(bits)
  const bytes = new Uint8Array(bits.length / 8)
  for (const [at, bit] of bits.entries()) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (bit << (at & 7))
  expect(() => deflate.decompress(bytes, 1_000)).toThrow(/invalid bit length|invalid .* set/)
})
