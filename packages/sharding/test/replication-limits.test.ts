// What may be written at once to a journal that is replicated.
import { checkedLimits } from '@casty/persistence'
import { ByteWriter } from '@casty/transport'
import { expect, test } from 'vitest'
import { writeEntry } from '../src/replication/copy-format.ts'
import {
  batchBytesOf,
  checkFrameBytes,
  replicatedLimits,
} from '../src/replication/replication-limits.ts'

const mib = 1_048_576

function journalOf(maxRecordBytes: number): ReturnType<typeof checkedLimits> {
  return checkedLimits({ maxRecordBytes, maxBatchBytes: 4 * maxRecordBytes, maxBatchEvents: 5_000 })
}

test.each([
  ['large frames and records', 4 * mib, 16 * mib],
  ['small frames', mib / 2, 16 * mib],
  ['small records', 4 * mib, 65_536],
])(
  'the largest append fits into one frame and one record: %s',
  (_what, frameBytes, recordBytes) => {
    const limits = replicatedLimits(frameBytes, journalOf(recordBytes))
    const { maxBatchBytes, maxBatchEvents, maxRecordBytes } = limits
    expect(maxRecordBytes).toBe(maxBatchBytes)
    const size = Math.floor(maxBatchBytes / maxBatchEvents)
    const events = Array.from({ length: maxBatchEvents }, () => {
      return {
        manifest: 'm'.repeat(255),
        version: 1,
        timestamp: 2 ** 44,
        bytes: new Uint8Array(size),
      }
    })
    const writer = new ByteWriter()
    const version = { epoch: 2 ** 50, count: 2 ** 50 }
    const operation = {
      type: 'append',
      epoch: 2 ** 50,
      expectedSequenceNr: 2 ** 50,
      events,
    } as const
    writeEntry(writer, { id: 'i'.repeat(255), previous: version, version, operation })
    expect(writer.length).toBeLessThan(frameBytes)
    expect(writer.length).toBeLessThan(recordBytes)
  },
)

test('about so much goes into a frame that holds more than one write', () => {
  expect(batchBytesOf(mib)).toBe(419_430)
})

test('frames that are too small for lists of ids and pieces of copies are refused', () => {
  checkFrameBytes(524_288)
  expect(() => checkFrameBytes(524_287)).toThrow(
    expect.objectContaining({ code: 'CASTY_SHARDING_INVALID_OPTION' }),
  )
})
