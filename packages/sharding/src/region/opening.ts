// What frames hold, as the messages that were put in: looked into no earlier than it is known what becomes of them.
import type { Delivery } from '@casty/actor'
import type { MessageCodec } from '@casty/remote'
import type { NodeIdentity } from '@casty/transport'
import { ShardingError } from '../errors.ts'
import { Letter, type LetterKeeper } from './letter.ts'
import type { ForeignFrame, Opened } from './region-node.ts'
import type { ReturnedHeader } from './wire.ts'

/** On its way to its entity. @throws where it cannot be read */
export function openLetter(codec: MessageCodec, frame: ForeignFrame, keeper: LetterKeeper): Letter {
  const { from, shard, entityId, carries, share } = frame
  if (share) return new Letter(keeper, shard, entityId, share, undefined, undefined, from)
  if (carries) {
    const { message, answer, carried } = open(codec, frame)
    return new Letter(keeper, shard, entityId, message, answer, carried, from)
  }
  const { message, asker } = codec.decode(from, frame.bytes, frame.start, frame.end)
  return new Letter(keeper, shard, entityId, message, asker, undefined, from)
}

/** For nobody here. @throws where it cannot be read */
export function open(codec: MessageCodec, frame: ForeignFrame): Opened {
  const { from, carries, share, bytes, start, end } = frame
  if (share) return { message: share, answer: undefined, carried: undefined }
  const { message, asker } = codec.decode(from, bytes, start, end)
  return carries ? unpacked(message, asker) : { message, answer: asker, carried: undefined }
}

/** A message that this node sent to `to`, as it came back. @throws where it cannot be read */
export function reopen(
  codec: MessageCodec,
  to: NodeIdentity,
  { carries, own }: ReturnedHeader,
  bytes: Uint8Array,
  start: number,
  end: number,
): Opened {
  const { message, answer } = codec.reopen(to, bytes, start, end)
  if (own) return { message: { common: message, own }, answer, carried: undefined }
  return carries ? unpacked(message, answer) : { message, answer, carried: undefined }
}

/** A message that brings along what an instrument gave it. */
function unpacked(content: unknown, answer: Delivery | undefined): Opened {
  if (Array.isArray(content) && content.length === 2) {
    const [carried, message]: readonly unknown[] = content
    return { message, answer, carried }
  }
  answer?.undelivered('not-serializable')
  throw ShardingError.malformed('A message comes without what should travel with it')
}
