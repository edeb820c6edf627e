// The contract of an `EventJournal` as tests: call this from a test file of the package that makes one.
import { appendContract } from './compliance/append-contract.ts'
import { durabilityContract } from './compliance/durability-contract.ts'
import { fencingContract } from './compliance/fencing-contract.ts'
import { readingContract } from './compliance/reading-contract.ts'
import { referenceContract } from './compliance/reference-contract.ts'
import type { JournalSubject } from './compliance/subject.ts'

export type { JournalAbility, JournalStore, JournalSubject } from './compliance/subject.ts'

/**
 * Checks that a journal keeps its contract: whole batches, numbers without holes, fencing, deletion,
 * snapshots, and that nothing acknowledged is lost or doubled by a crash.
 *
 * @example
 * journalCompliance('myJournal', {
 *   async create() {
 *     const folder = await temporaryFolder()
 *     return { open: () => myJournal({ folder }), [Symbol.asyncDispose]: () => remove(folder) }
 *   },
 *   lacks: ['second-writer', 'crash', 'damage', 'full'],
 * })
 */
export function journalCompliance(name: string, subject: JournalSubject): void {
  appendContract(name, subject)
  fencingContract(name, subject)
  readingContract(name, subject)
  durabilityContract(name, subject)
  referenceContract(name, subject)
}
