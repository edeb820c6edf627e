import { seededRandom, type Random } from '@casty/clock'
import { FrameDecoder, NodeAddress, NodeIdentity } from '@casty/transport'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeHandshake,
  encodeChallenge,
  encodeHello,
  encodeProof,
  encodeRefusal,
  encodeWelcome,
  type HandshakeMessage,
} from '../src/handshake-messages.ts'
import { concatBytes, encodeFrame, frameTypes } from '../src/wire.ts'
import { connectRaw, helloBytes, preludeOf } from './raw.ts'
import { createWorld, tell } from './world.ts'

const decoderRuns = Number(process.env['CASTY_FUZZ_RUNS'] ?? 1_000_000)
const endpointRuns = 2_000

const identities = fc
  .record({
    host: fc.constantFrom('a', 'node-1.example.org', '127.0.0.1', '::1', 'fe80::1%eth0'),
    port: fc.integer({ min: 1, max: 65_535 }),
    incarnation: fc.maxSafeNat(),
  })
  .map(({ host, port, incarnation }) => NodeIdentity.of(NodeAddress.of(host, port), incarnation))

const party = fc.record(
  {
    clusterName: fc.string({ minLength: 1, maxLength: 100, unit: 'binary' }),
    identity: identities,
    sequence: fc.maxSafeNat(),
    capabilities: fc.array(fc.string({ maxLength: 16 }), { maxLength: 32 }),
    configDigest: fc.string({ maxLength: 64 }),
    trust: fc.constantFrom('member' as const, 'client' as const),
  },
  { requiredKeys: ['clusterName', 'identity', 'sequence', 'capabilities', 'trust'] },
)

const nonces = fc.uint8Array({ minLength: 32, maxLength: 32 })

const hellos = fc
  .tuple(
    party,
    fc.constantFrom('control' as const, 'data' as const, 'probe' as const),
    identities,
    fc.boolean(),
    fc.option(nonces, { nil: undefined }),
    fc.option(nonces, { nil: undefined }),
  )
  .map(([fields, lane, target, isExpected, nonce, about]) => ({
    type: 'hello' as const,
    ...fields,
    lane,
    dialled: target.address,
    ...(isExpected && { expected: target.incarnation }),
    ...(nonce && { nonce }),
    ...(lane === 'probe' && about && { about }),
  }))

const challenges = fc
  .tuple(identities, fc.constantFrom('member' as const, 'client' as const), nonces)
  .map(([identity, trust, nonce]) => ({ type: 'challenge' as const, identity, trust, nonce }))

const proofs = nonces.map((proof) => ({ type: 'proof' as const, proof }))

const welcomes = fc
  .tuple(party, fc.integer({ min: 0, max: 65_535 }))
  .map(([fields, wireVersion]) => ({ type: 'welcome' as const, wireVersion, ...fields }))

const refusals = fc
  .record(
    {
      reason: fc.constantFrom('cluster-name', 'removed', 'duplicate', 'malformed', 'wire-version'),
      actual: identities,
      knownIncarnation: identities.map(({ incarnation }) => incarnation),
      detail: fc.string({ maxLength: 200 }),
    },
    { requiredKeys: ['reason', 'detail'] },
  )
  .map((refusal) => ({ type: 'refusal' as const, refusal }))

function encode(message: HandshakeMessage): readonly [frameType: number, body: Uint8Array] {
  switch (message.type) {
    case 'hello':
      return [frameTypes.hello, encodeHello(message)]
    case 'challenge':
      return [frameTypes.challenge, encodeChallenge(message)]
    case 'proof':
      return [frameTypes.proof, encodeProof(message.proof)]
    case 'welcome':
      return [frameTypes.welcome, encodeWelcome(message)]
    case 'refusal':
      return [frameTypes.refusal, encodeRefusal(message.refusal)]
    case 'finish':
    case 'ping':
    case 'pong':
      return [frameTypes[message.type], new Uint8Array(0)]
  }
}

const simple = fc.constantFrom('finish' as const, 'ping' as const, 'pong' as const)
const messages: fc.Arbitrary<HandshakeMessage> = fc.oneof(
  hellos,
  challenges,
  proofs,
  welcomes,
  refusals,
  simple.map((type) => ({ type })),
)

