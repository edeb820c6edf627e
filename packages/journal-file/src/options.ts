import { checkedLimits, JournalError, type JournalLimits } from '@casty/persistence'
import { randomBytes as systemRandomBytes } from 'node:crypto'
import type { JournalFiles } from './journal-files.ts'
import { nodeFiles } from './node-files.ts'

export interface FileJournalOptions {
  /** Where the files are; made where there is none. One journal at a time has it, of all processes. */
  readonly directory: string
  /**
   * What is taken at most. Ids up to 65,535 bytes, manifests up to 1,024, records and batches up to 1 GiB, batches of up
   * to 1,048,576 events.
   */
  readonly limits?: Partial<JournalLimits>
  /**
   * How large a file grows before the next one is begun. Room of what was deleted is given back by whole files: lower
   * it to have it back sooner, raise it to have fewer files open. 4,096 to 1,073,741,824.
   * @defaultValue 67_108_864
   */
  readonly segmentBytes?: number
  /**
   * How many zeros are written ahead of the log at most, so that flushes need not make its file longer: as many as there is
   * log already, up to this. They are cut off when the journal is closed. Lower it to write less; 0 for none, as for
   * file systems that never write in place. 0 to 16,777,216.
   * @defaultValue 1_048_576
   */
  readonly preallocateBytes?: number
  /**
   * What may wait for the disk. Above it, requests are refused with `CASTY_JOURNAL_UNAVAILABLE`, and nothing
   * of them is written. Raise it to ride out a slow disk, at the price of as much memory. From 1.
   * @defaultValue 268_435_456
   */
  readonly maxWaitingBytes?: number
  /** Instead of `directory` on this machine: a file system of one's own, as for tests. */
  readonly files?: JournalFiles
  /**
   * Draws the markers of files, which no event may contain: give another source only where a run is to be
   * repeated. @defaultValue that of `node:crypto`
   */
  readonly randomBytes?: (size: number) => Uint8Array
}

export const fileJournalDefaults: {
  readonly segmentBytes: number
  readonly preallocateBytes: number
  readonly maxWaitingBytes: number
} = Object.freeze({
  segmentBytes: 64 * 1024 * 1024,
  preallocateBytes: 1024 * 1024,
  maxWaitingBytes: 256 * 1024 * 1024,
})

export interface FileJournalSettings {
  readonly files: JournalFiles
  readonly limits: JournalLimits
  readonly segmentBytes: number
  readonly preallocateBytes: number
  readonly maxWaitingBytes: number
  readonly randomBytes: (size: number) => Uint8Array
}

const known: Readonly<Record<keyof FileJournalOptions, true>> = {
  directory: true,
  limits: true,
  segmentBytes: true,
  preallocateBytes: true,
  maxWaitingBytes: true,
  files: true,
  randomBytes: true,
}

/** What the format has room for: together, that offsets in a segment stay below 2^32. */
const formatLimits: JournalLimits = {
  maxIdBytes: 0xffff,
  maxManifestBytes: 1_024,
  maxRecordBytes: 2 ** 30,
  maxBatchEvents: 2 ** 20,
  maxBatchBytes: 2 ** 30,
}

/** @throws JournalError `CASTY_JOURNAL_INVALID` */
export function resolveOptions(options: FileJournalOptions): FileJournalSettings {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(known, name)) {
      throw JournalError.invalid('The name of an option', name, Object.keys(known).join(', '))
    }
  }
  const { directory } = options
  if (typeof directory !== 'string' || directory === '') {
    throw JournalError.invalid('directory', directory, 'a path')
  }
  const { segmentBytes, preallocateBytes, maxWaitingBytes } = {
    ...fileJournalDefaults,
    ...given(options),
  }
  whole('segmentBytes', segmentBytes, 4_096, 2 ** 30)
  whole('preallocateBytes', preallocateBytes, 0, 2 ** 24)
  whole('maxWaitingBytes', maxWaitingBytes, 1, Number.MAX_SAFE_INTEGER)
  const files = options.files ?? nodeFiles(directory)
  const { randomBytes = systemRandomBytes } = options
  if (typeof randomBytes !== 'function') {
    throw JournalError.invalid('randomBytes', randomBytes, 'a function')
  }
  const limits = limitsOf(options)
  return { files, limits, segmentBytes, preallocateBytes, maxWaitingBytes, randomBytes }
}

function given(options: FileJournalOptions): Partial<FileJournalOptions> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function limitsOf(options: FileJournalOptions): JournalLimits {
  const limits = checkedLimits(options.limits)
  for (const [name, most] of Object.entries(formatLimits)) {
    const value = Object.entries(limits).find(([limit]) => limit === name)?.[1]
    whole(`limits.${name}`, value, 1, most)
  }
  return limits
}

function whole(what: string, value: unknown, least: number, most: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most)
    return
  throw JournalError.invalid(what, value, `an integer from ${least} to ${most}`)
}
