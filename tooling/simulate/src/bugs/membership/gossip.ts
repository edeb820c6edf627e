// Mistakes in what nodes tell each other, and in what they make of it.
import type { SeededBug } from '../bug.ts'
import { bugsOf } from './bugs-of.ts'

const m = 'packages/membership/src'

export const gossipBugs: readonly SeededBug[] = bugsOf([
  {
    name: 'version-counted-on-receipt',
    promise: 'all agree',
    file: `${m}/gossip.ts`,
    find: 'version: theirs,',
    replace: "version: theirs.increment(state.viewer ?? ''),",
    why: 'Taking news in passes for news, so that gossip never comes to rest.',
  },
  {
    name: 'gossip-never-rests',
    promise: 'everything is bounded',
    file: `${m}/gossip-round.ts`,
    find: 'const isUrgent = hasNews(before, after) && (!isSeenByAll(after) || sectionsDiffer(before, after))',
    replace: 'const isUrgent = true',
    why: 'A node that has nothing to tell goes on to tell it.',
  },
  {
    name: 'seen-kept-when-joined',
    promise: 'decisions stay',
    file: `${m}/gossip.ts`,
    find: 'return state.with({ version: own.merge(theirs), seen: new Set() })',
    replace: 'return state.with({ version: own.merge(theirs), seen: new Set(theySaw) })',
    why: 'The join of two views passes for seen by those who have seen one of them.',
  },
  {
    name: 'told-version-not-pruned',
    promise: 'everything is bounded',
    file: `${m}/gossip.ts`,
    find: 'const theirs = state.tombstones.prune(gossip.version)',
    replace: 'const theirs = gossip.version',
    why: 'The version takes the entries of removed nodes back in.',
  },
  {
    name: 'delta-without-tombstones',
    promise: 'decisions stay',
    file: `${m}/gossip.ts`,
    find: 'const tombstones = [...state.tombstones.values()].filter(isLacked)',
    replace: 'const tombstones = known.size === 0 ? [...state.tombstones.values()] : []',
    why: 'Removals reach only those who join.',
  },
  {
    name: 'row-counter-off-by-one',
    promise: 'all agree',
    file: `${m}/gossip.ts`,
    find: 'counter > known.versionOf(key)',
    replace: 'counter > known.versionOf(key) + 1',
    why: 'The latest observation is not passed on to whoever has the one before.',
  },
  {
    name: 'row-not-passed-on',
    promise: 'all agree',
    file: `${m}/gossip.ts`,
    find: 'for (const { observer, counter } of newer) rowCounters.set(observer.key, counter)',
    replace: '',
    why: 'Observations reach only those to whom the observer itself can tell them.',
  },
  {
    name: 'row-merged-by-subject',
    promise: 'the healthy are reachable',
    file: `${m}/reachability.ts`,
    find: 'rows ??= new Map()\n      rows.set(observer, row)',
    replace:
      'rows ??= new Map()\n      rows.set(observer, { ...row, records: new Map([...(this.rows.get(observer)?.records ?? []), ...row.records]) })',
    why: 'What an observer took back stays, since a healed row names nobody.',
  },
  {
    name: 'row-of-the-gone-kept',
    promise: 'everything is bounded',
    file: `${m}/reachability.ts`,
    find: 'if (!allowed(observer)) {',
    replace: 'if (!allowed(observer) && row.records.size === 0) {',
    why: 'Observations of nodes that are gone stay for ever.',
  },
  {
    name: 'seen-of-another-version',
    promise: 'decisions stay',
    file: `${m}/exchange.ts`,
    find: 'if (versionDigest !== state.cluster.versionDigest) return [state, []]\n  const cluster',
    replace: 'const cluster',
    why: 'Who has seen an older view passes for having seen this one.',
  },
])
