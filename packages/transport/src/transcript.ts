// Everything that was said on a connection, as the bytes that a proof is made over: who changes, drops or replays one
// of them has no proof that fits. Each part stands behind its length, so that no two conversations read alike.
import { ByteWriter } from './byte-writer.ts'
import type { Prelude } from './wire.ts'

/** What was said until the dialler's proof. */
export interface Opening {
  readonly dialler: Prelude
  readonly acceptor: Prelude
  /** What ties the proof to this one channel, where the channel has something: see `ChannelProof`. */
  readonly binding: Uint8Array | undefined
  /** The bodies of the frames, as they went over the wire. */
  readonly hello: Uint8Array
  readonly challenge: Uint8Array
}

/** The acceptor's answer, and what it answers to. */
export interface Answer {
  readonly opening: Opening
  readonly proof: Uint8Array
  readonly frameType: number
  readonly body: Uint8Array
}

const longest = 65_536
const nothing = new Uint8Array(0)

export function diallersTranscript(opening: Opening): Uint8Array {
  return writeOpening(new ByteWriter(1_024), 'casty: dialler proves', opening).finish()
}

/** The acceptor vouches for its answer as well: nobody refuses, or welcomes, in its name. */
export function acceptorsTranscript({ opening, proof, frameType, body }: Answer): Uint8Array {
  const writer = writeOpening(new ByteWriter(1_024), 'casty: acceptor proves', opening)
  return writer.bytes(proof, longest).u8(frameType).bytes(body, longest).finish()
}

function writeOpening(writer: ByteWriter, label: string, opening: Opening): ByteWriter {
  const { dialler, acceptor, binding = nothing, hello, challenge } = opening
  return writer
    .string(label, longest)
    .u16(dialler.minVersion)
    .u16(dialler.maxVersion)
    .u16(acceptor.minVersion)
    .u16(acceptor.maxVersion)
    .bytes(binding, longest)
    .bytes(hello, longest)
    .bytes(challenge, longest)
}
