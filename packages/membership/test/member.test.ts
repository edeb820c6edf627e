import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  byAddress,
  byAge,
  byLeaderStatus,
  isActive,
  isAllowedTransition,
  laterStatus,
  Member,
  memberStatuses,
  mergeMember,
  mergePriority,
  NodeAddress,
  NodeIdentity,
  oldest,
  youngest,
  type MemberStatus,
} from '../src/index.ts'
import { runs } from './laws-world.ts'
import { member } from './states.ts'

const status = (): fc.Arbitrary<MemberStatus> => fc.constantFrom(...memberStatuses)

/** Claims about one address, contradicting ones among them. */
const claims = (ports: readonly number[] = [1]): fc.Arbitrary<Member> =>
  fc
    .record({
      port: fc.constantFrom(...ports),
      incarnation: fc.integer({ min: 1, max: 3 }),
      status: status(),
      upNumber: fc.option(fc.integer({ min: 1, max: 3 })),
      id: fc.constantFrom('one', 'other'),
      roles: fc.subarray(['backend', 'dc-eu']),
    })
    .map(({ port, incarnation, upNumber, ...rest }) =>
      Member.of({
        ...rest,
        node: NodeIdentity.of(NodeAddress.of('host', port), incarnation),
        ...(upNumber === null ? {} : { upNumber }),
      }),
    )

describe('merging what is known of one address', () => {
  test('commutes, associates and is idempotent, and answers with one of the two', () => {
    fc.assert(
      fc.property(claims(), claims(), claims(), (a, b, c) => {
        expect(mergeMember(a, b).equals(mergeMember(b, a))).toBe(true)
        expect(mergeMember(mergeMember(a, b), c).equals(mergeMember(a, mergeMember(b, c)))).toBe(
          true,
        )
        expect(mergeMember(a, a)).toBe(a)
        expect([a, b]).toContain(mergeMember(a, b))
      }),
      runs,
    )
  })

  test.each([
    ['a.up^2', 'a#2.joining', 'a#2.joining'], // A rejoining node beats stale news of its former life.
    ['a#2.down', 'a.up^1', 'a#2.down'], // Also where the former life sounds more alive.
    ['a.up^1', 'a.down', 'a.down'], // A downed one is never revived.
    ['a.removed', 'a.up^1', 'a.removed'],
    ['a.leaving^1', 'a.up^1', 'a.leaving^1'],
    ['a.up^1', 'a.up^4', 'a.up^1'], // Two leaders numbered it apart: the older age.
    ['a.up', 'a.up^4', 'a.up^4'],
  ])('%s and %s make %s', (left, right, expected) => {
    expect(mergeMember(member(left), member(right)).equals(member(expected))).toBe(true)
    expect(mergeMember(member(right), member(left)).equals(member(expected))).toBe(true)
  })
})

describe('statuses', () => {
  test('every allowed transition goes forward, so that a merge keeps it', () => {
    for (const from of memberStatuses) {
      for (const to of memberStatuses.filter((next) => isAllowedTransition(from, next))) {
        expect(laterStatus(from, to)).toBe(to)
        expect(laterStatus(to, from)).toBe(to)
      }
    }
  })

  test('staying put is no transition, and nothing comes back from being removed', () => {
    for (const one of memberStatuses) {
      expect(isAllowedTransition(one, one)).toBe(false)
      expect(isAllowedTransition('removed', one)).toBe(false)
      expect(isAllowedTransition('down', one)).toBe(one === 'removed')
    }
  })

  test('the documented priority puts any living status before down and removed', () => {
    const inOrder = memberStatuses.toSorted((left, right) => {
      const [a, b] = [mergePriority(left), mergePriority(right)]
      return a[0] - b[0] || a[1] - b[1]
    })
    expect(inOrder).toEqual(['down', 'removed', 'joining', 'weakly-up', 'up', 'leaving', 'exiting'])
  })

  test('a member takes part until it is exiting', () => {
    const active = memberStatuses.filter((one) => isActive(member(`a.${one}`)))
    expect(active).toEqual(['joining', 'weakly-up', 'up', 'leaving'])
  })
})

describe('a member', () => {
  test('is known by its address where no id was given', () => {
    expect(member('a.up').id).toBe('a:1')
    expect(Member.of({ node: member('a.up').node, id: 'shop' }).id).toBe('shop')
  })

  test('holds each role once, in order', () => {
    expect(member('a.up:b:a:b').roles).toEqual(['a', 'b'])
    expect(member('a.up:b').hasRole('b')).toBe(true)
    expect(member('a.up:dc-eu').dataCenter).toBe('eu')
  })

  test('returns itself when its status stays', () => {
    const one = member('a.up^1')
    expect(one.withStatus('up')).toBe(one)
    expect(one.withStatus('up', 2)).not.toBe(one)
    expect(one.withStatus('leaving').upNumber).toBe(1)
  })

  test('equals another by every field', () => {
    const one = member('a.up^1:x')
    const others = ['a#2.up^1:x', 'b.up^1:x', 'a.leaving^1:x', 'a.up^2:x', 'a.up^1:y', 'a.up^1']
    for (const other of others) expect(one.equals(member(other))).toBe(false)
    expect(
      one.equals(Member.of({ node: one.node, status: 'up', upNumber: 1, roles: ['x'], id: 'i' })),
    ).toBe(false)
    expect(one.equals(member('a.up^1:x'))).toBe(true)
  })
})

describe('orders of members', () => {
  test.each([
    ['address', byAddress],
    ['age', byAge],
    ['fitness to lead', byLeaderStatus],
  ])('by %s are total: any input ends in one order', (_, compare) => {
    fc.assert(
      fc.property(fc.uniqueArray(claims([1, 2, 10]), { selector: ({ key }) => key }), (all) => {
        const sorted = all.toSorted(compare)
        expect(all.toReversed().toSorted(compare)).toEqual(sorted)
        for (const one of all)
          for (const other of all)
            expect(Math.sign(compare(one, other))).toBe(0 - Math.sign(compare(other, one)))
      }),
      runs,
    )
  })

  test('ports compare as numbers', () => {
    const at = (port: number): Member =>
      Member.of({ node: NodeIdentity.of(NodeAddress.of('host', port), 1) })
    expect(byAddress(at(2_551), at(10_000))).toBeLessThan(0)
  })

  test('weakly up members come before joining ones, exiting and down ones last', () => {
    const all = ['a.down', 'b.exiting', 'c.joining', 'd.weakly-up', 'e.leaving', 'f.up'].map(member)
    expect(
      all
        .toSorted(byLeaderStatus)
        .map(({ address }) => address.host)
        .join(''),
    ).toBe('efdcba')
  })

  test('the oldest has the lowest number, the youngest the highest that was given', () => {
    const all = ['a.joining', 'b.up^3', 'c.up^2', 'd.down^7'].map(member)
    expect(oldest(all)?.address.host).toBe('c')
    expect(youngest(all)?.address.host).toBe('d')
    expect(youngest(['a.joining'].map(member))).toBeUndefined()
    expect(oldest([])).toBeUndefined()
  })
})