describe('handshake messages', () => {
  test('read back as they were written', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const [frameType, body] = encode(message)
        expect(decodeHandshake(frameType, body, 0, body.length)).toEqual(message)
      }),
      { seed: 1, numRuns: 1_000 },
    )
  })

  test('fit the handshake limit, however long their fields', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const [, body] = encode(message)
        expect(body.length).toBeLessThan(4_096 - 17)
      }),
      { seed: 2, numRuns: 300 },
    )
  })

  test('with fields of a later version behind them are read all the same', () => {
    const [frameType, body] = encode({ type: 'refusal', refusal: { reason: 'busy', detail: 'x' } })
    const longer = concatBytes(body, Uint8Array.of(1, 2, 3))
    expect(decodeHandshake(frameType, longer, 0, longer.length)).toEqual({
      type: 'refusal',
      refusal: { reason: 'busy', detail: 'x' },
    })
  })
})

test(`${decoderRuns} damaged streams never break the decoder, nor make it grow`, () => {
  const random = seededRandom(4)
  const corpus = fc.sample(messages, { numRuns: 200, seed: 5 }).map((message) => {
    const [frameType, body] = encode(message)
    return encodeFrame(frameType, body)
  })
  const outcomes = { read: 0, refused: 0, malformed: 0 }
  const maxFrameBytes = 4_096
  for (let run = 0; run < decoderRuns; run++) {
    const stream = mutate(pick(corpus, random), random)
    const decoder = new FrameDecoder(maxFrameBytes, {
      frame(frameType, bytes, start, end) {
        outcomes[isReadable(frameType, bytes, start, end) ? 'read' : 'refused']++
      },
    })
    const cut = Math.floor(random() * (stream.length + 1))
    const whole = decoder.push(stream.subarray(0, cut)) && decoder.push(stream.subarray(cut))
    if (!whole) outcomes.malformed++
    if (decoder.heldBytes > Math.max(256, 2 * stream.length)) throw new Error('the decoder grew')
  }
  // Every kind of end was met: the mutations are neither all harmless nor all fatal.
  expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(decoderRuns / 100)
}, 300_000)

test(`${endpointRuns} damaged openings leave an endpoint as it was`, async () => {
  const random = seededRandom(6)
  const world = createWorld({ latencyMs: 0 })
  await using bob = await world.start('b:1', { limits: { handshakeTimeoutMs: 50 } })
  await using alice = await world.start('a:1')
  const stranger = NodeIdentity.parse('x:1#1')
  for (let run = 0; run < endpointRuns; run++) {
    const end = await connectRaw(world, bob.address)
    const opening = helloBytes(stranger, bob.endpoint.self, { lane: 'data', sequence: run + 1 })
    const frames = concatBytes(opening, encodeFrame(32, new Uint8Array(20)), preludeOf(1, 1))
    end.write(mutate(random() < 0.5 ? opening : frames, random))
    end.channel.close({ graceful: true })
  }
  await world.run(1_000)
  expect(bob.endpoint.explain().pendingHandshakes).toBe(0)
  expect(bob.endpoint.explain().associations.length).toBeLessThan(30)
  const { handshakesFailed, refusedByUs, connectionsOpened } = bob.endpoint.counters()
  const refused = Object.values(refusedByUs).reduce((sum, count) => sum + count)
  for (const count of [handshakesFailed.garbage, handshakesFailed.ended, refused]) {
    expect(count).toBeGreaterThan(0)
  }
  expect(connectionsOpened).toBeGreaterThan(1)
  tell(alice, bob, 'undisturbed', 'control')
  await world.run()
  expect(bob.texts).toContain('undisturbed')
}, 60_000)

/** Whether a message was read; throws on when it was not refused as a malformed one. */
function isReadable(frameType: number, bytes: Uint8Array, start: number, end: number): boolean {
  try {
    return decodeHandshake(frameType, bytes, start, end) !== undefined
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'CASTY_TRANSPORT_MALFORMED' || code === 'CASTY_TRANSPORT_INVALID_ADDRESS') {
      return false
    }
    throw error
  }
}

/** A few bytes changed, cut out, doubled, or set to what is most likely to be taken wrongly. */
function mutate(original: Uint8Array, random: Random): Uint8Array {
  const bytes = Uint8Array.from(original)
  const changes = Math.floor(random() * 4)
  for (let change = 0; change < changes; change++) {
    const at = Math.floor(random() * bytes.length)
    bytes[at] = random() < 0.5 ? Math.floor(random() * 256) : pick([0, 1, 0x7f, 0x80, 0xff], random)
  }
  const kind = random()
  const [from, to] = [random() * bytes.length, random() * bytes.length]
  if (kind < 0.2) return bytes.subarray(0, from)
  if (kind < 0.3) return concatBytes(bytes.subarray(0, from), bytes.subarray(to))
  if (kind < 0.4) return concatBytes(bytes, bytes)
  return bytes
}

function pick<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}
