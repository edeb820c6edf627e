export { deleteAll } from './journal/delete-all.ts'
export type {
  AppendRequest,
  FreesRoom,
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
export { PersistenceError, type PersistenceErrorCode } from './errors.ts'
export type { Codec } from './events/codec.ts'
export {
  plainEvents,
  versionedEvents,
  type EventAdapter,
  type FormerEvents,
  type Upcast,
  type Versioned,
  type Versions,
} from './events/event-adapter.ts'
export { jsonCodec } from './events/json-codec.ts'
export type { Effect, EffectEnd, Effects } from './sourced/effect.ts'
export { eventSourced } from './sourced/event-sourced.ts'
export type {
  EventInfo,
  EventSourcedContext,
  EventSourcedOptions,
  PersistenceWarning,
  SnapshotOptions,
} from './sourced/options.ts'
