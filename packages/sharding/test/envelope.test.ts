// How the header of a message to an entity comes to stand in front of it.
import { ByteReader, ByteWriter } from '@casty/transport'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KnownIds } from '../src/region/known-ids.ts'
import {
  maxEnvelopeHeaderBytes,
  readEnvelope,
  writeEnvelope,
  writeEnvelopeInFront,
  type EnvelopeHeader,
  type Writable,
} from '../src/region/wire.ts'

const headers = fc.record({
  shard: fc.oneof(fc.nat(300), fc.maxSafeNat()),
  epoch: fc.oneof(fc.nat(300), fc.maxSafeNat()),
  returns: fc.nat(63),
  carries: fc.boolean(),
  entityId: fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 512 }),
})
const hashes = fc.nat(0xffff_ffff)

function writeInFront(
  bytes: Uint8Array,
  start: number,
  hash: number,
  { shard, epoch, entityId, returns, carries }: EnvelopeHeader,
): number {
  const sent = { shard, entityId, returns, carried: carries ? 'a trace' : undefined }
  return writeEnvelopeInFront(bytes, start, bytes.length, hash, epoch, sent)
}

function emptyHeader(): Writable<EnvelopeHeader> {
  return { shard: 0, epoch: 0, entityId: '', returns: 0, carries: false }
}

test('written in front of a message, a header is what it is written ahead of one', () => {
  fc.assert(
    fc.property(hashes, headers, fc.uint8Array({ maxLength: 300 }), (hash, header, message) => {
      const ahead = new ByteWriter()
      writeEnvelope(ahead, hash, header)
      ahead.bytes(message, message.length)
      const bytes = new Uint8Array(maxEnvelopeHeaderBytes + message.length)
      bytes.set(message, maxEnvelopeHeaderBytes)
      const start = maxEnvelopeHeaderBytes
      const begin = writeInFront(bytes, start, hash, header)
      expect(begin).toBeGreaterThanOrEqual(0)
      expect(bytes.subarray(begin)).toEqual(ahead.finish())
    }),
  )
})

test('a header is read as it was written', () => {
  fc.assert(
    fc.property(hashes, headers, (hash, header) => {
      const bytes = new Uint8Array(maxEnvelopeHeaderBytes)
      const begin = writeInFront(bytes, bytes.length, hash, header)
      const reader = new ByteReader(new Uint8Array(0)).open(bytes, begin, bytes.length)
      expect(reader.u32()).toBe(hash)
      expect(readEnvelope(reader, emptyHeader())).toEqual(header)
      expect(reader.varint()).toBe(0)
      expect(reader.remaining).toBe(0)
    }),
  )
})

test('an id that is not ASCII is left to who can write it', () => {
  const header = { shard: 1, epoch: 2, returns: 0, carries: false, entityId: 'größe' }
  expect(writeInFront(new Uint8Array(100), 100, 7, header)).toBe(-1)
})

test('an id is read as it was written, known or not, whichever came before', () => {
  const known = new KnownIds()
  const some = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 }), {
    minLength: 1,
    maxLength: 20,
  })
  fc.assert(
    fc.property(some, fc.array(fc.nat(), { maxLength: 200 }), (ids, order) => {
      for (const at of order) {
        const entityId = ids[at % ids.length] ?? ''
        const writer = new ByteWriter()
        writeEnvelope(writer, 0, { shard: 1, epoch: 2, returns: 0, carries: false, entityId })
        const reader = new ByteReader(writer.finish())
        reader.u32()
        expect(readEnvelope(reader, emptyHeader(), known).entityId).toBe(entityId)
      }
    }),
  )
})

test('an id is known from its first time on where its place is free', () => {
  const known = new KnownIds()
  const bytes = new TextEncoder().encode('..counter-7')
  const found = [1, 2, 3].map(() => known.find(bytes, 2, 9))
  expect(found).toEqual(['counter-7', 'counter-7', 'counter-7'])
  expect(known.find(bytes, 2, 8)).toBe('counter-')
})

test('an id gets the place of another when it comes for the second time in a row, and not before', () => {
  const known = new KnownIds()
  const ids = Array.from({ length: 5_000 }, (_, nr) => new TextEncoder().encode(`counter-${nr}`))
  for (const id of ids) known.find(id, 0, id.length)
  // There are fewer places than ids.
  const late = ids.filter((id) => known.find(id, 0, id.length) === undefined)
  const again = late.map((id) => [1, 2].map(() => known.find(id, 0, id.length)))
  expect(late.length).toBeGreaterThan(0)
  for (const [index, found] of again.entries()) {
    const id = new TextDecoder().decode(late[index])
    expect(found).toEqual([undefined, id])
  }
})
