import {
  downRemovalMarginMs,
  InMemoryLeases,
  inMemoryLease,
  leaseMajority,
  type ResolverOptions,
} from '@casty/sbr'
import { expect, test } from 'vitest'

const lease = inMemoryLease({ leases: new InMemoryLeases(), name: 'shop', owner: 'a' })
const strategy = leaseMajority({ lease })

test.each<[what: string, options: ResolverOptions, marginMs: number]>([
  ['is the window', {}, 5_000],
  ['is the window, however long', { stableAfterMs: 20_000 }, 20_000],
  ['outlasts the patience with a flapping network', { downAllWhenUnstable: 8_000 }, 9_000],
  ['outlasts that patience twice where a lease is waited for', { strategy }, 9_000],
  ['is what it is said to be', { downRemovalMarginMs: 1_000 }, 1_000],
])('the removal margin %s', (_what, options, marginMs) => {
  expect(downRemovalMarginMs(options)).toBe(marginMs)
})
