import fc from 'fast-check'
import { ByteReader, ByteWriter, FrameBatch, FrameDecoder } from '@casty/transport'
import { describe, expect, test } from 'vitest'

const malformed = { code: 'CASTY_TRANSPORT_MALFORMED' }

/** One field: how it is written, and how it is read back. */
interface Field {
  readonly write: (writer: ByteWriter) => void
  readonly read: (reader: ByteReader) => unknown
  readonly value: unknown
}

const field: fc.Arbitrary<Field> = fc.oneof(
  integer('u8', 0xff),
  integer('u16', 0xffff),
  integer('u32', 0xffff_ffff),
  integer('varint', Number.MAX_SAFE_INTEGER),
  fc.uint8Array({ maxLength: 100 }).map((value) => ({
    value,
    write: (writer: ByteWriter) => void writer.bytes(value, 100),
    read: (reader: ByteReader) => reader.view(100),
  })),
  fc.double({ noNaN: true }).map((value) => ({
    value,
    write: (writer: ByteWriter) => void writer.f64(value),
    read: (reader: ByteReader) => reader.f64(),
  })),
  fc.boolean().map((value) => ({
    value,
    write: (writer: ByteWriter) => void writer.bool(value),
    read: (reader: ByteReader) => reader.bool(),
  })),
  fc.string({ unit: 'binary', maxLength: 40 }).map((value) => ({
    value,
    write: (writer: ByteWriter) => void writer.string(value, 200),
    read: (reader: ByteReader) => reader.string(200),
  })),
  fc.uint8Array({ maxLength: 300 }).map((value) => ({
    value: [...value],
    write: (writer: ByteWriter) => void writer.bytes(value, 300),
    read: (reader: ByteReader) => [...reader.bytes(300)],
  })),
)

function integer(name: 'u8' | 'u16' | 'u32' | 'varint', max: number): fc.Arbitrary<Field> {
  return fc.integer({ min: 0, max }).map((value) => ({
    value,
    write: (writer: ByteWriter) => void writer[name](value),
    read: (reader: ByteReader) => reader[name](),
  }))
}

