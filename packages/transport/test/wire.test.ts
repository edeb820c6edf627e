// Bytes as wire version 1 has them. A change here is a change of the wire: give it a version.
import { NodeAddress, NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import {
  decodeHandshake,
  encodeChallenge,
  encodeHello,
  encodeProof,
  encodeRefusal,
  encodeWelcome,
  type HandshakeMessage,
} from '../src/handshake-messages.ts'
import { encodePrelude, frameTypes, wireVersions } from '../src/wire.ts'

const alice = NodeIdentity.parse('a:1#300')
const bob = NodeIdentity.parse('b:2#1')

test('the prelude is magic and versions', () => {
  expect(hex(encodePrelude(wireVersions))).toBe('8943415354590d0a 0001 0001'.replaceAll(' ', ''))
})

const hello: HandshakeMessage = {
  type: 'hello',
  lane: 'data',
  clusterName: 'c',
  identity: alice,
  sequence: 7,
  capabilities: ['zip'],
  configDigest: 'd',
  trust: 'member',
  dialled: bob.address,
  expected: bob.incarnation,
}
const welcome: HandshakeMessage = {
  type: 'welcome',
  wireVersion: 1,
  clusterName: 'c',
  identity: bob,
  sequence: 8,
  capabilities: [],
  trust: 'member',
}
const nonce = new Uint8Array(32).fill(0xab)
const proving: HandshakeMessage = { ...hello, trust: 'client', nonce }
const challenge: HandshakeMessage = { type: 'challenge', identity: bob, trust: 'member', nonce }
const proof: HandshakeMessage = { type: 'proof', proof: nonce }
const refusal: HandshakeMessage = {
  type: 'refusal',
  refusal: {
    reason: 'stale-incarnation',
    actual: bob,
    knownIncarnation: alice.incarnation,
    detail: 'old',
  },
}

test.each<[string, number, HandshakeMessage, Uint8Array, string]>([
  [
    'hello',
    frameTypes.hello,
    hello,
    encodeHello(hello),
    '01 0163 0161 0001 ac02 07 01 037a6970 01 0164 0162 0002 01 01 00 00',
  ],
  [
    'welcome',
    frameTypes.welcome,
    welcome,
    encodeWelcome(welcome),
    '0001 0163 0162 0002 01 08 00 00 00 00',
  ],
  [
    'hello of a client with a secret',
    frameTypes.hello,
    proving,
    encodeHello(proving),
    `01 0163 0161 0001 ac02 07 01 037a6970 01 0164 0162 0002 01 01 81 20 ${'ab'.repeat(32)}`,
  ],
  [
    'welcome of a client',
    frameTypes.welcome,
    { ...welcome, trust: 'client' },
    encodeWelcome({ ...welcome, trust: 'client' }),
    '0001 0163 0162 0002 01 08 00 00 80 00',
  ],
  [
    'challenge',
    frameTypes.challenge,
    challenge,
    encodeChallenge(challenge),
    `0162 0002 01 01 20 ${'ab'.repeat(32)}`,
  ],
  ['proof', frameTypes.proof, proof, encodeProof(nonce), `20 ${'ab'.repeat(32)}`],
  [
    'refusal',
    frameTypes.refusal,
    refusal,
    encodeRefusal(refusal.refusal),
    '04 01 0162 0002 01 01 ac02 03 6f6c64',
  ],
])('a %s is written and read as recorded', (_, frameType, message, encoded, recorded) => {
  expect(hex(encoded)).toBe(recorded.replaceAll(' ', ''))
  const bytes = Uint8Array.from(encoded)
  expect(decodeHandshake(frameType, bytes, 0, bytes.length)).toEqual(message)
})

test('a refusal for a reason of a later version is a refusal all the same', () => {
  const bytes = Uint8Array.of(200, 0, 0, 3, 0x6e, 0x65, 0x77)
  expect(decodeHandshake(frameTypes.refusal, bytes, 0, bytes.length)).toEqual({
    type: 'refusal',
    refusal: { reason: 'malformed', detail: 'new' },
  })
})

test('a detail of more than two hundred characters is cut', () => {
  const bytes = encodeRefusal({ reason: 'busy', detail: '€'.repeat(300) })
  const message = decodeHandshake(frameTypes.refusal, bytes, 0, bytes.length)
  expect(message).toMatchObject({ refusal: { detail: '€'.repeat(200) } })
})

test.each([
  ['of another length', Uint8Array.of(31, ...new Uint8Array(31))],
  ['that is empty', Uint8Array.of(0)],
  ['that is longer', Uint8Array.of(33, ...new Uint8Array(33))],
])('a proof %s is none', (_, bytes) => {
  expect(() => decodeHandshake(frameTypes.proof, bytes, 0, bytes.length)).toThrow(
    expect.objectContaining({ code: 'CASTY_TRANSPORT_MALFORMED' }),
  )
})

test('a challenge without a nonce is none', () => {
  const bytes = encodeChallenge(challenge).slice(0, -33)
  bytes[bytes.length - 1] = 0
  expect(() => decodeHandshake(frameTypes.challenge, bytes, 0, bytes.length)).toThrow(
    expect.objectContaining({ code: 'CASTY_TRANSPORT_MALFORMED' }),
  )
})

test('a node without a port introduces itself in vain', () => {
  const nowhere = NodeIdentity.of(NodeAddress.parse('a:0'), 1)
  const bytes = encodeWelcome({ ...welcome, identity: nowhere })
  expect(() => decodeHandshake(frameTypes.welcome, bytes, 0, bytes.length)).toThrow(
    expect.objectContaining({ code: 'CASTY_TRANSPORT_MALFORMED' }),
  )
})

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
