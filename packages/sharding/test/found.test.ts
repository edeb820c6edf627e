// What is found of the copies of a shard by what nodes told.
import { expect, test } from 'vitest'
import { found } from '../src/coordinator/found.ts'
import type { Promotion } from '../src/coordinator/promotion.ts'
import type { CensusReport } from '../src/protocol.ts'
import { addressed, at, census, promotionOf, record } from './promotion-told.ts'

/** Nothing is known to be confirmed in what each of them has. */
function begunBy(
  known: Promotion,
  begun: Readonly<Record<string, { readonly in: number; readonly censuses: CensusReport[] }>>,
): Promotion {
  const told = new Map(known.told)
  for (const [text, { in: bornIn, censuses }] of Object.entries(begun)) {
    const copies = { epoch: bornIn, position: 1 }
    const lineage = { bornIn, isConfirmed: false }
    told.set(addressed(text).key, { ...at, copies, lineage, censuses })
  }
  return { ...known, told }
}

test('what was begun is told of as well where nothing is known to be confirmed in it', () => {
  const all = record('a b c')
  const known = promotionOf({ 'a#1': all, 'b#1': all, 'c#1': all }, 2)
  expect(found(known)).toMatchObject({ lineage: undefined, begun: undefined })
  const begun = begunBy(known, {
    'a#1': { in: 110, censuses: [all] },
    'b#1': { in: 120, censuses: [all] },
  })
  expect(found(begun)).toMatchObject({ lineage: undefined, begun: 120, census })
  // What is given up does not come back, and what has not told may have been confirmed.
  expect(found({ ...begun, isForced: true })).toMatchObject({ begun: undefined })
  const told = new Map([...begun.told].slice(0, 1))
  expect(found({ ...begun, told })).toMatchObject({ begun: undefined })
  const older = begunBy(known, { 'a#1': { in: 90, censuses: [all] } })
  expect(found(older)).toMatchObject({ begun: undefined, census })
})

test('of what was begun in several censuses that of the first goes on, as that census does', () => {
  const [all, later] = [record('a b c'), { ...record('c#2 d'), census: 200 }]
  const known = promotionOf({ 'a#1': all, 'b#1': all, 'c#2': later, 'd#1': later }, 2)
  const anew = { 'd#1': { in: 210, censuses: [later] } }
  expect(found(begunBy(known, anew))).toMatchObject({ begun: 210, census })
  const both = { ...anew, 'a#1': { in: 110, censuses: [all] } }
  expect(found(begunBy(known, both))).toMatchObject({ begun: 110, census })
})
