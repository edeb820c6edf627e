// Mistakes in what actors make of their journal.
import type { SeededBug } from '../bug.ts'
import { bugsOf } from './bugs-of.ts'

const p = 'packages/persistence/src/sourced'

export const actorBugs: readonly SeededBug[] = bugsOf([
  {
    name: 'answers-before-the-journal',
    promise: 'what is acknowledged stays',
    file: `${p}/sourced-actor.ts`,
    find: 'return this.#write(folded.records).then(',
    replace: 'void this.#write(folded.records).catch(() => {})\n    return Promise.resolve().then(',
    why: 'Who asked hears of events that are not written yet, or never will be.',
  },
  {
    name: 'state-kept-though-refused',
    promise: 'what is acknowledged stays',
    file: `${p}/sourced-actor.ts`,
    find: 'return this.#write(folded.records).then(',
    replace: 'this.#known = folded.next\n    return this.#write(folded.records).then(',
    why: 'A command that was refused is in the state all the same.',
  },
  {
    name: 'unknown-write-gone-on-from',
    promise: 'what is acknowledged stays',
    file: `${p}/sourced-actor.ts`,
    find: "return error.outcome === 'nothing-written'",
    replace: 'return error.outcome.length > 0',
    why: 'A write whose outcome nobody knows counts as refused, and is found later.',
  },
  {
    name: 'recovers-without-a-claim',
    promise: 'stale writers are refused',
    file: `${p}/recovery.ts`,
    find: 'const head = await journal.claim(id, epoch)',
    replace: 'const head = await journal.highest(id)',
    why: 'Until a new writer has written, the old one writes on, past what the new one has read.',
  },
  {
    name: 'snapshot-ahead-of-its-number',
    promise: 'what is acknowledged stays',
    file: `${p}/snapshot-keeper.ts`,
    find: "const snapshot = { manifest: 'state', version, timestamp, bytes, sequenceNr }",
    replace:
      "const snapshot = { manifest: 'state', version, timestamp, bytes, sequenceNr: Math.max(1, sequenceNr - 1) }",
    why: 'The last event of a snapshot is applied once more.',
  },
  {
    name: 'deletes-before-the-snapshot',
    promise: 'what is acknowledged stays',
    file: `${p}/snapshot-keeper.ts`,
    find: "      warn(this.#settings, this.#system, { type: 'snapshot-failed', id, sequenceNr, error })\n      return\n",
    replace:
      "      warn(this.#settings, this.#system, { type: 'snapshot-failed', id, sequenceNr, error })\n",
    why: 'Events are deleted for the sake of a snapshot that was not saved.',
  },
])
