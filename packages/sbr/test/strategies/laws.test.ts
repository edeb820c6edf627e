import { Member, memberStatuses, type NodeKey } from '@casty/membership'
import {
  afterLease,
  downAll,
  keepMajority,
  keepOldest,
  keepReferee,
  leaseMajority,
  nodesToDown,
  noDowning,
  roleWeightedQuorum,
  rule,
  staticQuorum,
  trustedView,
  type DowningStrategy,
  type Ruling,
  type SbrView,
} from '@casty/sbr'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { node, uncalledLease, viewOfPart } from './views.ts'

// A failure prints its seed; rerun it alone with CASTY_SEED=1234. CASTY_RUNS=100000 looks further.
fc.configureGlobal({
  seed: Number(process.env['CASTY_SEED'] ?? 1),
  numRuns: Number(process.env['CASTY_RUNS'] ?? 100),
})

const deciding: readonly DowningStrategy[] = [
  keepMajority(),
  keepMajority({ role: 'core' }),
  keepOldest(),
  keepOldest({ downIfAlone: false, role: 'core' }),
  keepReferee({ referee: 'a:2', downAllIfLessThan: 2 }),
  staticQuorum({ quorumSize: 2 }),
  staticQuorum({ quorumSize: 3, role: 'core' }),
  roleWeightedQuorum({ weights: { core: 3, edge: 1 }, quorumWeight: 5 }),
  downAll(),
]
const lease = leaseMajority({ lease: uncalledLease })
const strategies = [...deciding, lease, noDowning()].map(
  (strategy) => [strategy.agreement, strategy] as const,
)
const decidingByName = deciding.map((strategy) => [strategy.agreement, strategy] as const)

/** Members of one or two data centers, on hosts and ports that do not order alike. */
function clusters(dataCenters: readonly string[] = ['default']): fc.Arbitrary<readonly Member[]> {
  const one = fc.record({
    status: fc.constantFrom(...memberStatuses.filter((status) => status !== 'removed')),
    roles: fc.subarray(['core', 'edge']),
    dataCenter: fc.constantFrom(...dataCenters),
    age: fc.integer({ min: 1, max: 1_000 }),
  })
  return fc.array(one, { minLength: 1, maxLength: 7 }).map((members) =>
    members.map(({ status, roles, dataCenter, age }, index) =>
      Member.of({
        node: node(`${index % 2 === 0 ? 'b' : 'a'}:${[2, 10, 1, 9, 3, 20, 11][index]}`),
        status,
        roles: dataCenter === 'default' ? roles : [...roles, `dc-${dataCenter}`],
        ...(status === 'joining' || status === 'weakly-up' ? {} : { upNumber: age * 10 + index }),
      }),
    ),
  )
}

/** Any view at all, consistent or not. */
function views(dataCenters?: readonly string[]): fc.Arbitrary<SbrView> {
  return clusters(dataCenters).chain((members) => {
    const keys = members.map(({ key }) => key)
    const observation = fc.record({
      observer: fc.constantFrom(...keys),
      subject: fc.constantFrom(...keys),
      status: fc.constantFrom('unreachable' as const, 'terminated' as const),
    })
    return fc
      .record({
        self: fc.constantFrom(...keys),
        observations: fc.array(observation, { maxLength: 10 }),
        also: fc.subarray(keys),
        seenBy: fc.subarray(keys),
      })
      .map(({ self, observations, also, seenBy }) => ({
        self,
        dataCenter: members.find(({ key }) => key === self)?.dataCenter ?? 'default',
        members,
        observations: observations.filter(({ observer, subject }) => observer !== subject),
        unreachable: new Set([...also, ...observations.map(({ subject }) => subject)]),
        seenBy: new Set(seenBy),
      }))
  })
}

/** A cluster cut into parts, each of which sees all others unreachable. */
function cuts(): fc.Arbitrary<readonly SbrView[]> {
  return clusters().chain((members) =>
    fc
      .array(fc.nat({ max: 2 }), { minLength: members.length, maxLength: members.length })
      .map((places) =>
        [0, 1, 2].flatMap((place) => {
          const here = members.filter((_, index) => places[index] === place)
          const there = members.filter((_, index) => places[index] !== place)
          return here.map((self) => viewOfPart(self, here, there))
        }),
      ),
  )
}

/** A cluster in which some links are broken, and everybody still hears of everybody. */
function brokenLinks(): fc.Arbitrary<readonly SbrView[]> {
  return clusters().chain((members) => {
    const keys = members.map(({ key }) => key)
    const pairs = keys.flatMap((left, index) =>
      keys.slice(index + 1).map((right) => [left, right] as const),
    )
    return fc.subarray(pairs).map((broken) =>
      keys.map((self): SbrView => {
        const observations = broken.flatMap(([left, right]) => [
          { observer: left, subject: right, status: 'unreachable' as const },
          { observer: right, subject: left, status: 'unreachable' as const },
        ])
        return {
          self,
          dataCenter: 'default',
          members,
          observations,
          unreachable: new Set(observations.map(({ subject }) => subject)),
          seenBy: new Set(keys),
        }
      }),
    )
  })
}

