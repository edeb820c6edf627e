import { FrameDecoder, NodeAddress, NodeIdentity } from '@casty/transport'
import {
  decodeHandshake,
  encodeChallenge,
  encodeHello,
  encodeProof,
  encodeRefusal,
  encodeWelcome,
} from '../../../../packages/transport/src/handshake-messages.ts'
import { concatBytes, encodeFrame, frameTypes } from '../../../../packages/transport/src/wire.ts'
import { Inbox } from '../../../../packages/transport-ws/src/inbox.ts'
import type { FuzzedDecoder } from '../decoder.ts'

const identity = NodeIdentity.of(NodeAddress.of('node-1.example.org', 2_551), 1_700_000_000_000)
const party = {
  clusterName: 'shop',
  identity,
  sequence: 3,
  capabilities: ['one', 'another'],
  configDigest: '0a1b',
  trust: 'member',
} as const
const nonce = new Uint8Array(32).fill(7)
const hello = encodeHello({
  ...party,
  type: 'hello',
  lane: 'data',
  dialled: NodeAddress.of('::1', 2_552),
  expected: identity.incarnation,
  nonce,
})
const handshakes: readonly (readonly [frameType: number, body: Uint8Array])[] = [
  [frameTypes.hello, hello],
  [frameTypes.welcome, encodeWelcome({ ...party, type: 'welcome', wireVersion: 1 })],
  [
    frameTypes.refusal,
    encodeRefusal({
      reason: 'duplicate',
      actual: identity,
      knownIncarnation: identity.incarnation,
      detail: 'two',
    }),
  ],
  [frameTypes.challenge, encodeChallenge({ type: 'challenge', identity, trust: 'client', nonce })],
  [frameTypes.proof, encodeProof(nonce)],
  [frameTypes.ping, new Uint8Array(0)],
]

const maxFrameBytes = 4_096

/** Cuts a stream into frames, in two pieces. What it holds back must not outgrow what came. */
const frames: FuzzedDecoder = {
  name: 'frames',
  seeds: handshakes.map(([type, body]) =>
    concatBytes(encodeFrame(type, body), encodeFrame(40, body)),
  ),
  refusals: [],
  decode(bytes) {
    const bodies: Uint8Array[] = []
    const decoder = new FrameDecoder(maxFrameBytes, {
      frame: (_type, from, start, end) => void bodies.push(from.slice(start, end)),
    })
    const cut = Math.floor(bytes.length / 3)
    const isWhole = decoder.push(bytes.subarray(0, cut)) && decoder.push(bytes.subarray(cut))
    if (decoder.heldBytes > Math.max(256, 2 * bytes.length)) throw new Error('it holds too much')
    return { isWhole, bodies }
  },
}

/** The type of the frame is the first byte. */
const handshake: FuzzedDecoder = {
  name: 'handshake',
  seeds: handshakes.map(([type, body]) => concatBytes(Uint8Array.of(type), body)),
  refusals: ['CASTY_TRANSPORT_MALFORMED', 'CASTY_TRANSPORT_INVALID_ADDRESS'],
  decode: (bytes) => decodeHandshake(bytes[0] ?? 0, bytes, Math.min(1, bytes.length), bytes.length),
}

/** So much happens in one input at most: each of it takes a microsecond here, whatever it is. */
const maxActs = 4_096

/** Each byte is something that happens: a message comes, of as many bytes, or reading is paused or goes on. */
const wsInbox: FuzzedDecoder = {
  name: 'ws-inbox',
  seeds: [Uint8Array.of(9, 250, 3, 251, 8, 252, 1), Uint8Array.of(250, 4, 4, 4, 252, 255)],
  refusals: [],
  decode(bytes) {
    const inbox = new Inbox()
    const came: Uint8Array[] = []
    const sent: Uint8Array[] = []
    let ends = 0
    const sink = {
      received: (message: Uint8Array) => void came.push(message),
      drained: () => {},
      closed: () => void ends++,
    }
    inbox.pause()
    inbox.open(sink)
    for (const [index, act] of bytes.subarray(0, maxActs).entries()) {
      if (act === 252) inbox.resume()
      else if (act >= 250) inbox.pause()
      else {
        const message = new Uint8Array(act % 16).fill(index)
        sent.push(message)
        inbox.received(message)
      }
    }
    inbox.ended('ended')
    inbox.resume()
    if (ends !== 1) throw new Error(`it ended ${ends} times`)
    if (inbox.heldBytes !== 0) throw new Error('it holds bytes back')
    const arrived = Buffer.concat(came)
    if (!arrived.equals(Buffer.concat(sent))) {
      throw new Error('bytes are missing, or in another order')
    }
    return arrived
  },
}

export const transportDecoders: readonly FuzzedDecoder[] = [frames, handshake, wsInbox]
