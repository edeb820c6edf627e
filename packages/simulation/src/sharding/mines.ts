// Things that happen right when a certain message is sent or arrives: no fault that is drawn by time alone comes
// between two steps of a protocol often enough.
import { decodeShardingMessage, shardingFrameType, type ShardingMessage } from '@casty/sharding'
import { FrameDecoder } from '@casty/transport'
import { framesOf } from '../world/opening.ts'
import type { WriteEvent } from '../world/trace.ts'

/** Frames of regions, by their types on the wire. */
const regionFrames: ReadonlyMap<number, string> = new Map([
  [41, 'envelope'],
  [42, 'returned'],
  [43, 'fence'],
  [44, 'drained'],
  [45, 'hand-over'],
  [46, 'handed-over'],
  [50, 'envelope'], // Several at once.
])

/** What a mine can wait for. */
export const minedMessages = [
  'round',
  'answer',
  'entries',
  'accepted',
  'fetch',
  'snapshot',
  'regions',
  'released',
  'resign',
  'envelope',
  'returned',
  'fence',
  'drained',
  'hand-over',
  'handed-over',
] as const

export interface Mine {
  readonly message: (typeof minedMessages)[number]
  readonly stage: 'sent' | 'arrived'
  /** So many are let through before. */
  left: number
  readonly spring: (from: string, to: string) => void
}

/** Of a run, all that mines need. */
interface Later {
  later(afterMs: number, step: () => void): void
}

export class Mines {
  readonly #run: Later
  #laid: Mine[] = []

  constructor(run: Later) {
    this.#run = run
  }

  lay(mine: Mine): void {
    this.#laid.push(mine)
  }

  clear(): void {
    this.#laid = []
  }

  wrote({ stage, from, to, bytes }: WriteEvent): void {
    if (this.#laid.length === 0) return
    const waiting = this.#laid.filter((mine) => mine.stage === stage)
    if (waiting.length === 0) return
    for (const name of namesIn(bytes)) {
      for (const mine of waiting) {
        if (mine.message !== name || !this.#laid.includes(mine) || --mine.left >= 0) continue
        this.#laid.splice(this.#laid.indexOf(mine), 1)
        // Not in the midst of what sends or receives it.
        this.#run.later(0, () => mine.spring(from, to))
      }
    }
  }
}

/** What the frames of a write are, as far as sharding has to do with them. */
export function namesIn(bytes: Uint8Array): readonly string[] {
  return messagesIn(bytes).map(({ name }) => name)
}

export function messagesIn(
  bytes: Uint8Array,
): readonly { readonly name: string; readonly message: ShardingMessage | undefined }[] {
  const found: { name: string; message: ShardingMessage | undefined }[] = []
  const decoder = new FrameDecoder(Number.MAX_SAFE_INTEGER, {
    frame: (frameType, source, start, end) => {
      const region = regionFrames.get(frameType)
      if (region !== undefined) found.push({ name: region, message: undefined })
      if (frameType !== shardingFrameType) return
      const message = decodeShardingMessage(source, start, end)
      found.push({ name: message.type, message })
    },
  })
  decoder.push(framesOf(bytes))
  return found
}
