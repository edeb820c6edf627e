// Mistakes with clients outside that have copies of values: what they are told, and what they bring along to another contact.
import type { SeededBug } from '../bug.ts'

const c = 'packages/replicator/src/clients'

const bugs: readonly Omit<SeededBug, 'scenario'>[] = [
  {
    name: 'not-watched-by-the-next',
    promise: 'all agree',
    file: `${c}/client-core.ts`,
    find: 'this.#beginAnewIfLate(moment)\n    this.#watch(moment)\n    for (',
    replace: 'this.#beginAnewIfLate(moment)\n    for (',
    why: 'A client does not say to its next contact what it holds, and is told of nothing any more.',
  },
  {
    name: 'nothing-brought-along',
    promise: 'what is acknowledged stays',
    file: `${c}/client-core.ts`,
    find: 'if (taken.hasMore) more.push(',
    replace: 'if (taken.hasMore && !key) more.push(',
    why: 'What nobody knew but a contact that died, and the client, comes to nobody else.',
  },
  {
    name: 'digest-of-clients-not-compared',
    promise: 'all agree',
    file: `${c}/values-for-clients.ts`,
    find: 'if (digest && isSame(digest, envelope)) continue',
    replace: 'if (digest) continue',
    why: 'What was lost on the way to a client is never told again.',
  },
  {
    name: 'client-counted-as-a-node',
    promise: 'what is acknowledged stays',
    file: `${c}/client-outcomes.ts`,
    find: "return type === 'confirmed' ? { type, nodes } :",
    replace: "return type === 'confirmed' ? { type, nodes: nodes + 1 } :",
    why: 'A change of a client is said to be on a node more than has it.',
  },
  {
    name: 'client-listeners-not-told',
    promise: 'messages are accounted for',
    file: `${c}/client-core.ts`,
    find: 'if (taken.isChanged) this.#publish(key)',
    replace: 'if (taken.isChanged && !key) this.#publish(key)',
    why: 'Listeners of a client are told of what it changes itself, and not of what others do.',
  },
  {
    name: 'undone-without-a-word',
    promise: 'what is acknowledged stays',
    file: `${c}/client-core.ts`,
    find: "if (waiting === undefined) this.#tell({ type: 'refused', key, error })",
    replace: 'if (waiting === undefined) return',
    why: 'What a client changed is refused when its call has ended, and nobody is told that it is undone.',
  },
]

/** Bugs that the scenario of values with a client outside is to catch. */
export const outsideBugs: readonly SeededBug[] = bugs.map((bug) => ({
  scenario: 'replicator-clients',
  ...bug,
}))
