import type { FuzzedDecoder } from './decoder.ts'
import { membershipDecoders } from './decoders/membership.ts'
import { messageDecoders } from './decoders/messages.ts'
import { remoteDecoders } from './decoders/remote.ts'
import { remoteFrameDecoders } from './decoders/remote-frames.ts'
import { replicatorDecoders } from './decoders/replicator.ts'
import { shardingDecoders } from './decoders/sharding.ts'
import { structuresDecoders } from './decoders/structures.ts'
import { transportDecoders } from './decoders/transport.ts'

/** All that read what a peer sent. */
export const decoders: readonly FuzzedDecoder[] = [
  ...transportDecoders,
  ...membershipDecoders,
  ...remoteDecoders,
  ...remoteFrameDecoders,
  ...messageDecoders,
  ...shardingDecoders,
  ...structuresDecoders,
  ...replicatorDecoders,
]
