// Mistakes with values that converge: what is confirmed, what is told again, and what becomes of nodes that are gone.
import type { SeededBug } from '../bug.ts'

const core = 'packages/replicator/src/core'
const shell = 'packages/replicator/src/replicator.ts'

const bugs: readonly Omit<SeededBug, 'scenario'>[] = [
  {
    name: 'confirmed-one-too-many',
    promise: 'what is acknowledged stays',
    file: `${core}/calls-to-nodes.ts`,
    find: 'call.answered.has(node)).length + 1',
    replace: 'call.answered.has(node)).length + 2',
    why: 'A write is said to be on a node more than has it.',
  },
  {
    name: 'confirmed-before-kept',
    promise: 'what is acknowledged stays',
    file: shell,
    find: 'if (afterKeeping === undefined || !this.#keeper) return this.#send(to, message)',
    replace: 'if (this.#members.node(to)) return this.#send(to, message)',
    also: {
      file: shell,
      find: "if (!this.#keeper || outcome.type === 'failed') return this.#calls.settle(id, outcome)",
      replace: 'if (id >= 0) return this.#calls.settle(id, outcome)',
    },
    why: 'What others are said to have kept is not on their disks yet.',
  },
  {
    name: 'restored-is-dropped',
    promise: 'what is acknowledged stays',
    file: `${core}/replicator-core.ts`,
    find: 'for (const state of event.states) this.#values.take(state, moment)\n        break\n      case',
    replace:
      'for (const state of event.states.slice(1)) this.#values.take(state, moment)\n        break\n      case',
    why: 'What a former life of the node had kept is forgotten.',
  },
  {
    name: 'read-answers-not-joined',
    promise: 'what is acknowledged stays',
    file: `${core}/replicator-core.ts`,
    find: 'if (message.state === undefined || this.#values.take(message.state, moment))\n          this.#calls.answered',
    replace: 'this.#calls.answered',
    why: 'A read asks as many as it needs, and answers what it had before.',
  },
  {
    name: 'empty-is-forgotten-at-once',
    promise: 'what is acknowledged stays',
    file: `${core}/pruner.ts`,
    find: 'if (emptySinceMs + forgetEmptyAfterMs <= nowMs) table.delete(key)',
    replace: 'if (emptySinceMs <= nowMs + forgetEmptyAfterMs) table.delete(key)',
    why: 'Who forgets what was removed takes it for new when it comes late.',
  },
  {
    name: 'differences-not-told',
    promise: 'all agree',
    file: `${core}/repair.ts`,
    find: 'tell: [...different.filter((key) => table.get(key) !== undefined), ...unknownThere],',
    replace: 'tell: unknownThere,',
    why: 'What was lost on the way is never found, where both have something of it.',
  },
  {
    name: 'pruned-is-forgotten',
    promise: 'everything is bounded',
    file: `${core}/envelope.ts`,
    find: 'clean = withoutPruned(clean, node, other, state.by)',
    replace: 'clean = other === value ? withoutPruned(clean, node, other, state.by) : clean',
    why: 'What comes late of a node that was pruned brings it back.',
  },
  {
    name: 'pruned-while-away',
    promise: 'what is acknowledged stays',
    file: `${core}/pruner.ts`,
    find: 'isKept(key) ? ripeWhereKept : ripe',
    replace: 'isKept(key) ? ripe : ripe',
    why: 'What a node alone has on its disk is left out when it comes back, since others stand in for what they knew of it.',
  },
  {
    name: 'pruned-by-the-dead',
    promise: 'everything is bounded',
    file: `${core}/envelope.ts`,
    find: "const isOrphan = state?.phase === 'initialized' && !isNode(state.owner)",
    replace: "const isOrphan = state?.phase === 'performed' && !isNode(removed)",
    also: {
      file: `${core}/envelope.ts`,
      find: "([, state]) => state.phase === 'performed' || isNode(state.owner),",
      replace: "([, state]) => state.phase === 'performed' || isNode(state.owner) || true,",
    },
    why: 'Where the one that prunes dies itself, nobody goes on.',
  },
  {
    name: 'listeners-miss-the-joined',
    promise: 'messages are accounted for',
    file: `${core}/values.ts`,
    find: 'if (!equals(after.value, before.value)) {',
    replace: 'if (entry === undefined) {',
    why: 'Listeners are told of what is new here, and not of what others change.',
  },
  {
    name: 'patience-without-end',
    promise: 'messages are accounted for',
    file: `${core}/pending-calls.ts`,
    find: 'deadlineMs: nowMs + timeoutMs,',
    replace: 'deadlineMs: nowMs + 4 * timeoutMs,',
    why: 'Calls wait longer than they were told to.',
  },
]

/** Bugs that the scenario of values that converge is to catch. */
export const convergingBugs: readonly SeededBug[] = bugs.map((bug) => ({
  scenario: 'replicator',
  ...bug,
}))
