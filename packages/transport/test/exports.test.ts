import { readFileSync } from 'node:fs'
import { expect, expectTypeOf, test } from 'vitest'
import * as compliance from '../src/compliance.ts'
import * as transport from '../src/index.ts'

test('the public surface is what is written here', () => {
  expect(Object.keys(transport).toSorted()).toEqual([
    'ByteReader',
    'ByteWriter',
    'Endpoint',
    'FrameBatch',
    'FrameDecoder',
    'NodeAddress',
    'NodeIdentity',
    'RecordingSink',
    'TransportError',
    'canonicalFingerprint',
    'certificateNames',
    'createMemoryNetwork',
    'endpointLimitDefaults',
    'maxJoinedBytes',
    'mayDialByDefault',
    'memoryNetworkDefaults',
    'sourceGroup',
    'toIncarnation',
  ])
  expect(Object.keys(compliance)).toEqual(['transportCompliance'])
})

test('the README lists every error code, and no other', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const documented = [
    'CASTY_TRANSPORT_ADDRESS_IN_USE',
    'CASTY_TRANSPORT_BAD_CERTIFICATE',
    'CASTY_TRANSPORT_CLOSED',
    'CASTY_TRANSPORT_DIAL_FAILED',
    'CASTY_TRANSPORT_FRAME_TOO_LARGE',
    'CASTY_TRANSPORT_INSECURE_BIND',
    'CASTY_TRANSPORT_INVALID_ADDRESS',
    'CASTY_TRANSPORT_INVALID_OPTION',
    'CASTY_TRANSPORT_LISTEN_FAILED',
    'CASTY_TRANSPORT_MALFORMED',
    'CASTY_TRANSPORT_REFUSED',
  ] as const
  expect(new Set(readme.match(/CASTY_TRANSPORT_[A-Z_]+/g))).toEqual(new Set(documented))
  expectTypeOf<(typeof documented)[number]>().toEqualTypeOf<transport.TransportErrorCode>()
})

test('the README lists every limit with its default', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  for (const [name, value] of Object.entries(transport.endpointLimitDefaults)) {
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\``))
    expect(row).toContain(value.toLocaleString('en-US'))
  }
})
