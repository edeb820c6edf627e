import {
  compressed,
  jsonSerializer,
  msgpackSerializer,
  type RefCodec,
  type Serializer,
} from '@casty/remote'
import fc from 'fast-check'
import {
  messages,
  numberedRefs,
  paperRefs,
  registered,
} from '../../../../packages/remote/test/serializers/sample-messages.ts'
import type { FuzzedDecoder } from '../decoder.ts'

/** Long enough to be compressed. */
const long = { type: 'text', lines: Array.from({ length: 200 }, (_, line) => `line ${line}`) }

export const messageDecoders: readonly FuzzedDecoder[] = [
  decoderOf('messages-msgpack', registered(msgpackSerializer())),
  decoderOf('messages-numbered', registered(msgpackSerializer()), numberedRefs),
  decoderOf('messages-json', registered(jsonSerializer())),
  {
    ...decoderOf('messages-compressed', compressed(registered(msgpackSerializer()))),
    // What it promises: see `compressed`.
    most: (byteLength) => 16 * Math.max(65_536, 16 * byteLength),
  },
]

/** What keeps to the limits can be sent on. */
function decoderOf(
  name: string,
  serializer: Serializer,
  refs: RefCodec = paperRefs,
): FuzzedDecoder {
  const samples = [...fc.sample(messages, { seed: 3, numRuns: 200 }), long]
  return {
    name,
    seeds: samples.map((message) => serializer.serialize(message, refs).slice()),
    refusals: ['CASTY_REMOTE_MALFORMED'],
    decode: (bytes) => serializer.deserialize(bytes, 0, bytes.length, refs),
  }
}
