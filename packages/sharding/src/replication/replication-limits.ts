// What may be written at once to a journal that is replicated: it travels in one frame, and is one record on each disk.
import { checkedLimits, type JournalLimits } from '@casty/persistence'
import { ShardingError } from '../errors.ts'

/** Lists of ids and pieces of copies take so much. */
const minFrameBytes = 524_288
/** Of a frame for the bytes of records; the rest is for their texts and numbers. */
const shareOfBytes = 0.4

/** @throws ShardingError `CASTY_SHARDING_INVALID_OPTION` */
export function checkFrameBytes(frameBytes: number): void {
  if (frameBytes >= minFrameBytes) return
  const allowed = `at least ${minFrameBytes} where a type has replication`
  throw ShardingError.invalidOption('limits.maxDataFrameBytes', frameBytes, allowed)
}

/** About so much goes into one frame. */
export function batchBytesOf(frameBytes: number): number {
  return Math.floor(shareOfBytes * frameBytes)
}

/** @param ofJournal - of the one in which each node keeps its copies */
export function replicatedLimits(frameBytes: number, ofJournal: JournalLimits): JournalLimits {
  const { maxRecordBytes } = ofJournal
  const inFrame = Math.max(1, batchBytesOf(frameBytes))
  const inRecord = Math.max(1, Math.floor(0.4 * maxRecordBytes))
  const maxBytes = Math.min(inFrame, inRecord)
  const textBytes = Math.min(0.55 * frameBytes, 0.5 * maxRecordBytes)
  return checkedLimits({
    maxRecordBytes: maxBytes,
    maxBatchBytes: maxBytes,
    maxBatchEvents: Math.max(1, Math.min(2_000, Math.floor(textBytes / 280))),
  })
}
