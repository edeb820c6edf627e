import { ByteWriter } from '@casty/transport'
import {
  ReplyWriter,
  RequestWriter,
  readPartReplies,
  readReply,
  readRequest,
  writePartReply,
} from '../../../../packages/ddata/src/protocol/messages.ts'
import { RecordWriter, readRecord } from '../../../../packages/ddata/src/state/command.ts'
import { sessionBytes } from '../../../../packages/ddata/src/state/sessions.ts'
import { decodeValue, encodeValue } from '../../../../packages/ddata/src/values/canonical.ts'
import type { FuzzedDecoder } from '../decoder.ts'

const refusals = ['CASTY_DDATA_MALFORMED', 'CASTY_TRANSPORT_MALFORMED']
const call = Uint8Array.of(1, 2, 3, 200, 5)
const session = 'abcdefghijklmnop'

export const structuresDecoders: readonly FuzzedDecoder[] = [
  { name: 'structure-requests', seeds: [request()], refusals, decode: readRequest },
  { name: 'structure-replies', seeds: [reply()], refusals, decode: readReply },
  {
    name: 'structure-replies-of-turn',
    seeds: [replies()],
    refusals,
    decode: (bytes) => [...readPartReplies(bytes)],
  },
  { name: 'structure-records', seeds: [record()], refusals, decode: readRecord },
  {
    name: 'structure-values',
    seeds: [
      'text',
      -3.5,
      7,
      undefined,
      true,
      [1, 'two', [3n]],
      { a: 1, b: { c: [2] } },
      new Date(7),
      Uint8Array.of(1, 2),
    ].flatMap(valueBytes),
    refusals,
    decode: decodeValue,
  },
]

function request(): Uint8Array {
  const writer = new RequestWriter()
  writer.add({ type: 'call', number: 3, received: [1, 300], key: 'once', call })
  writer.add({ type: 'read', number: 4, after: 3, isStrict: true, call })
  writer.add({ type: 'renew', number: 5, timers: [7, 8, 90_000] })
  writer.add({ type: 'watch', number: 6, name: 'stock', seen: 41 })
  writer.add({ type: 'unwatch', number: 6 })
  writer.add({ type: 'close' })
  return writer.take({ session: sessionBytes(session), isKnown: true, floor: 2 }).slice()
}

function reply(): Uint8Array {
  const writer = new ReplyWriter()
  writer.add({ type: 'answer', number: 3, answer: call })
  writer.add({ type: 'parked', number: 4 })
  writer.add({ type: 'gap', expected: 300 })
  writer.add({ type: 'lost', timers: [1, 2] })
  writer.add({ type: 'notice', notice: call })
  writer.add({ type: 'change', watch: 6, count: 1, changes: 9, event: call })
  writer.add({ type: 'failed', why: 'busy' })
  writer.add({ type: 'offered', number: 4 })
  writer.add({ type: 'unknown' })
  return writer.take(9).slice()
}

function replies(): Uint8Array {
  const out = new ByteWriter()
  for (let parts = 0; parts < 2; parts++) {
    writePartReply(out, { session: sessionBytes(session), body: reply() })
  }
  return out.finish()
}

function record(): Uint8Array {
  const writer = new RecordWriter()
  const made = {
    type: 'call',
    session,
    number: 3,
    floor: 2,
    received: [1],
    key: 'once',
    call,
  } as const
  writer.add({ at: 1_000, command: made })
  writer.add({ at: 1_001, command: { type: 'timed-out', timer: 7 } })
  writer.add({ at: 1_001, command: { type: 'advance' } })
  writer.add({ at: 2_000, command: { type: 'session-over', session } })
  writer.add({ at: 2_000, command: { type: 'noted', note: call } })
  return writer.take(9).slice()
}

/** Nothing for what is no value of structures. */
function valueBytes(value: unknown): readonly Uint8Array[] {
  try {
    return [encodeValue(value, () => 'a sample').slice()]
  } catch {
    return []
  }
}
