import { expect, test } from 'vitest'
import { Fates } from '../src/coordinator/fates.ts'
import type { ViewMember } from '../src/core/view.ts'
import { nodeOf, viewOf } from './situation.ts'

const a = nodeOf('a')
const [up] = viewOf('a') as [ViewMember]

/** @param canRun - undefined where it has not told yet */
function fatesOf(member: Partial<ViewMember>, canRun?: boolean): Fates {
  return new Fates([{ ...up, ...member }], () => canRun)
}

test.each([
  { what: 'is up', member: {}, fate: 'stays' },
  { what: 'is out of reach', member: { isReachable: false }, fate: 'gone' },
  { what: 'is leaving', member: { status: 'leaving' }, fate: 'goes' },
  { what: 'is down', member: { status: 'down' }, fate: 'gone' },
] as const)('the shards of an owner that $what: it $fate', ({ member, fate }) => {
  expect(fatesOf(member).of(a)).toBe(fate)
})

test('an owner hands over the shards of a type that it cannot run, once it has told so', () => {
  expect(fatesOf({}, false).of(a)).toBe('goes')
  expect(fatesOf({}).of(a)).toBe('stays')
})

test('who is not in the view is gone with what it had', () => {
  const fates = new Fates([], () => true)
  expect([fates.of(a), fates.isThere(a), fates.isToStay(a)]).toEqual(['gone', false, false])
})

test('who is out of reach has what it had', () => {
  const fates = fatesOf({ isReachable: false })
  expect([fates.isThere(a), fates.isToStay(a)]).toEqual([true, true])
})
