// What holds of states whatever nodes do and however they tell each other; see laws-world.ts. The long
// run: CASTY_RUNS=100000 pnpm vitest packages/membership/test/laws (twenty minutes)
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mergeGossip, type ClusterState, type MemberStatus, memberStatuses } from '../src/index.ts'
import {
  contentOf,
  happenings,
  LawWorld,
  runs,
  timeLimitMs,
  type Happening,
  type LawNode,
} from './laws-world.ts'

/** A world after everything happened, with each change of a node that went on. */
function lived(
  all: readonly Happening[],
  onChange: (node: LawNode, before: ClusterState) => void = () => undefined,
): LawWorld {
  const world = new LawWorld()
  world.onChange = (node, before) => {
    if (!node.isStopped) onChange(node, before)
  }
  for (const happening of all) world.run(happening)
  return world
}

/** Any three states that nodes of one world had at any time. */
function threeStates(): fc.Arbitrary<readonly [ClusterState, ClusterState, ClusterState]> {
  const index = (): fc.Arbitrary<number> => fc.nat({ max: 997 })
  return fc.tuple(happenings(60), index(), index(), index()).map(([all, first, second, third]) => {
    const states: ClusterState[] = new LawWorld().live.map(({ state }) => state)
    const world = lived(all, ({ state }) => states.push(state))
    states.push(...world.live.map(({ state }) => state))
    const at = (place: number): ClusterState => {
      const state = states[place % states.length]
      if (!state) throw new Error('no node lives')
      return state
    }
    return [at(first), at(second), at(third)] as const
  })
}

function whole(state: ClusterState): string {
  const sections = `${state.allocations.digest} ${state.registry.digest}`
  return `${contentOf(state)}\n${state.version}\nseen ${[...state.seen].toSorted().join()}\n${sections}`
}

describe('merging states that nodes can reach', () => {
  test('commutes', { timeout: timeLimitMs }, () => {
    fc.assert(
      fc.property(threeStates(), ([a, b]) => {
        expect(whole(mergeGossip(a, b))).toBe(whole(mergeGossip(b, a)))
        expect(mergeGossip(a, b).equals(mergeGossip(b, a))).toBe(true)
      }),
      runs,
    )
  })

  test('associates', { timeout: timeLimitMs }, () => {
    fc.assert(
      fc.property(threeStates(), ([a, b, c]) => {
        const left = mergeGossip(mergeGossip(a, b), c)
        const right = mergeGossip(a, mergeGossip(b, c))
        expect(whole(left)).toBe(whole(right))
      }),
      runs,
    )
  })

  test('returns the same instance when it brings nothing new', { timeout: timeLimitMs }, () => {
    fc.assert(
      fc.property(threeStates(), ([a, b]) => {
        const merged = mergeGossip(a, b)
        expect(mergeGossip(a, a)).toBe(a)
        expect(mergeGossip(merged, a)).toBe(merged)
        expect(mergeGossip(merged, b)).toBe(merged)
      }),
      runs,
    )
  })
})

