import {
  DownAllStrategy,
  keepMajority,
  KeepMajorityStrategy,
  keepOldest,
  KeepOldestStrategy,
  keepReferee,
  KeepReferee,
  leaseMajority,
  LeaseMajorityStrategy,
  noDowning,
  NoSbr,
  roleWeightedQuorum,
  rule,
  SbrError,
  staticQuorum,
  StaticQuorumStrategy,
  type DowningStrategy,
} from '@casty/sbr'
import { describe, expect, test } from 'vitest'
import { uncalledLease, view } from './views.ts'

describe('options are refused with their name, value and what is allowed', () => {
  // Callers without types may pass anything.
  const untyped = <T>(value: unknown): T => value as T

  test.each<[string, () => DowningStrategy, string]>([
    [
      'a role without a name',
      () => keepMajority({ role: '' }),
      'Option role of keepMajority() is ""; allowed is the name of a role, or nothing for all members.',
    ],
    [
      'a name misspelt',
      () => keepOldest(untyped({ downIfalone: true })),
      'Option downIfalone of keepOldest() is not known; allowed is downIfAlone.',
    ],
    [
      'options that are none',
      () => keepMajority(untyped('db')),
      'keepMajority() was given "db" for options; allowed is an object of options, of these: role.',
    ],
    [
      'a flag that is none',
      () => keepOldest({ downIfAlone: untyped('yes') }),
      'Option downIfAlone of keepOldest() is "yes"; allowed is true or false.',
    ],
    [
      'a referee without port',
      () => keepReferee({ referee: 'host' }),
      `Option referee of keepReferee() is "host"; allowed is the address of a member, as in 'host:2551'.`,
    ],
    [
      'a quorum of nobody',
      () => staticQuorum({ quorumSize: 0 }),
      'Option quorumSize of staticQuorum() is 0; allowed is an integer from 1 to 100000.',
    ],
    [
      'no quorum',
      () => staticQuorum(untyped({})),
      'Option quorumSize of staticQuorum() is missing; allowed is an integer from 1 to 100000.',
    ],
    [
      'no options where there must be some',
      () => untyped<() => DowningStrategy>(staticQuorum)(),
      'staticQuorum() was given no options; allowed is an object of options, of these: quorumSize, role.',
    ],
    [
      'weights in a list',
      () => roleWeightedQuorum({ weights: untyped([1]), quorumWeight: 1 }),
      'Option weights of roleWeightedQuorum() is a list; allowed is an object with the weight of at least one role.',
    ],
    [
      'a weight below nothing',
      () => roleWeightedQuorum({ weights: { core: -1 }, quorumWeight: 1 }),
      'Option weights.core of roleWeightedQuorum() is -1; allowed is an integer from 0 to 1000.',
    ],
    [
      'no weights',
      () => roleWeightedQuorum({ weights: {}, quorumWeight: 1 }),
      'Option weights of roleWeightedQuorum() is an object; allowed is an object with the weight of at least one role.',
    ],
    [
      'a lease that is none',
      () => leaseMajority({ lease: untyped({ name: 'x' }) }),
      'Option lease of leaseMajority() is an object; allowed is a Lease with name, acquire, release, checkLease.',
    ],
    [
      'a delay that is no time',
      () => leaseMajority({ lease: uncalledLease, releaseAfterMs: Number.NaN }),
      'Option releaseAfterMs of leaseMajority() is NaN; allowed is a number of milliseconds of at least 0.',
    ],
    [
      'options of a strategy without any',
      () => noDowning(untyped({ role: 'db' })),
      'Option role of noDowning() is not known; allowed is none.',
    ],
  ])('%s', (_, create, message) => {
    expect(create).toThrow(expect.objectContaining({ code: 'CASTY_SBR_INVALID_OPTION', message }))
    expect(create).toThrow(SbrError)
  })
})

test.each([
  [keepMajority(), 'keep-majority'],
  [keepMajority({ role: 'db' }), 'keep-majority role=db'],
  [keepOldest(), 'keep-oldest down-if-alone=true'],
  [keepReferee({ referee: 'A:1' }), 'keep-referee referee=a:1 less-than=1'],
  [staticQuorum({ quorumSize: 3 }), 'static-quorum size=3'],
  [
    roleWeightedQuorum({ weights: { edge: 1, core: 3 }, quorumWeight: 4 }),
    'role-weighted-quorum weight=4 roles=core:3,edge:1',
  ],
  [leaseMajority({ lease: uncalledLease }), 'lease-majority lease=test delay=2000 release=40000'],
])('settings that must be alike on all nodes are in the agreement', (strategy, agreement) => {
  expect(strategy.agreement).toBe(agreement)
})

test.each<[DowningStrategy, DowningStrategy]>([
  [new KeepMajorityStrategy({ role: 'db' }), keepMajority({ role: 'db' })],
  [new KeepOldestStrategy(), keepOldest()],
  [new KeepReferee({ referee: 'a:1' }), keepReferee({ referee: 'a:1' })],
  [new StaticQuorumStrategy({ quorumSize: 2 }), staticQuorum({ quorumSize: 2 })],
  [new LeaseMajorityStrategy({ lease: uncalledLease }), leaseMajority({ lease: uncalledLease })],
  [new NoSbr(), noDowning()],
])('a strategy made by its class decides as the one made by its function', (made, strategy) => {
  const split = view('a[db] b / c d')
  expect(made.agreement).toBe(strategy.agreement)
  expect(made.lease).toEqual(strategy.lease)
  expect(rule(made, split)).toEqual(rule(strategy, split))
  expect(made.decide(split)).toEqual(strategy.decide(split))
})

test('classes tell strategies apart', () => {
  expect(new DownAllStrategy()).toBeInstanceOf(DownAllStrategy)
  expect(new DownAllStrategy()).not.toBeInstanceOf(NoSbr)
})
