// Mistakes in what data centers have to do with each other.
import type { SeededBug } from '../bug.ts'

const m = 'packages/membership/src'
const s = 'packages/sbr/src'

export const acrossBugs: readonly SeededBug[] = [
  {
    name: 'leader-waits-for-all-data-centers',
    scenario: 'data-centers',
    promise: 'whoever wants in or out gets there',
    file: `${m}/leader.ts`,
    find: 'const decides = (member: Member): boolean => isEstablished(member) && inScope(member, view)',
    replace: 'const decides = (member: Member): boolean => isEstablished(member)',
    why: 'Nobody joins or leaves in one data center while another one is cut off.',
  },
  {
    name: 'first-number-without-the-others',
    scenario: 'data-centers',
    promise: 'decisions stay',
    file: `${m}/leader.ts`,
    find: 'const mustSee = state.members.some(decides) ? decides : isActive',
    replace: 'const mustSee = decides',
    why: 'Two who join a new data center from two sides of a cut both become its oldest.',
  },
  {
    name: 'downing-across',
    scenario: 'data-centers',
    promise: 'nobody is downed across',
    file: `${s}/resolver/view-of.ts`,
    find: 'const members = state.dataCenters.get(viewpoint.dataCenter ?? DEFAULT_DC)?.membersByKey',
    replace: 'const members = viewpoint.dataCenter === undefined ? undefined : state.membersByKey',
    also: {
      file: `${s}/counting.ts`,
      find: 'return view.members.filter((member) => member.dataCenter === view.dataCenter)',
      replace: 'return view.members',
    },
    why: 'Whom envoys cannot reach in another data center is downed, well as it may be.',
  },
  {
    name: 'lost-envoys-not-replaced',
    scenario: 'data-centers',
    promise: 'all agree',
    file: `${m}/envoys.ts`,
    find: 'if (own === undefined || !envoysOf(cluster, own).some(({ key }) => key === self)) return found',
    replace:
      'const own1 = cluster.membersByKey.get(self)?.upNumber ?? 1\n  ' +
      'if (own === undefined || own1 !== 1) return found',
    why: 'Only the first member of a data center ever talks across: once it is lost nobody does.',
  },
  {
    name: 'out-of-sight-stays-unreachable',
    scenario: 'data-centers',
    promise: 'the healthy are reachable',
    file: `${m}/cross-sight.ts`,
    find: 'const watched = new Set<string>(envoys.map(({ key }) => key))',
    replace:
      'const watched = new Set<string>([...envoys.map(({ key }) => key), ...row.records.keys()])',
    why: 'What an envoy said of another one before either was replaced is never taken back.',
  },
  {
    name: 'votes-added-across',
    scenario: 'data-centers',
    promise: 'the healthy are reachable',
    file: `${m}/verdicts.ts`,
    find: 'const rules = { members, reachability, needed: this.#needed, self: viewer }\n    const votes = countAccusations(this.#accusersIn(dataCenter, members), rules)',
    replace:
      'const all = members.size > 0 ? this.#members : members\n    const rules = { members: all, reachability, needed: this.#needed, self: viewer }\n    const votes = countAccusations(this.#accusersIn(dataCenter, all), rules)',
    why: 'A cut between data centers makes members unreachable within them, and stops their leaders.',
  },
]
