export { journalStore } from './store/journal-store.ts'
