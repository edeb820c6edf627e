// Mistakes in what is written to files, and in what is made of it later.
import type { SeededBug } from '../bug.ts'
import { bugsOf } from './bugs-of.ts'

const f = 'packages/journal-file/src'

export const fileBugs: readonly SeededBug[] = bugsOf([
  {
    name: 'answers-before-the-flush',
    promise: 'what is acknowledged stays',
    file: `${f}/log.ts`,
    find: 'if (!file.syncsWrites) await file.sync()\n      this.#ahead.written',
    replace: 'void file.syncsWrites\n      this.#ahead.written',
    why: 'What was acknowledged is gone after a loss of power.',
  },
  {
    name: 'new-file-not-in-its-directory',
    promise: 'what is acknowledged stays',
    file: `${f}/log.ts`,
    find: 'await this.#files.sync()\n      this.#leftover = undefined',
    replace: 'this.#leftover = undefined',
    why: 'A file with all that was flushed to it is gone after a loss of power.',
  },
  {
    name: 'found-file-not-in-its-directory',
    promise: 'what is acknowledged stays',
    file: `${f}/replay.ts`,
    find: 'await files.sync() // Of a file, the process that began it may have ended before this.',
    replace: '',
    why: 'A file that was begun by a process that was killed is gone after a loss of power.',
  },
  {
    name: 'failed-flush-not-taken-back',
    promise: 'what is acknowledged stays',
    file: `${f}/log.ts`,
    find: 'await file.truncate(sizeBytes)\n      await file.sync()',
    replace: 'await Promise.resolve(sizeBytes)',
    why: 'A batch that was refused is found when the journal is opened again.',
  },
  {
    name: 'unknown-outcome-told-as-refusal',
    promise: 'what is acknowledged stays',
    file: `${f}/log.ts`,
    find: "throw JournalError.unavailable('write', 'unknown', { cause })",
    replace: "throw JournalError.unavailable('write', 'nothing-written', { cause })",
    why: 'A write that could not be taken back counts as refused, and is found later.',
  },
  {
    name: 'torn-end-accepted',
    promise: 'damage is told',
    file: `${f}/scan.ts`,
    find: 'const end = at + frameHeaderBytes + (header?.bodyBytes ?? 0)\n    if (!header || end > fileBytes) {',
    replace:
      'const end = Math.min(fileBytes, at + frameHeaderBytes + (header?.bodyBytes ?? 0))\n    if (!header) {',
    also: {
      file: `${f}/scan.ts`,
      find: 'if (isDamaged && !(await isFollowed(end, header.number))) return at',
      replace: 'if (entriesAreDamaged && !(await isFollowed(end, header.number))) return at',
    },
    why: 'What a crash interrupted counts as written, and then as damage.',
  },
  {
    name: 'damaged-middle-skipped',
    promise: 'what is acknowledged stays',
    file: `${f}/scan.ts`,
    find: '!isLast || (await hasFrameAfter(segment, from, number))',
    replace: '!isLast || (await hasFrameAfter(segment, segment.sizeBytes, number))',
    why: 'From a flipped bit on, all that was acknowledged is cut off, and nobody is told.',
  },
  {
    name: 'checksum-of-records-not-looked-at',
    promise: 'damage is told',
    file: `${f}/record.ts`,
    find: 'if (crc32(buffer.subarray(at + 4, end), crcOfZeros) !== buffer.readUInt32LE(at)) return undefined',
    replace: 'if (crc32(buffer.subarray(at + 4, end), crcOfZeros) < 0) return undefined',
    why: 'A damaged event is read as if it were whole.',
  },
  {
    name: 'group-acknowledged-though-it-failed',
    promise: 'what is acknowledged stays',
    file: `${f}/commit-queue.ts`,
    find: 'if (mayFitAlone || refusal !== undefined) again.push(request)\n      else this.#reject(request, error)',
    replace:
      'if (mayFitAlone || refusal !== undefined) again.push(request)\n      else if (request === planned[0]?.request) this.#reject(request, error)\n      else {\n        this.#waitingBytes -= request.sizeBytes\n        request.resolve()\n      }',
    why: 'Of those who share a flush that failed, only the first one is told.',
  },
  {
    name: 'epochs-not-compared',
    promise: 'stale writers are refused',
    file: `${f}/file-journal.ts`,
    find: 'if (epoch < head.epoch) throw JournalError.fencedByEpoch(id, epoch, head)',
    replace: 'if (epoch < head.epoch - 1e9) throw JournalError.fencedByEpoch(id, epoch, head)',
    why: 'Who was replaced writes on.',
  },
  {
    name: 'numbers-not-compared',
    promise: 'stale writers are refused',
    file: `${f}/file-journal.ts`,
    find: 'if (head.sequenceNr !== expectedSequenceNr) {',
    replace: 'if (head.sequenceNr < expectedSequenceNr) {',
    why: 'Who does not know the last events writes over them.',
  },
  {
    name: 'directory-not-locked',
    promise: 'stale writers are refused',
    file: `${f}/file-journal.ts`,
    find: 'return await files.lock()',
    replace: 'const unlock = await files.lock()\n    unlock()\n    return unlock',
    why: 'Two processes append to one log, each as if it were alone.',
  },
  {
    name: 'heads-not-moved',
    promise: 'stale writers are refused',
    file: `${f}/compaction.ts`,
    find: 'return segment.isUnused',
    replace: 'return segment.liveEvents === 0',
    also: {
      file: `${f}/compaction.ts`,
      find: 'if (stream?.headSegment === step.segment) step.addHead(entry.id)',
      replace: 'if (stream === undefined) step.addHead(entry.id)',
    },
    why: 'With the last file that names an id, its epoch and its numbers are gone.',
  },
])
