export type {
  PostgresConnection,
  PostgresPool,
  PostgresQuery,
  PostgresResult,
} from './connections.ts'
export { PostgresJournalError, type PostgresJournalErrorCode } from './errors.ts'
export type { PostgresJournalOptions } from './options.ts'
export { postgresJournal, type PostgresJournal } from './postgres-journal.ts'
export { journalTableDefaults, journalTablesSql, type JournalTables } from './tables.ts'
