import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Member, type MemberStatus, type NodeKey } from '@casty/membership'
import {
  downAll,
  initialResolverState,
  keepMajority,
  keepOldest,
  resolve,
  staticQuorum,
  type ResolverInput,
  type ResolverSettings,
  type ResolverState,
  type SbrAction,
} from '@casty/sbr'
import { node } from '../strategies/views.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'x', 'y']
const stableAfterMs = 5_000

/** What one node sees next, after how long. Members x and y are of another data center. */
interface Sight {
  readonly afterMs: number
  readonly statuses: readonly MemberStatus[]
  readonly unreachable: readonly string[]
  readonly seen: readonly string[]
  readonly isResponsible: boolean
  readonly isDoubtful: boolean
  readonly hasStalled: boolean
}

const others = names.slice(1)
const status = fc.constantFrom<MemberStatus>(
  'up',
  'up',
  'up',
  'joining',
  'leaving',
  'exiting',
  'down',
)
const sight: fc.Arbitrary<Sight> = fc.record({
  afterMs: fc.nat(7_000),
  statuses: fc.tuple(...names.map(() => status)),
  unreachable: fc.subarray(others),
  seen: fc.subarray(others),
  isResponsible: fc.boolean(),
  isDoubtful: fc.boolean(),
  hasStalled: fc.boolean(),
})
const sights = fc.array(sight, { minLength: 1, maxLength: 12 })
const strategy = fc.constantFrom(
  keepMajority(),
  keepOldest(),
  staticQuorum({ quorumSize: 3 }),
  downAll(),
)

function inputOf(seen: Sight, version: number, now: number): ResolverInput {
  const keys = (some: readonly string[]): ReadonlySet<NodeKey> =>
    new Set(some.map((name) => node(name).key))
  const members = names.map((name, place) => {
    const is = name === 'a' ? 'up' : (seen.statuses[place] ?? 'up')
    const roles = name === 'x' || name === 'y' ? ['dc-other'] : []
    return Member.of({ node: node(name), status: is, roles, upNumber: place + 1 })
  })
  return {
    now,
    version,
    view: {
      self: node('a').key,
      dataCenter: 'default',
      members,
      observations: seen.unreachable.map((name) => ({
        observer: node('a').key,
        subject: node(name).key,
        status: 'unreachable',
      })),
      unreachable: keys(seen.unreachable),
      seenBy: keys(['a', ...seen.seen]),
    },
    suspected: keys(seen.unreachable),
    isResponsible: seen.isResponsible,
    isDoubtful: seen.isDoubtful,
    hasStalled: seen.hasStalled,
    isLeaseHeld: false,
  }
}

interface Asked {
  readonly input: ResolverInput
  readonly actions: readonly SbrAction[]
  readonly wakeAt: number
  readonly state: ResolverState
}

/** Shows one sight after the other, and asks in between whenever the resolver wants to be asked. */
function live(settings: ResolverSettings, all: readonly Sight[]): readonly Asked[] {
  const asked: Asked[] = []
  let state = initialResolverState
  let now = 0
  const ask = (input: ResolverInput): void => {
    const [next, { actions, wakeAt }] = resolve(settings, state, input)
    state = next
    asked.push({ input, actions, wakeAt, state })
  }
  all.forEach((one, version) => {
    ask(inputOf(one, version, now))
    const until = now + one.afterMs
    const quiet = { ...one, hasStalled: false }
    while (state.wakeAt <= until) {
      now = state.wakeAt
      ask(inputOf(quiet, version, now))
    }
    now = until
  })
  return asked
}

function settingsFor(given: ResolverSettings['strategy']): ResolverSettings {
  return {
    strategy: given,
    stableAfterMs,
    unstableAfterMs: 4_000,
    downAllWhenIndirectlyConnected: 0.5,
  }
}

describe('Whatever a resolver sees', () => {
  test('it wants to be asked later, never at once again', () => {
    fc.assert(
      fc.property(strategy, sights, (given, all) => {
        for (const { input, wakeAt } of live(settingsFor(given), all)) {
          expect(wakeAt).toBeGreaterThan(input.now)
        }
      }),
    )
  })

  test('it downs members of its own data center only, who are not on their way out, itself last', () => {
    fc.assert(
      fc.property(strategy, sights, (given, all) => {
        for (const { input, actions } of live(settingsFor(given), all)) {
          for (const action of actions) {
            if (action.type !== 'down') continue
            const keys = action.nodes.map(({ key }) => key)
            const downable = input.view.members
              .filter(({ dataCenter }) => dataCenter === 'default')
              .filter((member) => member.status !== 'exiting' && member.status !== 'down')
              .map(({ key }) => key)
            expect(downable).toEqual(expect.arrayContaining(keys))
            expect(keys.indexOf(node('a').key)).toBeOneOf([-1, keys.length - 1])
          }
        }
      }),
    )
  })

  test('that its side goes on it decides only where it is the one to, and after a quiet window', () => {
    fc.assert(
      fc.property(strategy, sights, (given, all) => {
        let quietSince = 0
        for (const { input, actions, state } of live(settingsFor(given), all)) {
          const before = quietSince
          quietSince = state.stability?.quietSince ?? input.now
          const goesOn = actions.some(
            (action) =>
              action.type === 'down' && !action.nodes.some(({ key }) => key === node('a').key),
          )
          if (!goesOn) continue
          expect(input.isResponsible).toBe(true)
          expect(input.now - before).toBeGreaterThanOrEqual(stableAfterMs)
        }
      }),
    )
  })

  test('what happens in another data center changes nothing', () => {
    const inOwn = ({ unreachable, seen, statuses, ...rest }: Sight): Sight => ({
      ...rest,
      statuses: [...statuses.slice(0, 5), 'up', 'up'],
      unreachable: unreachable.filter((name) => name !== 'x' && name !== 'y'),
      seen: seen.filter((name) => name !== 'x' && name !== 'y'),
    })
    const decisions = (asked: readonly Asked[]): readonly string[] =>
      asked.flatMap(({ input, actions }) =>
        actions.map(
          (action) => `${input.now} ${action.type === 'down' ? action.nodes : action.type}`,
        ),
      )
    fc.assert(
      fc.property(strategy, sights, (given, all) => {
        const settings = settingsFor(given)
        expect(decisions(live(settings, all))).toEqual(decisions(live(settings, all.map(inOwn))))
      }),
    )
  })

  test('and decides, it has decided: where that took effect, nothing more comes of the same view', () => {
    fc.assert(
      fc.property(strategy, sights, (given, all) => {
        const settings = settingsFor(given)
        const last = live(settings, all).findLast(({ actions }) => actions.length > 0)
        if (!last) return
        const downed = new Set(
          last.actions
            .flatMap((action) => (action.type === 'down' ? action.nodes : []))
            .map(String),
        )
        const { input } = last
        const members = input.view.members.map((member) =>
          downed.has(String(member.node)) ? member.withStatus('down') : member,
        )
        const after = { ...input, view: { ...input.view, members }, version: 99 }
        const isLeft = members.some(
          (member) =>
            member.dataCenter === 'default' &&
            after.view.unreachable.has(member.key) &&
            member.status !== 'down' &&
            member.status !== 'exiting',
        )
        const [state, { actions }] = resolve(settings, last.state, after)
        expect(actions).toEqual([])
        if (!isLeft) expect(state.stability?.firstChangeAt).toBeUndefined()
      }),
    )
  })
})
