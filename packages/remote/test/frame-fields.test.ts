import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameReader } from '../src/frame-reader.ts'
import { FrameWriter } from '../src/frame-writer.ts'
import { FrontWriter } from '../src/front-writer.ts'

/** Where a number begins to take one byte more. */
const edges = Array.from({ length: 8 }, (_, bytes) => 2 ** (7 * bytes))
const aroundEdges = edges.flatMap((edge) => [edge - 1, edge, edge + 1])
const numbers = [...aroundEdges, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]

function written(value: number): readonly number[] {
  const writer = new FrameWriter()
  writer.begin()
  writer.varint(value)
  return [...writer.finish()]
}

function writtenInFront(value: number): readonly number[] {
  const writer = new FrontWriter()
  writer.begin(new Uint8Array(8), 8)
  writer.varint(value)
  return [...writer.bytes.subarray(writer.start)]
}

/** Seven bits a byte, low bits first, as the format says it. */
function sevenBitsAByte(value: number): readonly number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...sevenBitsAByte(Math.floor(value / 128))]
}

function read(bytes: readonly number[]): number {
  const reader = new FrameReader()
  reader.begin(Uint8Array.from(bytes), 0, bytes.length)
  const value = reader.varint()
  reader.finish()
  return value
}

test.each(numbers)('%d is written seven bits a byte, and read as what it was', (value) => {
  expect(written(value)).toEqual(sevenBitsAByte(value))
  expect(writtenInFront(value)).toEqual(sevenBitsAByte(value))
  expect(read(written(value))).toBe(value)
})

test('any whole number up to 2⁵³ − 1 is written alike by both, and read as what it was', () => {
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (value) => {
      expect(written(value)).toEqual(sevenBitsAByte(value))
      expect(writtenInFront(value)).toEqual(sevenBitsAByte(value))
      expect(read(written(value))).toBe(value)
    }),
  )
})

test.each([
  ['one byte too many', [0x80, 0]],
  ['five bytes, the last of them empty', [0xff, 0xff, 0xff, 0xff, 0]],
  ['2⁵³', sevenBitsAByte(2 ** 53)],
  ['more than eight bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1]],
])('a number in %s is refused: each has one form', (_, bytes) => {
  expect(() => read(bytes)).toThrow(expect.objectContaining({ code: 'CASTY_REMOTE_MALFORMED' }))
})
