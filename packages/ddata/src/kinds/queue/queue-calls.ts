// Calls on a queue, as bytes.
import type { FreesRoom } from '@casty/persistence'
import { ByteWriter, type ByteReader } from '@casty/transport'
import { firstMachineCode } from '../../state/part-state.ts'

const names = [
  'enqueue',
  'enqueueMany',
  'dequeue',
  'reserve',
  'ack',
  'nack',
  'extend',
  'redrive',
  'clear',
  'destroy',
  'peek',
  'stats',
  'deadList',
] as const

export type QueueCall = (typeof names)[number]

/** See `Machine`: what was enqueued goes only by way of whoever takes it. */
export function roomFreedBy(code: number): FreesRoom | undefined {
  switch (callOf(code)) {
    case 'clear':
    case 'destroy':
      return 'now'
    case 'dequeue':
    case 'reserve':
    case 'ack':
    case 'nack':
    case 'extend':
    case 'redrive':
      return 'later'
    default:
      return undefined
  }
}

export function callOf(code: number): QueueCall | undefined {
  return names[code - firstMachineCode]
}

/** What all who use a queue have to agree on. Zero where there is no limit. */
export interface QueueConfig {
  readonly shards: number
  readonly maxDeliveries: number
  readonly maxSize: number
  /** 1: who enqueues waits while it is full. 0: is refused. */
  readonly waitsWhenFull: number
  readonly dedupWindowMs: number
}

/** As users know them: for errors. */
export const configFields: Readonly<Record<keyof QueueConfig, string>> = {
  shards: 'shards',
  maxDeliveries: 'maxDeliveries',
  maxSize: 'maxSize',
  waitsWhenFull: 'onFull',
  dedupWindowMs: 'dedupWindowMs',
}

export function writeConfig(out: ByteWriter, config: QueueConfig): ByteWriter {
  return out
    .varint(config.shards)
    .varint(config.maxDeliveries)
    .varint(config.maxSize)
    .varint(config.waitsWhenFull)
    .varint(config.dedupWindowMs)
}

export function readConfig(input: ByteReader): QueueConfig {
  return {
    shards: input.varint(),
    maxDeliveries: input.varint(),
    maxSize: input.varint(),
    waitsWhenFull: input.varint(),
    dedupWindowMs: input.varint(),
  }
}

/** Whatever is written is taken out of it at once. */
const scratch = new ByteWriter(256)
/** What is longer has room of its own. */
const maxScratchBytes = 4_096

/** Its beginning: the rest is to be written, and all of it taken, before the next one is begun. */
export function queueCall(call: QueueCall, config: QueueConfig, bytes = 0): ByteWriter {
  const out = bytes > maxScratchBytes ? new ByteWriter(bytes) : scratch.reset()
  return writeConfig(out.u8(firstMachineCode + names.indexOf(call)), config)
}

/** What is asked for along with what is enqueued. Zero, or an empty text, where nothing is. */
export interface EnqueueTerms {
  readonly delayMs: number
  readonly ttlMs: number
  readonly priority: number
  readonly dedupId: string
  /** By the clock of whoever enqueues, in milliseconds since the Unix epoch: for people. */
  readonly enqueuedAt: number
}

/** Of a refusal: there would not be room for them if the queue were empty. */
export const tooManyAtOnce = 'atOnce'
/** Items that come out in one answer take about so much at most. */
export const pageBytes = 131_072
export const maxDedupIdBytes = 512
export const maxReasonBytes = 1_000
export const maxPriority = 255

export function writeTerms(out: ByteWriter, terms: EnqueueTerms): ByteWriter {
  return out
    .varint(terms.delayMs)
    .varint(terms.ttlMs)
    .varint(terms.priority)
    .string(terms.dedupId, maxDedupIdBytes)
    .varint(terms.enqueuedAt)
}

export function readTerms(input: ByteReader): EnqueueTerms {
  return {
    delayMs: input.varint(),
    ttlMs: input.varint(),
    priority: input.varint(),
    dedupId: input.string(maxDedupIdBytes),
    enqueuedAt: input.varint(),
  }
}
