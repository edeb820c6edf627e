import { byAddress, type Member } from '@casty/membership'
import {
  downAll,
  keepMajority,
  keepOldest,
  keepReferee,
  leaseMajority,
  noDowning,
  roleWeightedQuorum,
  staticQuorum,
  type DowningStrategy,
  type SbrView,
} from '@casty/sbr'
import { describe, expect, test } from 'vitest'
import { agreed, cutsOf, searchSplits, withPrivateNews, type Found } from './exhaustive.ts'
import { uncalledLease } from './views.ts'

/** A search takes two seconds of a core of its own, and much longer on a busy machine. */
const timeLimitMs = 120_000

const strategies = [
  keepMajority(),
  keepMajority({ role: 'even' }),
  keepOldest(),
  keepOldest({ downIfAlone: false }),
  keepReferee({ referee: 'b:1', downAllIfLessThan: 2 }),
  ...[1, 2, 3, 4, 5].map((quorumSize) => staticQuorum({ quorumSize })),
  roleWeightedQuorum({ weights: { even: 2, odd: 1 }, quorumWeight: 4 }),
  leaseMajority({ lease: uncalledLease }),
  downAll(),
]

/** All that is known alike with up to five members; with up to four, also what one part alone knows. */
function search(strategy: DowningStrategy): Found {
  const found = [
    ...[2, 3, 4].map((size) => searchSplits(strategy, size, withPrivateNews)),
    searchSplits(strategy, 5, agreed),
  ]
  return {
    cases: found.reduce((sum, { cases }) => sum + cases, 0),
    split: found.reduce((sum, { split }) => sum + split, 0),
    example: found.find(({ example }) => example !== undefined)?.example,
  }
}

describe('wherever a cluster is cut into two or three parts, one of them a step ahead of the others', () => {
  test.each(strategies.map((strategy) => [strategy.agreement, strategy] as const))(
    '%s leaves one part at most',
    (agreement, strategy) => {
      const found = search(strategy)
      console.log(`${agreement}: ${found.cases} cases searched, ${found.split} with two survivors`)
      expect(found.example).toBeUndefined()
      expect(found.split).toBe(0)
      expect(found.cases).toBeGreaterThan(800_000)
    },
    timeLimitMs,
  )
})

/** A strategy that survives by what it counts, the member with the lowest address deciding a tie. */
function counting(
  name: string,
  survives: (here: readonly Member[], there: readonly Member[]) => boolean,
): DowningStrategy {
  const decide = ({ members, unreachable }: SbrView): boolean =>
    survives(
      members.filter(({ key }) => !unreachable.has(key)),
      members.filter(({ key }) => unreachable.has(key)),
    )
  return {
    name,
    agreement: name,
    decide: (view) => ({ type: decide(view) ? 'down-unreachable' : 'down-reachable' }),
  }
}

const isSettled = ({ status }: Member): boolean => status === 'up' || status === 'leaving'
const isUp = ({ status }: Member): boolean => status === 'up'
const isActive = ({ status }: Member): boolean => status !== 'exiting'

function isMajority(
  here: readonly Member[],
  there: readonly Member[],
  deciding = [...here, ...there],
): boolean {
  if (here.length !== there.length) return here.length > there.length
  const [lowest] = deciding.toSorted(byAddress)
  return lowest !== undefined && here.includes(lowest)
}

describe('the search finds two survivors', () => {
  test.each<DowningStrategy>([
    noDowning(),
    counting('a majority that counts once', (here, there) =>
      isMajority(here.filter(isSettled), there.filter(isSettled)),
    ),
    counting(
      'a majority whose second count has ties decided by members that are up',
      (here, there) =>
        isMajority(here.filter(isSettled), there.filter(isSettled)) &&
        isMajority(here.filter(isUp), there.filter(isActive), [...here, ...there].filter(isUp)),
    ),
    counting(
      'a quorum of 2 that counts once',
      (here, there) =>
        here.filter(isSettled).length >= 2 && [...here, ...there].filter(isSettled).length <= 3,
    ),
    counting('a majority that counts joining members', (here, there) =>
      isMajority(here.filter(isActive), there.filter(isActive)),
    ),
  ])(
    'of $name',
    (strategy) => {
      const found = searchSplits(strategy, 4, withPrivateNews)
      console.log(`${strategy.name}: ${found.split} with two survivors, the first ${found.example}`)
      expect(found.split).toBeGreaterThan(0)
    },
    timeLimitMs,
  )
})

test('five members are cut into two parts in 15 ways, and into three in 25', () => {
  const cuts = cutsOf(5)
  expect(cuts.filter(({ length }) => length === 2)).toHaveLength(15)
  expect(cuts.filter(({ length }) => length === 3)).toHaveLength(25)
})
