// How the header of a message to an entity comes to stand in front of it.
import { ByteReader, ByteWriter } from '@casty/transport'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  maxEnvelopeHeaderBytes,
  readEnvelope,
  writeEnvelope,
  writeEnvelopeInFront,
} from '../src/region/wire.ts'

const headers = fc.record({
  shard: fc.oneof(fc.nat(300), fc.maxSafeNat()),
  epoch: fc.oneof(fc.nat(300), fc.maxSafeNat()),
  returns: fc.nat(127),
  carries: fc.boolean(),
  entityId: fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 512 }),
})
const hashes = fc.nat(0xffff_ffff)

test('written in front of a message, a header is what it is written ahead of one', () => {
  fc.assert(
    fc.property(hashes, headers, fc.uint8Array({ maxLength: 300 }), (hash, header, message) => {
      const ahead = new ByteWriter()
      writeEnvelope(ahead, hash, header)
      ahead.bytes(message, message.length)
      const bytes = new Uint8Array(maxEnvelopeHeaderBytes + message.length)
      bytes.set(message, maxEnvelopeHeaderBytes)
      const start = maxEnvelopeHeaderBytes
      const begin = writeEnvelopeInFront(bytes, start, bytes.length, hash, header)
      expect(begin).toBeGreaterThanOrEqual(0)
      expect(bytes.subarray(begin)).toEqual(ahead.finish())
    }),
  )
})

test('a header is read as it was written', () => {
  fc.assert(
    fc.property(hashes, headers, (hash, header) => {
      const bytes = new Uint8Array(maxEnvelopeHeaderBytes)
      const begin = writeEnvelopeInFront(bytes, bytes.length, bytes.length, hash, header)
      const reader = new ByteReader(new Uint8Array(0)).open(bytes, begin, bytes.length)
      expect(reader.u32()).toBe(hash)
      expect(readEnvelope(reader)).toEqual(header)
      expect(reader.varint()).toBe(0)
      expect(reader.remaining).toBe(0)
    }),
  )
})

test('an id that is not ASCII is left to who can write it', () => {
  const header = { shard: 1, epoch: 2, returns: 0, carries: false, entityId: 'größe' }
  expect(writeEnvelopeInFront(new Uint8Array(100), 100, 100, 7, header)).toBe(-1)
})