describe('fields of a fixed codec', () => {
  test('read back as they were written, and leave nothing over', () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
        const writer = new ByteWriter(1)
        for (const { write } of fields) write(writer)
        const reader = new ByteReader(writer.finish())
        expect(fields.map(({ read }) => read(reader))).toEqual(fields.map(({ value }) => value))
        reader.end()
        expect(reader.remaining).toBe(0)
      }),
      { seed: 1 },
    )
  })

  test('cut short anywhere, are malformed and nothing else', () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 8 }), fc.nat(), (fields, cut) => {
        const writer = new ByteWriter()
        for (const { write } of fields) write(writer)
        const bytes = writer.finish()
        const reader = new ByteReader(bytes, 0, cut % bytes.length)
        expect(() => fields.map(({ read }) => read(reader))).toThrow(
          expect.objectContaining(malformed),
        )
      }),
      { seed: 2 },
    )
  })

  test('are read from within a larger buffer, and no further', () => {
    const reader = new ByteReader(Uint8Array.of(9, 1, 2, 9), 1, 3)
    expect(reader.u16()).toBe(0x0102)
    expect(() => reader.u8()).toThrow(expect.objectContaining(malformed))
  })

  test.each([
    ['a text that is no UTF-8', [2, 0xc3, 0x28], (reader: ByteReader) => reader.string(10)],
    ['a text above its limit', [5, 1, 2, 3, 4, 5], (reader: ByteReader) => reader.string(4)],
    ['bytes above their limit', [5, 1, 2, 3, 4, 5], (reader: ByteReader) => reader.bytes(4)],
    ['a truth value of 2', [2], (reader: ByteReader) => reader.bool()],
    ['a number longer than it needs to be', [0x80, 0], (reader: ByteReader) => reader.varint()],
    [
      'a number above 2⁵³ − 1',
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x10],
      (reader: ByteReader) => reader.varint(),
    ],
    [
      'a number without an end',
      Array.from({ length: 12 }, () => 0xff),
      (reader: ByteReader) => reader.varint(),
    ],
    ['a count beyond what is left', [3, 0, 0, 0, 0, 0], (reader: ByteReader) => reader.count(2)],
    ['left over bytes', [1], (reader: ByteReader) => reader.end()],
  ])('%s is malformed', (_, bytes, read) => {
    const reader = new ByteReader(Uint8Array.from(bytes))
    expect(() => read(reader)).toThrow(expect.objectContaining(malformed))
  })

  test('a count is taken when what is left could hold it', () => {
    expect(new ByteReader(Uint8Array.of(3, 0, 0, 0, 0, 0, 0)).count(2)).toBe(3)
  })

  test.each([
    ['u8', 256],
    ['u16', -1],
    ['u32', 2 ** 32],
    ['varint', 2 ** 53],
    ['varint', 0.5],
  ] as const)('a %s field does not take %d', (name, value) => {
    expect(() => new ByteWriter()[name](value)).toThrow(
      expect.objectContaining({ code: 'CASTY_TRANSPORT_INVALID_OPTION' }),
    )
  })

  test('a text above its limit is not written', () => {
    const writer = new ByteWriter().u8(1)
    expect(() => writer.string('four', 3)).toThrow(
      expect.objectContaining({ code: 'CASTY_TRANSPORT_FRAME_TOO_LARGE' }),
    )
    expect(writer.finish()).toEqual(Uint8Array.of(1))
  })

  test('a writer that was reset starts over, and what it gave out stays', () => {
    const writer = new ByteWriter(4)
    const first = writer.u8(1).finish()
    const second = writer.reset().u8(2).finish()
    expect([first, second]).toEqual([Uint8Array.of(1), Uint8Array.of(2)])
  })

  test.each([0, 1, 64, 65, 500])('what was written is copied to its place: %i bytes', (length) => {
    const writer = new ByteWriter(4)
    for (let index = 0; index < length; index++) writer.u8(index % 200)
    const target = new Uint8Array(length + 5).fill(255)
    writer.copyTo(target, 3)
    expect(target.slice(3, 3 + length)).toEqual(writer.finish())
    expect([...target.slice(0, 3), ...target.slice(3 + length)]).toEqual([255, 255, 255, 255, 255])
  })
})

