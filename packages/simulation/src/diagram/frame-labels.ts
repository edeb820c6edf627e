// What a write carries, in words. Writes hold whole frames; the first one of each side of a connection
// has a prelude before them.
import { decodeMessage, membershipFrameType, type ClusterMessage } from '@casty/membership'
import { ByteReader, FrameDecoder } from '@casty/transport'
import { gossipText, versionText } from './gossip-text.ts'
import { hostOf } from '../world/addresses.ts'
import { framesOf } from '../world/opening.ts'

/**
 * `routine`: of interest in the mass only. `news`: of interest once it changed something, or was lost.
 * `step`: always of interest.
 */
export type FrameWeight = 'routine' | 'news' | 'step'

export interface FrameLabel {
  readonly text: string
  readonly weight: FrameWeight
  /** Shown to whoever asks for more. @defaultValue the text */
  readonly details?: string
}

export type LabelOf = (frameType: number, body: Uint8Array) => FrameLabel | undefined

const transportFrames: ReadonlyMap<number, FrameLabel> = new Map([
  [1, { text: 'hello', weight: 'routine' }],
  [2, { text: 'connected', weight: 'routine' }],
  [3, { text: 'refusal', weight: 'step' }],
  [5, { text: 'finish', weight: 'step' }],
  [6, { text: 'ping', weight: 'routine' }],
  [7, { text: 'pong', weight: 'routine' }],
])
const refusalFrame = 3

/** The labels of all frames of a write, in order; of what is no frame, only how much it is. */
export function labelsOf(bytes: Uint8Array, labelOf?: LabelOf): readonly FrameLabel[] {
  const labels: FrameLabel[] = []
  const frames = framesOf(bytes)
  let read = 0
  const decoder = new FrameDecoder(Number.MAX_SAFE_INTEGER, {
    frame: (frameType, source, start, end) => {
      const body = source.subarray(start, end)
      read = end // Writes hold whole frames, so `source` is `frames`.
      labels.push(labelOf?.(frameType, body) ?? frameLabel(frameType, body))
    },
  })
  decoder.push(frames)
  const unread = frames.length - read
  if (unread > 0) labels.push({ text: unread === 1 ? '1 byte' : `${unread} bytes`, weight: 'news' })
  return labels
}

function frameLabel(frameType: number, body: Uint8Array): FrameLabel {
  try {
    if (frameType === membershipFrameType) return membershipLabel(decodeMessage(body))
    if (frameType === refusalFrame) return refusalLabel(body)
  } catch (error) {
    return { text: `unreadable frame ${frameType}`, weight: 'step', details: String(error) }
  }
  const known = transportFrames.get(frameType)
  return known ?? { text: `frame ${frameType}, ${body.length} bytes`, weight: 'news' }
}

/** The layout of refusals is the same for all versions of the wire. */
function refusalLabel(body: Uint8Array): FrameLabel {
  const reader = new ByteReader(body)
  reader.u8()
  if (reader.bool()) {
    reader.string(body.length)
    reader.u16()
    reader.varint()
  }
  if (reader.bool()) reader.varint()
  const detail = reader.string(body.length)
  return { text: `refused: ${detail}`, weight: 'step' }
}

function membershipLabel(message: ClusterMessage): FrameLabel {
  switch (message.type) {
    case 'heartbeat':
    case 'heartbeat-answer':
      return {
        text: message.type,
        weight: 'routine',
        details: `${message.type} ${message.sequence}`,
      }
    case 'gossip-status':
    case 'gossip-request':
    case 'seen':
    case 'sections-request':
    case 'evictions-status':
      return { text: message.type, weight: 'routine' }
    case 'gossip':
    case 'welcome':
      return {
        text: `${message.type} ${gossipText(message.gossip, hostOf)}`.trimEnd(),
        weight: message.type === 'gossip' ? 'news' : 'step',
        details: `${message.type} ${gossipText(message.gossip, String)}; version ${versionText(message.gossip)}`,
      }
    case 'sections':
      return { text: 'services and tables', weight: 'news' }
    case 'evictions':
      return { text: 'evictions', weight: 'news' }
    case 'probe':
      return { text: `probe: ${hostOf(message.subject.key)}?`, weight: 'routine' }
    case 'probe-answer': {
      const answer = message.reached ? 'reached' : 'not reached'
      const text = `probe: ${hostOf(message.subject.key)} ${answer}`
      return { text, weight: message.reached ? 'news' : 'step' }
    }
    case 'join-refused':
      return { text: `join refused: ${message.reason}`, weight: 'step' }
    case 'exiting-confirmed':
      return { text: `exiting of ${hostOf(message.node.key)} confirmed`, weight: 'step' }
    case 'join':
    case 'not-yours':
      return { text: message.type, weight: 'step' }
    default:
      // A message of a later version of membership.
      return { text: String((message as { readonly type: unknown }).type), weight: 'step' }
  }
}
