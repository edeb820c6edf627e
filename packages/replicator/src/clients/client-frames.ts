import { encodeClientMessage, type ClientMessage } from './client-messages.ts'

/** The frame type of what members and clients that hold values tell each other. */
export const clientReplicaFrameType = 57

/** What a frame takes beside values. */
const overheadBytes = 32 * 1024

/** The bytes of a message, in as many frames as it takes: lists of values are cut where they grow large. */
export function clientFramesOf(
  message: ClientMessage,
  maxValueBytes: number,
): readonly Uint8Array[] {
  const bytes = encodeClientMessage(message)
  const isList = message.type === 'told' || message.type === 'have'
  if (bytes.length <= maxValueBytes + overheadBytes || !isList || message.states.length < 2) {
    return [bytes]
  }
  const { states } = message
  const half = Math.ceil(states.length / 2)
  const second = {
    ...message,
    states: states.slice(half),
    ...(message.type === 'told' && { absent: [] }),
  }
  return [
    ...clientFramesOf({ ...message, states: states.slice(0, half) }, maxValueBytes),
    ...clientFramesOf(second, maxValueBytes),
  ]
}
