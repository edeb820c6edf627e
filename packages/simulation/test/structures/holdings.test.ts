import type { Lease } from '@casty/ddata'
import { expect, test } from 'vitest'
import { Holdings } from '../../src/structures/holdings.ts'
import type { StructuresRun } from '../../src/structures/structures-run.ts'
import type { StructuresUser } from '../../src/structures/user.ts'
import { WallClocks } from '../../src/structures/wall-clocks.ts'

const noExcuses = { mayHaveLost: false, tokensMayFall: false, tokensMayStayLow: false }

const nobodyViolates = {} as unknown as StructuresRun // Resources need nothing of a run.

/** Who has what, one after the other: under which token, and who lets go before the next. */
function told(
  size: number,
  grants: readonly { readonly token: bigint; readonly above?: bigint; readonly letsGo?: boolean }[],
): readonly string[] {
  const violations: string[] = []
  const run = {
    world: { clock: { schedule: (_: number, step: () => void) => step() } },
    violate: (checker: string) => void violations.push(checker),
  } as unknown as StructuresRun // All that holdings need of a run.
  const holdings = new Holdings(run, noExcuses)
  const user = {
    name: 'u',
    host: 'a',
    isAlive: true,
    hasSlept: false,
    aheadMs: 0,
    clock: { peek: (look: () => unknown) => look() },
  } as unknown as StructuresUser // All that holdings need of a user.
  for (const { token, above = -1n, letsGo = true } of grants) {
    const lease = { token, permits: 1, isHeld: true, fence: String(token) } as unknown as Lease
    const letGo = holdings.granted('lock l', size, user, lease, above)
    if (letsGo) letGo()
  }
  return violations
}

test('a lock that one has after the other is as it should be', () => {
  expect(told(1, [{ token: 1n }, { token: 2n, above: 1n }])).toEqual([])
})

test('a lock that two have is told', () => {
  const grants = [{ token: 1n, letsGo: false }, { token: 2n }]
  expect(told(1, grants)).toEqual(['no more is held than there is'])
  expect(told(2, grants)).toEqual([])
})

test('a token that was given before is told', () => {
  expect(told(3, [{ token: 1n }, { token: 1n }])).toEqual(['tokens only grow'])
})

test('a token below those that had been given is told', () => {
  expect(told(3, [{ token: 5n }, { token: 4n, above: 5n }])).toEqual(['tokens only grow'])
  expect(told(3, [{ token: 5n }, { token: 4n, above: 3n }])).toEqual([])
})

test('a resource refuses tokens below the highest that it was told of', () => {
  const fallen = { mayHaveLost: true, tokensMayFall: true, tokensMayStayLow: false }
  const holdings = new Holdings(nobodyViolates, fallen)
  expect([5n, 4n, 5n, 6n].map((token) => holdings.claim('lock l', token))).toEqual([
    true,
    false,
    true,
    true,
  ])
  expect(holdings.write('lock l', 5n)).toBe(false)
})

test('a resource takes lower tokens where nothing is left and too few clocks are right', () => {
  const excuses = { ...noExcuses }
  const holdings = new Holdings(nobodyViolates, excuses)
  expect(holdings.claim('lock l', 5n)).toBe(true)
  excuses.tokensMayStayLow = true
  expect(holdings.claim('lock l', 3n)).toBe(true)
  expect(holdings.write('lock l', 3n)).toBe(true)
})

test.for([
  ['none was set', {}, true],
  ['one of three was set back', { a: -5 }, true],
  ['two of three were set back', { a: -5, b: -1 }, false],
  ['one was set ahead', { a: 5 }, false],
] as const)('whether wall clocks can be relied on: %s', ([, byMs, areMostlyRight]) => {
  const clocks = new WallClocks(3)
  for (const [host, ms] of Object.entries(byMs)) clocks.set(host, ms)
  expect(clocks.areMostlyRight).toBe(areMostlyRight)
  expect(clocks.wereSet).toBe(Object.keys(byMs).length > 0)
})
