import { ByteWriter, FrameDecoder } from '@casty/transport'
import { isAbsent, type JsonObject } from '../json.ts'
import { fact, type Fact } from '../vector-case.ts'

/** Upstream's limit; here it is an option. */
const maxFrameBytes = 16 * 1024 * 1024
const lengthBytes = 4

/**
 * Writes a frame as the wire has it and has it read. What upstream calls the payload is all that the
 * length counts: here a byte of type and the body.
 */
export function acceptedFrame(payloadLength: number, expected: JsonObject): readonly Fact[] {
  const header = new ByteWriter().u32(payloadLength).finish()
  const facts = isAbsent(expected['header'])
    ? []
    : [fact('header', expected['header'], [...header])]
  return [...facts, fact('accepted', expected['accepted'] ?? null, isRead(header, payloadLength))]
}

/** Whether a decoder hands the frame out, whole, when its header comes in a piece of its own. */
function isRead(header: Uint8Array, payloadLength: number): boolean {
  const bodies: number[] = []
  const decoder = new FrameDecoder(maxFrameBytes, {
    frame: (_type, _bytes, start, end) => bodies.push(end - start),
  })
  const middle = lengthBytes - 1
  const rest = new Uint8Array(lengthBytes - middle + payloadLength)
  rest.set(header.subarray(middle))
  const isWellFormed = [header.subarray(0, middle), rest].every((piece) => decoder.push(piece))
  return isWellFormed && bodies.length === 1 && bodies[0] === payloadLength - 1
}
