// Links that break without making sides: every way in which they can, in clusters of up to five members,
// and drawn ones in which they fail in one direction.
//
// News passes along links that work, so members that hear of each other, however indirectly, know the same
// observations. What a member does not know, it cannot decide on; what it decides reaches whoever hears
// of it.
import { countVotes, Member, observersNeeded, Reachability, type NodeKey } from '@casty/membership'
import {
  keepMajority,
  keepOldest,
  keepReferee,
  rule,
  staticQuorum,
  type DowningStrategy,
  type Observation,
  type SbrView,
} from '@casty/sbr'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { node } from './views.ts'

// A failure prints its seed; rerun it alone with CASTY_SEED=1234. CASTY_RUNS=100000 looks further.
fc.configureGlobal({
  seed: Number(process.env['CASTY_SEED'] ?? 1),
  numRuns: Number(process.env['CASTY_RUNS'] ?? 1_000),
})

/** Less than a second of a core of its own. */
const timeLimitMs = 120_000

const strategies = [
  keepMajority(),
  keepOldest(),
  keepOldest({ downIfAlone: false }),
  keepReferee({ referee: 'b:1' }),
  staticQuorum({ quorumSize: 3 }),
].map((strategy) => [strategy.agreement, strategy] as const)

const nobody = node('nobody').key

/** Who hears whom directly: `hears[subject][observer]`, by place. */
type Links = readonly (readonly boolean[])[]

const everybody = Array.from({ length: 5 }, (_, place) =>
  Member.of({ node: node(String.fromCharCode(97 + place)), status: 'up', upNumber: place + 1 }),
)

/** Who hears of whom, by whatever way. */
function closure(links: Links): Links {
  const paths = links.map((row) => [...row])
  for (const via of paths.keys())
    for (const row of paths)
      if (row[via]) for (const to of row.keys()) row[to] ||= paths[via]?.[to] ?? false
  return paths
}

function viewOf(members: readonly Member[], links: Links, paths: Links, self: number): SbrView {
  const sources = (place: number): readonly number[] =>
    [...members.keys()].filter((from) => paths[from]?.[place])
  const known = sources(self)
  const keyOf = (place: number): NodeKey => members[place]?.key ?? nobody
  // A heartbeat needs its answer: a link that fails in one direction fails for both ends.
  const observations = known.flatMap((observer) =>
    [...members.keys()]
      .filter((subject) => !(links[observer]?.[subject] && links[subject]?.[observer]))
      .map((subject): Observation => ({
        observer: keyOf(observer),
        subject: keyOf(subject),
        status: 'unreachable',
      })),
  )
  const seenBy = known.filter((place) => sources(place).join() === known.join()).map(keyOf)
  return {
    self: keyOf(self),
    dataCenter: 'default',
    members,
    observations,
    unreachable: new Set(observations.map(({ subject }) => subject)),
    seenBy: new Set(seenBy),
  }
}

/** The view as the membership makes it: of members that enough others accuse, and by whom that counted. */
function byVotes(view: SbrView): SbrView {
  const members = new Map(view.members.map((member) => [member.key, member]))
  const table = view.observations.reduce(
    (rows, { observer, subject }) => rows.unreachable(observer, subject),
    Reachability.empty,
  )
  const votes = countVotes(members, table, observersNeeded, view.self).filter(
    ({ unreachable }) => unreachable,
  )
  return {
    ...view,
    observations: votes.flatMap(({ subject, observers }) =>
      observers.map((observer): Observation => ({ observer, subject, status: 'unreachable' })),
    ),
    unreachable: new Set(votes.map(({ subject }) => subject)),
  }
}

/** Whoever leads, as it sees it, decides; by addresses and ages alike that is the first. */
function survivors(
  strategy: DowningStrategy,
  members: readonly Member[],
  links: Links,
  paths: Links,
  see: (view: SbrView) => SbrView,
): readonly number[] {
  const downed = new Set<NodeKey>()
  for (const self of members.keys()) {
    const view = see(viewOf(members, links, paths, self))
    const leader = members.find(({ key }) => key === view.self || !view.unreachable.has(key))
    if (leader?.key !== view.self) continue
    for (const { key } of rule(strategy, view).down) {
      const place = members.findIndex((member) => member.key === key)
      if (paths[self]?.[place]) downed.add(key)
    }
  }
  return [...members.keys()].filter((place) => !downed.has(members[place]?.key ?? nobody))
}

/** All ways to break links of a cluster, in both directions. */
function* brokenLinks(size: number): Generator<Links> {
  const pairs = Array.from({ length: size }, (_, left) =>
    Array.from({ length: left }, (__, right) => [left, right] as const),
  ).flat()
  for (let code = 0; code < 1 << pairs.length; code++) {
    const works = (one: number, other: number): boolean => {
      const place = pairs.findIndex(
        ([left, right]) => left === Math.max(one, other) && right === Math.min(one, other),
      )
      return one === other || (code & (1 << place)) === 0
    }
    yield Array.from({ length: size }, (_, from) =>
      Array.from({ length: size }, (__, to) => works(from, to)),
    )
  }
}

describe.each([
  ['every observation counts', (view: SbrView): SbrView => view],
  ['votes count', byVotes],
])('wherever links are broken, and %s', (_, see) => {
  test.each(strategies)(
    '%s leaves nobody who does not hear of another',
    (agreement, strategy) => {
      let [cases, lost, left] = [0, 0, 0]
      for (const size of [3, 4, 5]) {
        for (const links of brokenLinks(size)) {
          const paths = closure(links)
          const living = survivors(strategy, everybody.slice(0, size), links, paths, see)
          for (const one of living)
            expect(living.filter((other) => !paths[one]?.[other])).toEqual([])
          cases++
          if (living.length === 0) lost++
          left += living.length / size
        }
      }
      const share = Math.round((100 * left) / cases)
      console.log(
        `${agreement}: ${cases} cases, all lost in ${lost}, ${share} % of the members left`,
      )
      expect(cases).toBe(8 + 64 + 1_024)
    },
    timeLimitMs,
  )
})

test.each(strategies)(
  '%s leaves nobody who does not hear of another where links fail in one direction',
  (_, strategy) => {
    const link = fc.boolean()
    const anyLinks = fc.array(fc.array(link, { minLength: 5, maxLength: 5 }), {
      minLength: 5,
      maxLength: 5,
    })
    fc.assert(
      fc.property(anyLinks, (drawn) => {
        const links = drawn.map((row, from) => row.map((works, to) => works || from === to))
        const paths = closure(links)
        const living = survivors(strategy, everybody, links, paths, byVotes)
        for (const one of living)
          expect(living.filter((other) => !(paths[one]?.[other] && paths[other]?.[one]))).toEqual(
            [],
          )
      }),
    )
  },
  timeLimitMs,
)
