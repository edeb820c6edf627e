// SEC-9 and SEC-11 for every decoder: what stopped decoders in other systems, at the sizes that did it, alone and in the place
// of what follows a good beginning.
import { deflateRawSync, constants } from 'node:zlib'
import { expect, test } from 'vitest'
import { decoders } from '../src/decoders.ts'
import { fuzz } from '../src/fuzz.ts'

const megabyte = 1_048_576
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const of = (byte: number, length: number): Uint8Array => new Uint8Array(length).fill(byte)
const joined = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(Buffer.concat(parts))

/** 1 GiB of zeros in a megabyte: one block of which each repeats what the one before says. */
function bombOf(sizeBytes: number): Uint8Array {
  const block = deflateRawSync(new Uint8Array(megabyte), { finishFlush: constants.Z_FULL_FLUSH })
  const end = deflateRawSync(new Uint8Array(0))
  const blocks = Array.from({ length: sizeBytes / megabyte }, () => Uint8Array.from(block))
  return joined(...blocks, Uint8Array.from(end))
}

/** As compressed messages begin: with the size that they come to, or are said to come to. */
function saidToBe(sizeBytes: number, data: Uint8Array): Uint8Array {
  const head = new Uint8Array(5)
  head[0] = 1
  new DataView(head.buffer).setUint32(1, sizeBytes)
  return joined(head, data)
}

const bomb = bombOf(1_024 * megabyte)

const large: readonly (readonly [about: string, bytes: Uint8Array])[] = [
  ['a megabyte of arrays in each other', of(0x91, megabyte)],
  ['a megabyte of brackets', of(0x5b, megabyte)],
  ['a megabyte of counts that are the largest', of(0xff, megabyte)],
  ['a megabyte of nothing', of(0, megabyte)],
]
const bombs: readonly Uint8Array[] = [
  bomb,
  ...[60_000, 16 * megabyte, 1_024 * megabyte].map((size) => saidToBe(size, bomb)),
]
const small: readonly Uint8Array[] = [
  hex('dd000fffff'.repeat(200)),
  hex('ddffffffff'.repeat(200)),
  hex('81a95f5f70726f746f5f5f81a561646d696ec3'),
  hex('81ab636f6e7374727563746f7281a970726f746f7479706580'),
  utf8('{"a":{"__proto__":{"admin":true}},"constructor":{"prototype":{"admin":true}}}'),
  utf8('[{"$map":[["__proto__",{"admin":true}]]}]'),
  of(0xff, 64),
  of(0x80, 64),
  hex('ffffffffffffff0f'.repeat(8)),
]

test('the bomb is one: a megabyte that comes to 1 GiB', () => {
  expect(bomb.length).toBeLessThan(1.1 * megabyte)
})

test.each(decoders)('$name bears them all', (decoder) => {
  const [first = new Uint8Array(0)] = decoder.seeds
  const behindFirst = [0, 1, 4].flatMap((length) =>
    [...large.map(([, bytes]) => bytes), ...bombs].map((bytes) =>
      joined(first.subarray(0, length), bytes),
    ),
  )
  const behindAll = decoder.seeds
    .slice(0, 12)
    .flatMap((seed) =>
      Array.from({ length: 9 }, (_, part) =>
        seed.subarray(0, Math.floor((seed.length * part) / 8)),
      ).flatMap((beginning) => small.map((bytes) => joined(beginning, bytes))),
    )
  const corpus = [...behindFirst, ...behindAll]
  const { findings } = fuzz(decoder, { inputs: 0, seed: 1, corpus })
  expect(findings.map(({ what, hex: input }) => `${what}: ${input.slice(0, 200)}`)).toEqual([])
})

test('ten megabytes of brackets are refused as JSON, however deep', () => {
  const json = decoders.filter(({ name }) => name === 'messages-json')
  expect(json).toHaveLength(1)
  for (const decoder of json) {
    expect(() => decoder.decode(of(0x5b, 10 * megabyte))).toThrow(
      expect.objectContaining({ code: 'CASTY_REMOTE_MALFORMED' }),
    )
  }
})
