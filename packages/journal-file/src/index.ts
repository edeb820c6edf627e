export { openFileJournal, type FileJournal } from './file-journal.ts'
export type { JournalFile, JournalFiles } from './journal-files.ts'
export { fileJournalDefaults, type FileJournalOptions } from './options.ts'
export type { Repair } from './replay.ts'
