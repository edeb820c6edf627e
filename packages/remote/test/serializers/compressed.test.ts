import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import {
  compressed,
  msgpackSerializer,
  RemoteError,
  type Compression,
  type CompressionOptions,
} from '../../src/index.ts'
import { paperRefs, received, sent } from './sample-messages.ts'

const zlib: Compression = {
  name: 'deflate',
  compress: (bytes) => deflateRawSync(bytes),
  decompress: (bytes, sizeBytes) => inflateRawSync(bytes, { maxOutputLength: sizeBytes }),
}

/** Different enough that it is not compressed beyond all bounds. */
const long = { lines: Array.from({ length: 3_000 }, (_, index) => `line ${index * 7_919}`) }

test('a long message takes fewer bytes, a short one a byte more', () => {
  const inner = msgpackSerializer()
  const serializer = compressed(msgpackSerializer())
  const sizeOf = (message: unknown): number => serializer.serialize(message, paperRefs).length
  const plainSizeOf = (message: unknown): number => inner.serialize(message, paperRefs).length
  expect(sizeOf(long)).toBeLessThan(plainSizeOf(long) / 2)
  expect(sizeOf({ total: 17 })).toBe(plainSizeOf({ total: 17 }) + 1)
})

test('what compression makes no shorter is left as it is', () => {
  const serializer = compressed(msgpackSerializer(), { thresholdBytes: 0 })
  expect(serializer.serialize('x', paperRefs)).toEqual(Uint8Array.of(0, 0xa1, 0x78))
})

test('a message that shrinks beyond what a receiver believes goes as it is, and arrives', () => {
  const serializer = compressed(msgpackSerializer())
  const zeros = new Uint8Array(1_000_000)
  expect(serializer.serialize(zeros, paperRefs).length).toBeGreaterThan(1_000_000)
  expect(sent(zeros, serializer)).toStrictEqual(zeros)
})

test('the built-in format is that of zlib, both ways', () => {
  const builtIn = compressed(msgpackSerializer())
  const native = compressed(msgpackSerializer(), { algorithm: zlib })
  expect(native.name).toBe(builtIn.name)
  expect(received(builtIn.serialize(long, paperRefs), native)).toStrictEqual(long)
  expect(received(native.serialize(long, paperRefs), builtIn)).toStrictEqual(long)
})

test('the name says what both ends need', () => {
  const reversed = (bytes: Uint8Array): Uint8Array => bytes.toReversed()
  const algorithm = { name: 'reversed', compress: reversed, decompress: reversed }
  expect(compressed(msgpackSerializer(), { algorithm }).name).toBe('msgpack+reversed')
})

describe.each([
  ['built in', undefined],
  ['of zlib', zlib],
])('deflate %s', (_name, algorithm) => {
  const serializer = compressed(msgpackSerializer(), algorithm ? { algorithm } : {})
  const bomb = deflateRawSync(new Uint8Array(50_000_000))

  test('refuses a bomb that says how large it is', () => {
    expect(refusalOf(packed(50_000_000, bomb))).toContain('50000000')
    expect(refusalOf(packed(16_000_000, bomb))).toContain('16000000')
  })

  test('refuses a bomb that says that it is small', () => {
    expect(refusalOf(packed(60_000, bomb))).toContain('A message cannot be read')
  })

  test('makes no more than a mebibyte of the 64 KiB that are read at once, in one message or in many', () => {
    for (const [count, bytes] of [
      [1, 65_536],
      [16, 4_096],
      [64, 1_024],
    ] as const) {
      const sizeBytes = (bytes - 5) * 16 + 1
      const data = new Uint8Array(bytes - 5)
      data.set(deflateRawSync(new Uint8Array(sizeBytes)))
      expect(refusalOf(packed(sizeBytes, data))).toContain(`${sizeBytes} when decompressed`)
      expect(count * (sizeBytes - 1)).toBeLessThanOrEqual(1_048_576)
    }
  })

  test('makes no more than two of thousands of messages that are as short as can be', () => {
    let most = 0
    for (const sizeBytes of [32, 128, 256, 320, 384, 385, 512, 640, 1_024, 4_096]) {
      const data = deflateRawSync(new Uint8Array(sizeBytes).fill(0xc1)) // Nothing, in MessagePack.
      const isTaken = !refusalOf(packed(sizeBytes, data)).includes('when decompressed')
      const [headBytes, lengthByte] = [5, 1]
      const count = Math.floor(65_536 / (data.length + headBytes + lengthByte))
      if (isTaken) most = Math.max(most, count * sizeBytes)
    }
    expect(most).toBeGreaterThan(1_048_576)
    expect(most).toBeLessThanOrEqual(2 * 1_048_576)
  })

  test('refuses what comes to less than it says', () => {
    expect(refusalOf(packed(350, deflateRawSync(new Uint8Array(300))))).toContain('size')
  })

  test('refuses compressed bytes that are damaged or cut', () => {
    const bytes = serializer.serialize(long, paperRefs)
    expect(refusalOf(bytes.subarray(0, 3_000))).toContain('A message cannot be read')
    expect(refusalOf(bytes.map((byte, at) => (at === 20 ? ~byte : byte)))).toContain('A message')
  })

  test.each([[[]], [[2, 0]], [[1]], [[1, 0, 0, 0]], [[0]]])('refuses %o', (bytes) => {
    expect(refusalOf(Uint8Array.from(bytes))).toContain('A message cannot be read')
  })

  function refusalOf(bytes: Uint8Array): string {
    try {
      received(bytes, serializer)
    } catch (error) {
      expect(error).toMatchObject({ code: 'CASTY_REMOTE_MALFORMED' })
      if (error instanceof RemoteError) return error.message
    }
    throw new Error('It was read.')
  }
})

test('an algorithm that fails at the sender says so there', () => {
  const algorithm: Compression = {
    ...zlib,
    compress: () => {
      throw new Error('out of memory')
    },
  }
  const serializer = compressed(msgpackSerializer(), { algorithm })
  expect(() => serializer.serialize(long, paperRefs)).toThrowError(
    expect.objectContaining({ code: 'CASTY_REMOTE_NOT_SERIALIZABLE' }),
  )
})

test.each([
  { thresholdBytes: -1 },
  { maxMessageBytes: 0 },
  { algorithm: { name: 'none' } },
  { algorithm: 'gzip' },
  { level: 6 },
])('refuses the options %o', (options: object) => {
  // As from a program without types.
  const create = compressed as (inner: unknown, options: CompressionOptions | object) => unknown
  expect(() => create(msgpackSerializer(), options)).toThrowError(
    expect.objectContaining({ code: 'CASTY_REMOTE_INVALID_OPTION' }),
  )
})

function packed(sizeBytes: number, data: Uint8Array): Uint8Array {
  const head = new Uint8Array(5)
  head[0] = 1
  new DataView(head.buffer).setUint32(1, sizeBytes)
  return Uint8Array.from([...head, ...data])
}