describe('frames', () => {
  test('are cut out alike, however the stream is chunked', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 600 }))),
        fc.infiniteStream(fc.integer({ min: 1, max: 400 })),
        (frames, sizes) => {
          const batch = new FrameBatch()
          for (const [type, body] of frames) batch.append(type, body, 0, body.length)
          expect(batch.frames).toBe(frames.length)
          const { received, decoder } = collector(1_000)
          for (const chunk of chunked(batch.take(), sizes)) expect(decoder.push(chunk)).toBe(true)
          expect(received).toEqual(frames.map(([type, body]) => [type, [...body]]))
          expect(decoder.heldBytes).toBeLessThan(2_500)
        },
      ),
      { seed: 3 },
    )
  })

  test('take their body from a range of the source', () => {
    const batch = new FrameBatch()
    const source = Uint8Array.from({ length: 200 }, (_, index) => index)
    batch.append(32, source, 10, 13)
    batch.append(33, source, 100, 170)
    const { received, decoder } = collector(1_000)
    decoder.push(batch.take())
    expect(received).toEqual([
      [32, [10, 11, 12]],
      [33, [...source.subarray(100, 170)]],
    ])
  })

  test('out of a buffer that is written again and again hold what it held when they were added', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 120 }), { minLength: 5, maxLength: 20 })
    fc.assert(
      fc.property(bodies, fc.infiniteStream(fc.nat({ max: 80 })), (frames, starts) => {
        const batch = new FrameBatch()
        const source = new Uint8Array(300).subarray(50, 250)
        for (const body of frames) {
          const start = starts.next().value ?? 0
          source.fill(255)
          source.set(body, start)
          batch.append(32, source, start, start + body.length)
        }
        const { received, decoder } = collector(1_000)
        decoder.push(batch.take())
        expect(received).toEqual(frames.map((body) => [32, [...body]]))
      }),
    )
  })

  test('out of a buffer that has grown are whole', () => {
    const batch = new FrameBatch()
    const growing = growingBuffer(8, 64)
    const source = new Uint8Array(growing)
    for (const length of [8, 8, 64]) {
      growing.resize(length)
      source.fill(length)
      batch.append(32, source, length - 8, length)
    }
    const { received, decoder } = collector(1_000)
    decoder.push(batch.take())
    expect(received.map(([, body]) => body)).toEqual(
      [8, 8, 64].map((length) => Array.from({ length: 8 }, () => length)),
    )
  })

  test('that are empty are malformed', () => {
    const { decoder, received } = collector(1_000)
    expect(decoder.push(Uint8Array.of(0, 0, 0, 0))).toBe(false)
    expect(received).toEqual([])
  })

  test('above the limit are malformed before a byte of them is kept', () => {
    const { decoder } = collector(1_000)
    expect(decoder.push(Uint8Array.of(0, 0, 3, 233))).toBe(false)
    expect(decoder.heldBytes).toBe(0)
  })

  test('above the limit are malformed also when their length straddles chunks', () => {
    const { decoder } = collector(1_000)
    expect(decoder.push(Uint8Array.of(0xff, 0xff))).toBe(true)
    expect(decoder.push(Uint8Array.of(0xff, 0xff, 1))).toBe(false)
  })

  test('at the limit are taken', () => {
    const { decoder, received } = collector(2)
    expect(decoder.push(Uint8Array.of(0, 0, 0, 2, 40, 7))).toBe(true)
    expect(received).toEqual([[40, [7]]])
  })

  test('behind a stop are not handed out, even within the same chunk', () => {
    const types: number[] = []
    const decoder: FrameDecoder = new FrameDecoder(100, {
      frame(frameType) {
        types.push(frameType)
        decoder.stop()
      },
    })
    expect(decoder.push(Uint8Array.of(0, 0, 0, 1, 40, 0, 0, 0, 1, 41))).toBe(true)
    expect(types).toEqual([40])
  })

  test('announced as large hold only as much memory as has arrived', () => {
    const { decoder } = collector(100_000_000)
    decoder.push(Uint8Array.of(5, 0, 0, 0, 32))
    for (let index = 0; index < 100; index++) decoder.push(new Uint8Array(10))
    expect(decoder.heldBytes).toBeGreaterThanOrEqual(1_005)
    expect(decoder.heldBytes).toBeLessThan(2_500)
  })

  test('taken from a batch stay as they are while the next ones are written', () => {
    const batch = new FrameBatch()
    batch.append(32, Uint8Array.of(1), 0, 1)
    const first = batch.take()
    const copy = [...first]
    for (let index = 0; index < 50; index++) batch.append(33, new Uint8Array(500), 0, 500)
    expect([...first]).toEqual(copy)
    expect(batch.take()).toHaveLength(50 * 505)
  })
})

test('bytes taken from a batch that is let go stay as they are, whatever is written next', () => {
  const batch = new FrameBatch()
  batch.append(32, new Uint8Array(100).fill(1), 0, 100)
  const taken = batch.take()
  const copy = [...taken]
  batch.append(33, new Uint8Array(100).fill(2), 0, 100)
  batch.letGo()
  expect(batch.take()).toHaveLength(105)
  batch.giveBack()
  batch.append(34, new Uint8Array(500).fill(3), 0, 500)
  expect([...taken]).toEqual(copy)
})

interface GrowingBuffer extends ArrayBuffer {
  resize(byteLength: number): void
}

function growingBuffer(byteLength: number, maxByteLength: number): GrowingBuffer {
  // Types of the language level that is compiled for do not know such buffers; runtimes do.
  return Reflect.construct(ArrayBuffer, [byteLength, { maxByteLength }]) as GrowingBuffer
}

function collector(maxFrameBytes: number): {
  readonly decoder: FrameDecoder
  readonly received: [type: number, body: number[]][]
} {
  const received: [number, number[]][] = []
  const decoder = new FrameDecoder(maxFrameBytes, {
    frame: (type, bytes, start, end) => received.push([type, [...bytes.subarray(start, end)]]),
  })
  return { decoder, received }
}

function* chunked(bytes: Uint8Array, sizes: Iterator<number>): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const size = Number(sizes.next().value)
    yield bytes.slice(at, at + size)
    at += size
  }
}