describe('whatever nodes do', () => {
  test(
    'equal versions mean equal content, at any two times and nodes',
    { timeout: timeLimitMs },
    () => {
      fc.assert(
        fc.property(happenings(80), (all) => {
          const byVersion = new Map<string, ClusterState[]>()
          const world = lived(all, ({ state }) => {
            const known = byVersion.get(`${state.version}`) ?? []
            const others = known.filter((other) => comparable(state, other))
            for (const other of others) expect(contentOf(state)).toBe(contentOf(other))
            // One of those that hold the same is enough to compare the next with.
            if (others.length === 0) byVersion.set(`${state.version}`, [...known, state])
          })
          world.heal()
        }),
        runs,
      )
    },
  )

  test(
    'nobody lets go of what it knows: statuses only move on, the gone stay gone',
    { timeout: timeLimitMs },
    () => {
      fc.assert(
        fc.property(happenings(80), (all) => {
          const known = new Map<LawNode, Map<string, MemberStatus>>()
          lived(all, (node) => {
            const before = known.get(node) ?? new Map<string, MemberStatus>()
            const now = new Map<string, MemberStatus>()
            for (const [key, status] of before) {
              const member = node.state.members.find((one) => one.key === key)
              now.set(key, member?.status ?? 'removed')
              expect(rank(now.get(key))).toBeGreaterThanOrEqual(rank(status))
            }
            for (const { key, status } of node.state.members) now.set(key, status)
            known.set(node, now)
          }).heal()
        }),
        runs,
      )
    },
  )

  test('a version grows with each change, and only with one', { timeout: timeLimitMs }, () => {
    fc.assert(
      fc.property(happenings(60), (all) => {
        lived(all, ({ state }, before) => {
          const relation = state.tombstones.prune(before.version).compare(state.version)
          if (contentOf(state) === contentOf(before)) expect(['same', 'before']).toContain(relation)
          else expect(relation).toBe('before')
        })
      }),
      runs,
    )
  })

  test(
    'no state that is settled holds changes that no version covers',
    { timeout: timeLimitMs },
    () => {
      fc.assert(
        fc.property(happenings(80), (all) => {
          lived(all, ({ state }) => {
            expect(state.hasOrphans).toBe(false)
            for (const { dot } of [...state.records.values(), ...state.tombstones.values()])
              expect(state.version.versionOf(dot.node)).toBeGreaterThanOrEqual(dot.counter)
          }).heal()
        }),
        runs,
      )
    },
  )
})

describe('once everybody has told everybody', () => {
  test('all nodes hold equal states', { timeout: timeLimitMs }, () => {
    fc.assert(
      fc.property(happenings(80), (all) => {
        const world = lived(all)
        expect(world.heal()).toBeLessThan(10)
        const [first, ...others] = world.live
        for (const { state } of others) {
          expect(first?.state.equals(state)).toBe(true)
          expect(contentOf(state)).toBe(contentOf(first?.state ?? state))
        }
      }),
      runs,
    )
  })

  test('what one of them downed is down or gone for all', { timeout: timeLimitMs }, () => {
    fc.assert(
      fc.property(happenings(80), (all) => {
        const world = lived(all)
        world.heal()
        const downed = world.live.flatMap((node) => node.downed)
        for (const { state } of world.live) {
          for (const node of downed)
            expect([undefined, 'down']).toContain(state.member(node)?.status)
        }
      }),
      runs,
    )
  })

  test(
    'nobody is a member who is neither alive nor still to be removed',
    { timeout: timeLimitMs },
    () => {
      fc.assert(
        fc.property(happenings(80), (all) => {
          const world = lived(all)
          world.heal()
          for (const { state } of world.live) {
            const addresses = state.members.map(({ address }) => `${address}`)
            expect(new Set(addresses).size).toBe(addresses.length)
            for (const member of state.members)
              expect(state.tombstones.has(member.node)).toBe(false)
          }
        }),
        runs,
      )
    },
  )
})

function comparable(left: ClusterState, right: ClusterState): boolean {
  return (
    left.tombstones.prune(right.version) === right.version &&
    right.tombstones.prune(left.version) === left.version
  )
}

function rank(status: MemberStatus | undefined): number {
  return status === undefined ? -1 : memberStatuses.indexOf(status)
}

test('the worlds of these laws are eventful', () => {
  const counts = { living: 0, joined: 0, gone: 0, adopted: 0, replaced: 0, news: 0 }
  fc.assert(
    fc.property(happenings(80), (all) => {
      const world = lived(all, ({ identity, state }, before) => {
        for (const member of state.members) {
          const former = before.member(member.address)
          if (!former) counts.joined++
          else if (former.incarnation < member.incarnation) counts.replaced++
        }
        const gone = state.tombstones.size - before.tombstones.size
        if (gone > 0) counts.gone++
        const ownCount = (of: ClusterState): number => of.version.versionOf(identity.key)
        if (gone > 0 && ownCount(state) > ownCount(before)) counts.adopted++
        if (state.seen.size === 1 && before.seen.size > 1) counts.news++
      })
      counts.living += world.live.length > 1 ? 1 : 0
    }),
    { ...runs, numRuns: 300 },
  )
  expect(Object.entries(counts).filter(([, count]) => count <= 100)).toEqual([])
})
