import { expect, test } from 'vitest'
import { Census, lineageFound } from '../src/coordinator/census.ts'
import { nothing } from '../src/coordinator/found.ts'
import { unowned } from '../src/table/shard-row.ts'
import { nodeOf, typeOf } from './situation.ts'

const [before, now, epoch] = [100, 200, 300]
const row = { ...unowned, epoch: now, owner: nodeOf('a'), lineage: now }
const confirmedBefore = { ...nothing, lineage: before, census: before }

function censusOf(census: number, disks = 2): Census {
  return new Census({ ...typeOf('a', { disks }), census })
}

test('copies that are in memory only have no lineage, and begin no census', () => {
  const census = censusOf(0, 0)
  expect(census.lineageOf(row, confirmedBefore, epoch)).toBe(0)
  expect(census.current).toBe(0)
})

test('the first shard begins the census: that of the nodes that have copies, or a new one', () => {
  const [anew, known] = [censusOf(0), censusOf(0)]
  expect(anew.lineageOf(unowned, nothing, epoch)).toBe(epoch)
  expect(anew.current).toBe(epoch)
  known.lineageOf(unowned, confirmedBefore, epoch)
  expect(known.current).toBe(before)
})

test('the census goes back to that of what was confirmed, and never on again', () => {
  const census = censusOf(now)
  expect(census.lineageOf(row, confirmedBefore, epoch)).toBe(before)
  expect(census.current).toBe(before)
  const later = { ...nothing, lineage: epoch, census: epoch }
  expect(census.lineageOf(row, later, epoch)).toBe(epoch)
  expect(census.current).toBe(before)
})

test('what was begun and never confirmed goes on', () => {
  const begun = { ...nothing, begun: now, census: before }
  expect(censusOf(0).lineageOf(unowned, begun, epoch)).toBe(now)
  // Of a row that is there, that lineage goes on which it names.
  expect(censusOf(before).lineageOf({ ...row, lineage: 250 }, begun, epoch)).toBe(250)
})

test('what was begun in a later census is doubted once it went back', () => {
  const census = censusOf(now)
  expect(census.doubts(row)).toBe(false)
  census.lineageOf(row, confirmedBefore, epoch)
  expect(census.doubts(row)).toBe(true)
  expect(census.doubts({ ...row, lineage: before })).toBe(false)
  expect(census.doubts({ ...row, owner: undefined })).toBe(false)
  expect(census.doubts({ ...row, isDecided: true })).toBe(false)
})

test.each([
  { what: 'what was confirmed', found: confirmedBefore, lineage: before },
  { what: 'that of the census', found: { ...nothing, census: before }, lineage: before },
  {
    what: 'that of what was begun',
    found: { ...nothing, begun: 150, census: before },
    lineage: 150,
  },
  {
    what: 'that of the census, where only the owner began something',
    found: { ...nothing, begun: now, census: before },
    lineage: before,
  },
  { what: 'that of the row, where nobody knows of a census', found: nothing, lineage: now },
  { what: 'a new one, as was decided', found: { ...nothing, isForced: true }, lineage: epoch },
])('the lineage by what was found is $what', ({ found, lineage }) => {
  expect(lineageFound(row, found, epoch)).toBe(lineage)
})
