// Mistakes in who is found unreachable.
import type { SeededBug } from '../bug.ts'
import { bugsOf } from './bugs-of.ts'

const m = 'packages/membership/src'

export const watchingBugs: readonly SeededBug[] = bugsOf([
  {
    name: 'one-observer-suffices',
    promise: 'the healthy are reachable',
    file: `${m}/unreachable.ts`,
    find: 'const wanted = size <= 2 ? 1 : size <= 5 ? 2 : 3',
    replace: 'const wanted = size <= 5 ? 1 : 2',
    why: 'One bad link makes a member unreachable.',
  },
  {
    name: 'two-votes-in-large-clusters',
    promise: 'the healthy are reachable',
    file: `${m}/unreachable.ts`,
    find: 'const wanted = size <= 2 ? 1 : size <= 5 ? 2 : 3',
    replace: 'const wanted = size <= 2 ? 1 : 2',
    why: 'Two bad links make a member of a large cluster unreachable.',
  },
  {
    name: 'nobody-asked-to-probe',
    promise: 'the healthy are reachable',
    file: `${m}/peer-watch.ts`,
    find: "this.#around.send(via, { type: 'probe', subject, sequence: effect.sequence }),",
    replace: 'void [via, subject],',
    why: 'An observer with one bad link accuses whom all others reach.',
  },
  {
    name: 'void-votes-counted',
    promise: 'the healthy are reachable',
    file: `${m}/unreachable.ts`,
    find: 'withoutDeadHeats(withoutVoid(accusers, self), accusers, self)',
    replace: 'accusers',
    why: 'Whoever was cut off has the others unreachable when it comes back.',
  },
  {
    name: 'dead-heats-undecided',
    scenario: 'membership-large',
    promise: 'the healthy are reachable',
    file: `${m}/unreachable.ts`,
    find: 'withoutDeadHeats(withoutVoid(accusers, self), accusers, self)',
    replace: 'withoutVoid(accusers, self)',
    why: 'Whoever was cut off while all who watch it died stays unreachable for ever.',
  },
  {
    name: 'doubtful-votes-counted',
    promise: 'the healthy are reachable',
    file: `${m}/reachability.ts`,
    find: "return status !== 'reachable' && (!doubtful || status !== 'unreachable')",
    replace: "return status !== 'reachable'",
    why: 'A node that hears nobody because it stalls accuses others.',
  },
  {
    name: 'votes-of-the-downed-counted',
    promise: 'the healthy are reachable',
    file: `${m}/unreachable.ts`,
    find: "if (row === undefined || status === 'down') return []",
    replace: 'if (row === undefined) return []',
    why: 'A node that was downed since nobody reaches it goes on accusing all others.',
  },
  {
    name: 'the-last-outvoted',
    promise: 'the dead are found',
    file: `${m}/unreachable.ts`,
    find: 'const enough = Math.max(1, Math.min(asked, vouching))',
    replace: 'const enough = asked',
    why: 'Where fewer are left than have to vote, the dead are never found.',
  },
  {
    name: 'trust-not-told',
    promise: 'the dead are found',
    file: `${m}/peer-watch.ts`,
    find: "this.#with(effect.peer, (peer) => this.#around.observed(peer, 'reachable'))",
    replace: '',
    why: 'A suspicion is never withdrawn.',
  },
  {
    name: 'out-of-reach-not-watched',
    promise: 'the dead are found',
    file: `${m}/peer-watch.ts`,
    find: '...receivers, ...outOfReach',
    replace: '...receivers.filter((key) => !outOfReach.includes(key))',
    why: 'Nobody notices that a member is back.',
  },
  {
    name: 'probe-vouches-for-the-silent',
    promise: 'the dead are found',
    file: `${m}/probe-relay.ts`,
    find: 'this.#settle(({ expiresAt }) => expiresAt <= now, false)',
    replace: 'this.#settle(({ expiresAt }) => expiresAt <= now, true)',
    why: 'Helpers say that they reach whoever they hear nothing of.',
  },
  {
    name: 'refused-connection-not-heeded',
    promise: 'the dead are found',
    file: `${m}/peer-watch.ts`,
    find: 'if (replaced || (isGone && !this.#exiting.has(peer.key))) this.#refused(peer)',
    replace: 'if (replaced) this.#refused(peer)',
    why: 'A process that died is found by its silence only.',
  },
  {
    name: 'own-stalls-unnoticed',
    promise: 'the healthy are reachable',
    file: `${m}/peer-watch.ts`,
    find: 'const stall = this.#stalls.tick(now, this.#around.clock.wallNow())',
    replace: 'const stall: { readonly gapMs: number } | undefined = undefined',
    also: {
      file: 'packages/failure-detector/src/due-times.ts',
      find: `if (suspectAt === undefined || watched.askedAt === undefined) return Number.POSITIVE_INFINITY
  const answerBy = watched.askedAt + patience.settings.acceptablePauseMs * patience.timeoutFactor
  return Math.max(suspectAt, answerBy, patience.heldUntil)`,
      replace: `if (suspectAt === undefined) return Number.POSITIVE_INFINITY
  return Math.max(suspectAt, patience.heldUntil)`,
    },
    why: 'Who stood still takes what it did not hear for silence, and accuses before it has asked.',
  },
])
