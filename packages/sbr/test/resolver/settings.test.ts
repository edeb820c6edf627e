import { describe, expect, test } from 'vitest'
import {
  downRemovalMarginMs,
  inMemoryLease,
  InMemoryLeases,
  keepMajority,
  keepReferee,
  leaseMajority,
  leaseName,
  splitBrainResolver,
  unstableAfterMs,
  type ResolverOptions,
} from '@casty/sbr'

/** As a caller without types might: with anything as an option. */
function resolverWith(options: Readonly<Record<string, unknown>>): unknown {
  // Wrong values are what is tested.
  return splitBrainResolver(options as ResolverOptions)
}

describe('Options of a resolver', () => {
  test.each<readonly [string, unknown, RegExp]>([
    ['strategy', 'keep-majority', /a DowningStrategy, such as keepMajority\(\)/],
    ['strategy', null, /a DowningStrategy/],
    ['strategy', { name: 'x', agreement: 'x' }, /a DowningStrategy/],
    ['stableAfterMs', -1, /milliseconds of at least 0/],
    ['stableAfterMs', '5s', /milliseconds of at least 0/],
    ['stableAfterMs', Number.POSITIVE_INFINITY, /milliseconds of at least 0/],
    ['downAllWhenUnstable', true, /'on', 'off', or a number of milliseconds above 0/],
    ['downAllWhenUnstable', 0, /'on', 'off'/],
    ['downAllWhenUnstable', 'sometimes', /'on', 'off'/],
    ['downAllWhenIndirectlyConnected', 0, /a share of the members/],
    ['downAllWhenIndirectlyConnected', 1.5, /a share of the members/],
    ['downAllWhenIndirectlyConnected', 'on', /'off', or a share/],
    ['downRemovalMarginMs', -1, /milliseconds of at least 0/],
    ['onRuling', 'log', /a function/],
  ])('refuse %s %j, saying what is allowed', (option, value, allowed) => {
    const refused = expect(() => resolverWith({ [option]: value }))
    refused.toThrow(expect.objectContaining({ code: 'CASTY_SBR_INVALID_OPTION' }))
    expect(() => resolverWith({ [option]: value })).toThrow(
      new RegExp(`^Option ${option} of splitBrainResolver\\(\\) is `),
    )
    expect(() => resolverWith({ [option]: value })).toThrow(allowed)
  })

  test('that are not known are refused by name', () => {
    expect(() => resolverWith({ stableAfter: 5_000 })).toThrow(
      /^Option stableAfter of \S+ is not known/,
    )
  })
})

describe('What nodes must agree on', () => {
  test('are strategy, window, and patience with what does not settle', () => {
    expect(splitBrainResolver().agreement).toBe('keep-majority stable=5000 unstable=4000')
    expect(splitBrainResolver({ downAllWhenUnstable: 'off' }).agreement).toBe(
      'keep-majority stable=5000 unstable=off',
    )
    expect(splitBrainResolver({ downAllWhenIndirectlyConnected: 0.7 }).agreement).toBe(
      'keep-majority stable=5000 unstable=4000 indirect=0.7',
    )
  })

  test('is the same however it was said', () => {
    const said = { strategy: keepMajority(), stableAfterMs: 5_000, downAllWhenUnstable: 4_000 }
    expect(splitBrainResolver(said).agreement).toBe(splitBrainResolver().agreement)
  })

  test('fits a handshake however long its names are, and still differs where they do', () => {
    const agreement = (referee: string): string =>
      splitBrainResolver({ strategy: keepReferee({ referee }) }).agreement
    const host = 'a-host-with-a-long-name.in-a-zone-with-a-long-name.example.com'
    const agreements = [agreement(`${host}:2551`), agreement(`${host}:2552`)]
    for (const text of agreements) {
      expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(80)
      expect(text).toMatch(/^keep-referee referee=a-host-with-a-long-name/)
    }
    expect(new Set(agreements).size).toBe(2)
  })

  test('is cut between characters', () => {
    const name = 'ü'.repeat(60)
    const lease = inMemoryLease({ leases: new InMemoryLeases(), name, owner: 'a' })
    const { agreement } = splitBrainResolver({ strategy: leaseMajority({ lease }) })
    expect(new TextEncoder().encode(agreement).length).toBeLessThanOrEqual(80)
    expect(agreement).toMatch(/^lease-majority lease=ü+…#[0-9a-f]{16}$/)
  })
})

test.each([
  [5_000, 'on', 4_000],
  [8_000, 'on', 6_000],
  [8_000, 7_000, 7_000],
  [8_000, 'off', undefined],
] as const)(
  'with a window of %i ms and %s, the patience is %s ms',
  (stableAfterMs, downAllWhenUnstable, expected) => {
    expect(unstableAfterMs({ stableAfterMs, downAllWhenUnstable })).toBe(expected)
  },
)

describe('The removal margin', () => {
  const lease = inMemoryLease({ leases: new InMemoryLeases(), name: 'shop', owner: 'a' })

  test.each<readonly [ResolverOptions, number]>([
    [{}, 9_000],
    [{ stableAfterMs: 20_000 }, 20_000],
    [{ stableAfterMs: 10_000 }, 12_500],
    [{ downAllWhenUnstable: 6_000 }, 11_000],
    [{ downAllWhenUnstable: 'off' }, 5_000],
    [{ downRemovalMarginMs: 3_000 }, 3_000],
    [{ strategy: leaseMajority({ lease }) }, 13_000],
  ])('of %o is %i ms: as long as the losing side may take to stop', (options, expected) => {
    expect(downRemovalMarginMs(options)).toBe(expected)
    expect(splitBrainResolver(options).downRemovalMarginMs).toBe(expected)
  })
})

test('a lease is named after its cluster, unless it has a name', () => {
  expect(leaseName('shop')).toBe('shop-casty-sbr')
  expect(leaseName('shop', ' ')).toBe('shop-casty-sbr')
  expect(leaseName('shop', 'the-lease')).toBe('the-lease')
})
