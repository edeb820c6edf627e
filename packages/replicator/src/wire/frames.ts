import { encodeMessage } from './codec.ts'
import type { KeyState, ReplicatorMessage } from './messages.ts'

/** What a frame takes beside values. */
const overheadBytes = 32 * 1024

/** The bytes of a message, in as many frames as it takes: lists of values are cut where they grow large. */
export function framesOf(message: ReplicatorMessage, maxValueBytes: number): readonly Uint8Array[] {
  const bytes = encodeMessage(message)
  const isList = message.type === 'deltas' || message.type === 'states'
  if (bytes.length <= maxValueBytes + overheadBytes || !isList || message.states.length < 2) {
    return [bytes]
  }
  const { states } = message
  const half = Math.ceil(states.length / 2)
  const part = (some: readonly KeyState[]): readonly Uint8Array[] =>
    framesOf({ ...message, states: some }, maxValueBytes)
  return [...part(states.slice(0, half)), ...part(states.slice(half))]
}