function keysOf(ruling: Ruling): readonly NodeKey[] {
  return ruling.down.map(({ key }) => key)
}

function isDownable({ status }: Member): boolean {
  return status !== 'exiting' && status !== 'down'
}

/** Who of the own side is left. */
function survivors(view: SbrView, ruling: Ruling): readonly NodeKey[] {
  const down = new Set(keysOf(ruling))
  return view.members
    .filter((member) => isDownable(member) && !view.unreachable.has(member.key))
    .map(({ key }) => key)
    .filter((key) => !down.has(key))
}

describe.each(decidingByName)('%s', (_, strategy) => {
  test('leaves members of one part at most where all parts know the same', () => {
    fc.assert(
      fc.property(cuts(), (parts) => {
        const left = parts.map((view) => survivors(view, rule(strategy, view)).toSorted().join())
        expect(new Set(left.filter((text) => text !== '')).size).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('lets all members of a part decide alike, each with itself as the last', () => {
    fc.assert(
      fc.property(cuts(), (parts) => {
        for (const view of parts) {
          const first = parts.find(({ unreachable }) => !unreachable.has(view.self)) ?? view
          const down = keysOf(rule(strategy, view))
          expect(down.toSorted()).toEqual(keysOf(rule(strategy, first)).toSorted())
          if (down.includes(view.self)) expect(down.at(-1)).toBe(view.self)
        }
      }),
    )
  })

  test('downs all of the other side, or all of its own', () => {
    fc.assert(
      fc.property(cuts(), (parts) => {
        for (const view of parts) {
          const ruling = rule(strategy, view)
          const down = new Set(keysOf(ruling))
          const downable = view.members.filter(isDownable)
          const isGone = (isHere: boolean): boolean =>
            downable.every(({ key }) => view.unreachable.has(key) === isHere || down.has(key))
          expect(isGone(true) || isGone(false)).toBe(true)
          if (survivors(view, ruling).length > 0) expect(isGone(false)).toBe(true)
        }
      }),
    )
  })
})

describe.each(strategies)('%s', (_, strategy) => {
  test('answers every view with a decision that can be carried out', () => {
    fc.assert(
      fc.property(views(['default', 'east']), (view) => {
        const ruling = rule(strategy, view)
        expect(ruling.reason).toMatch(new RegExp(`^${strategy.name}: .+\\.$`))
        expect(ruling.down).toEqual(nodesToDown(ruling.view, ruling.decision))
      }),
    )
  })

  test('answers equal views alike, in whatever order they are written', () => {
    fc.assert(
      fc.property(views(), (view) => {
        const reversed: SbrView = {
          ...view,
          members: view.members.toReversed(),
          observations: [...view.observations, ...view.observations].toReversed(),
          unreachable: new Set([...view.unreachable].toReversed()),
          seenBy: new Set([...view.seenBy].toReversed()),
        }
        const [ruling, other] = [rule(strategy, view), rule(strategy, reversed)]
        expect({ ...other, view: undefined }).toEqual({ ...ruling, view: undefined })
      }),
    )
  })

  test('has nothing to add once its decision was carried out', () => {
    fc.assert(
      fc.property(fc.oneof(cuts(), brokenLinks()), (parts) => {
        for (const view of parts) {
          const down = new Set(keysOf(afterLease(rule(strategy, view), true)))
          const members = view.members.map((member) =>
            down.has(member.key) ? member.withStatus('down') : member,
          )
          const next = afterLease(rule(strategy, { ...view, members }), true)
          expect(keysOf(next)).toEqual([])
        }
      }),
    )
  })

  test('heeds nobody of another data center, and downs nobody there', () => {
    fc.assert(
      fc.property(views(['default', 'east']), (view) => {
        const own = new Set(
          view.members
            .filter(({ dataCenter }) => dataCenter === view.dataCenter)
            .map(({ key }) => key),
        )
        const onlyOwn: SbrView = {
          ...view,
          members: view.members.filter(({ key }) => own.has(key)),
          observations: view.observations.filter(
            ({ observer, subject }) => own.has(observer) && own.has(subject),
          ),
          unreachable: new Set([...view.unreachable].filter((key) => own.has(key))),
          seenBy: new Set([...view.seenBy].filter((key) => own.has(key))),
        }
        const [ruling, other] = [rule(strategy, view), rule(strategy, onlyOwn)]
        expect({ ...ruling, view: undefined }).toEqual({ ...other, view: undefined })
      }),
    )
  })
})

test('whoever is denied the lease downs all of its side', () => {
  fc.assert(
    fc.property(cuts(), (parts) => {
      for (const view of parts) {
        const ruling = rule(lease, view)
        if (ruling.decision.type !== 'acquire-lease') continue
        expect(ruling.down).toEqual([])
        expect(survivors(view, afterLease(ruling, false))).toEqual([])
        expect(survivors(view, afterLease(ruling, true))).toEqual(
          survivors(view, { ...ruling, down: [] }),
        )
      }
    }),
  )
})

test('what can be trusted of a view can be trusted again', () => {
  fc.assert(
    fc.property(views(['default', 'east']), (view) => {
      const trusted = trustedView(view)
      expect(trustedView(trusted)).toEqual(trusted)
    }),
  )
})
