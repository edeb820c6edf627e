// Mistakes in what a state is, and in how two become one.
import type { SeededBug } from '../bug.ts'
import { bugsOf } from './bugs-of.ts'

const m = 'packages/membership/src'

export const stateBugs: readonly SeededBug[] = bugsOf([
  {
    name: 'alive-beats-down',
    promise: 'decisions stay',
    file: `${m}/member-status.ts`,
    find: 'return ranks[left] >= ranks[right] ? left : right',
    replace:
      "return right === 'down' || (left !== 'down' && ranks[left] >= ranks[right]) ? left : right",
    why: 'Old news that a member is up undoes its downing.',
  },
  {
    name: 'former-life-wins-by-status',
    promise: 'whoever wants in or out gets there',
    file: `${m}/member.ts`,
    find: 'if (left.incarnation !== right.incarnation) return',
    replace: 'if (left.incarnation !== right.incarnation && left.status === right.status) return',
    why: 'A restarted node cannot join: its former life was up already.',
  },
  {
    name: 'seen-kept-after-change',
    promise: 'decisions stay',
    file: `${m}/cluster-state.ts`,
    find: 'seen: new Set([by.key]) })',
    replace: 'seen: new Set([...this.seen, by.key]) })',
    why: 'A view passes for seen by all that only its author has.',
  },
  {
    name: 'change-not-counted-in-row',
    promise: 'all agree',
    file: `${m}/cluster-state.ts`,
    find: 'const { counter } = this.#nextDot(observer)',
    replace: 'const counter = this.version.versionOf(observer.key)',
    why: 'Whoever knows all but the last change of an observer is never told of that.',
  },
  {
    name: 'tombstone-not-written',
    promise: 'decisions stay',
    file: `${m}/cluster-state.ts`,
    find: 'return this.#adopted(by, new Map(kept), tombstones)',
    replace: 'return this.#adopted(by, new Map(kept), this.tombstones)',
    why: 'Nobody but the remover learns of a removal, and the removed comes back with the next gossip.',
  },
  {
    name: 'tombstone-forgotten-early',
    promise: 'decisions stay',
    file: `${m}/tombstone-ages.ts`,
    find: 'const keptSince = moment.now - state.settings.tombstoneTtlMs',
    replace: 'const keptSince = moment.now - state.settings.tombstoneTtlMs / 100',
    why: 'Who was cut off for a while brings the removed back.',
  },
  {
    name: 'tie-of-tables-undecided',
    promise: 'all agree',
    file: `${m}/allocations.ts`,
    find: 'table.author > held.author : table.epoch',
    replace: 'false : table.epoch',
    why: 'Two tables of one epoch stay what they are, each with its own half of the cluster.',
  },
  {
    name: 'services-of-the-gone-kept',
    promise: 'everything is bounded',
    file: `${m}/cluster-state-parts.ts`,
    find: 'const registry = parts.registry.restrict(isMember)',
    replace: 'const { registry } = parts',
    why: 'Services of nodes that are gone are offered for ever.',
  },
  {
    name: 'former-life-not-removed',
    promise: 'everything is bounded',
    file: `${m}/admission.ts`,
    find: 'return isOver ? cluster.removeMembers([former.node], wallNow, self) : cluster',
    replace: 'return cluster',
    why: 'The version counts every life of a node that restarts again and again.',
  },
  {
    name: 'offer-not-versioned',
    promise: 'all agree',
    file: `${m}/registry.ts`,
    find: 'return { node, version: version + changes.length, services: after }',
    replace: 'return { node, version: version === 0 ? changes.length : version, services: after }',
    why: 'What a node offers later than its first service, or withdraws, nobody learns.',
  },
])
