export type {
  AppendRequest,
  EventJournal,
  JournalLimits,
  ReadOptions,
  WriterOptions,
} from './journal/event-journal.ts'
export {
  checkAppend,
  checkClaim,
  checkDeletion,
  checkedLimits,
  checkId,
  checkRead,
  checkSnapshot,
  journalLimitDefaults,
} from './journal/check-request.ts'
export {
  isJournalError,
  JournalError,
  type JournalErrorCode,
  type JournalErrorDetails,
  type WriteOutcome,
} from './journal/journal-error.ts'
export type {
  JournalHead,
  JournalRecord,
  StoredEvent,
  StoredSnapshot,
} from './journal/journal-record.ts'
export {
  inMemoryJournal,
  type InMemoryJournal,
  type InMemoryJournalOptions,
} from './memory/in-memory-journal.ts'
export type { FaultFilter, JournalFault, JournalOperation } from './memory/programmed-faults.ts'
