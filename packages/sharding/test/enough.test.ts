// Whether so many have told what they have that nothing confirmed can be with the others alone.
import { expect, test } from 'vitest'
import { awaited, isEnough } from '../src/coordinator/enough.ts'
import type { Promotion } from '../src/coordinator/promotion.ts'
import type { ReplicaReport } from '../src/protocol.ts'
import { waitingOf } from '../src/coordinator/waiting.ts'
import { unowned } from '../src/table/shard-row.ts'
import { addressed, at, census, promotionOf, record } from './promotion-told.ts'

test('who is in the list of another one has told, whatever its own says', () => {
  const [all, others] = [record('a b c d'), record('a b c')]
  expect(isEnough(promotionOf({ 'a#1': all, 'b#1': all, 'c#1': others, 'd#1': others }, 1))).toBe(
    true,
  )
  expect(isEnough(promotionOf({ 'a#1': all, 'b#1': all, 'd#1': others }, 1))).toBe(false)
})

test('who is in no list of those that count has nothing to tell for others', () => {
  const [all, others] = [record('a b c'), record('d e')]
  expect(isEnough(promotionOf({ 'a#1': all, 'd#1': others, 'e#1': others }, 2))).toBe(false)
  expect(isEnough(promotionOf({ 'a#1': all, 'b#1': all, 'e#1': others }, 2))).toBe(true)
})

test('who came to it without what was on its disk has told nothing, though all name it', () => {
  const all = record('a b c')
  for (const isLate of [true, false]) {
    const empty = record('a b c', isLate, 2)
    expect(isEnough(promotionOf({ 'a#1': all, 'b#2': empty }, 2))).toBe(false)
    expect(isEnough(promotionOf({ 'a#1': all, 'b#2': empty, 'c#1': all }, 2))).toBe(true)
  }
  expect(isEnough(promotionOf({ 'a#1': all, 'b#2': all }, 2))).toBe(true)
})

test('who has yet to be filled has told, where one that is filled names the disk that it has', () => {
  const [all, late] = [record('a b c'), record('a b c', true)]
  expect(isEnough(promotionOf({ 'b#1': all, 'c#1': late }, 2))).toBe(true)
  expect(isEnough(promotionOf({ 'b#1': all, 'c#1': late }, 1))).toBe(false)
  expect(isEnough(promotionOf({ 'b#1': late, 'c#1': late }, 2))).toBe(false)
  expect(isEnough(promotionOf({ 'a#1': late, 'b#1': late, 'c#1': late }, 2))).toBe(false)
  // What the one that is filled knows is out of date.
  const later = record('c d', true)
  expect(isEnough(promotionOf({ 'b#1': all, 'c#1': later }, 2))).toBe(false)
})

test('who has no copies cannot say that others need not be filled', () => {
  const late = record('a c d', true)
  const told = { 'c#1': late, 'd#1': late, 'e#1': record('a c d') }
  expect(isEnough(promotionOf(told, 2))).toBe(false)
  expect(isEnough(promotionOf({ ...told, 'a#1': record('a c d') }, 2))).toBe(true)
})

test('where all are back, and more disks are lost than may be, people are asked', () => {
  const [all, empty] = [record('a b c'), record('a b c', true, 2)]
  expect(isEnough(promotionOf({ 'a#1': all, 'b#2': empty, 'c#2': empty }, 2))).toBe(false)
  expect(isEnough(promotionOf({ 'a#1': all, 'b#2': empty, 'c#2': empty }, 3))).toBe(true)
})

test('where nobody has been filled so far, nothing is missing once every disk is here that any of them names', () => {
  const late = { ...record('a b c', true), namesAll: true }
  expect(isEnough(promotionOf({ 'a#1': late, 'b#1': late }, 2))).toBe(false)
  expect(isEnough(promotionOf({ 'a#1': late, 'b#1': late, 'c#1': late }, 2))).toBe(true)
  const empty = { ...late, diskSince: 2 }
  const lost = promotionOf({ 'a#1': late, 'b#1': late, 'c#2': empty }, 2)
  expect(isEnough(lost)).toBe(false)
  expect(awaited(lost)).toMatchObject([{ missing: 1, silent: ['c:1'] }])
  // One came while shards had no owner: it may name too few.
  const between = record('a b c', true)
  expect(isEnough(promotionOf({ 'a#1': late, 'b#1': late, 'c#1': between }, 2))).toBe(false)
})

test('a census that was founded beside an earlier one is done with where only few know of it, and those whom it names are here', () => {
  const before = record('a b c d')
  // The node a lost its disk; the others came to what it had founded, and went back.
  const beside = { ...record('a#2 b#2 c#2 d#2', true), census: 200, namesAll: true }
  const of = (reports: Parameters<typeof promotionOf>[0]): boolean =>
    isEnough(promotionOf(reports, 2))
  const lost = record('a#2 b#2 c#2 d#2', true, 2)
  const all = { 'a#3': lost, 'b#3': before, 'c#3': [before, beside], 'd#3': before }
  expect(of(all)).toBe(true)
  // What one has that is not here may be known to it alone.
  const { 'd#3': _, ...few } = all
  expect(of(few)).toBe(false)
  // And so may what was on a disk that is lost since.
  expect(of({ ...all, 'd#3': record('a b c d', true, 3) })).toBe(false)
  // Who knows of neither may have been in the later one for long.
  expect(of({ ...all, 'd#3': { ...beside, census: 300 } })).toBe(false)
})

test('where fewer had copies than a write needs disks, one of them has to tell', () => {
  const one = record('c')
  expect(isEnough(promotionOf({ 'a#1': one }, 2))).toBe(false)
  expect(isEnough(promotionOf({ 'a#1': one, 'b#1': one }, 2))).toBe(false)
  expect(isEnough(promotionOf({ 'a#1': one, 'c#1': one }, 2))).toBe(true)
  const two = record('c d')
  expect(isEnough(promotionOf({ 'a#1': two, 'b#1': two }, 3))).toBe(false)
  expect(isEnough(promotionOf({ 'a#1': two, 'c#1': two }, 3))).toBe(true)
})

test('where a row names fewer than a write needs disks, one of those that are to keep copies has to tell', () => {
  const known = promotionOf({ 'a#1': record('a b c') }, 3, ['a#1', 'b#1'])
  const [former, replica] = known.hosts
  if (!former || !replica) throw new Error('Two are here')
  const row = { ...unowned, epoch: 100, lineage: 100, isReplicated: true }
  expect(isEnough({ ...known, row: { ...row, replicas: [replica] } })).toBe(false)
  expect(isEnough({ ...known, row: { ...row, replicas: [replica, former] } })).toBe(false)
  expect(isEnough({ ...known, row: { ...row, replicas: [former] } })).toBe(true)
})

test('a node that began again meanwhile is one, and not two', () => {
  const all = record('a b c d e')
  const told = { 'a#1': all, 'a#2': all, 'b#1': all, 'c#1': all }
  expect(isEnough(promotionOf(told, 2))).toBe(false)
  expect(isEnough(promotionOf({ ...told, 'd#1': all }, 2))).toBe(true)
})

test('what somebody told who is not there any more does not count: it is asked again', () => {
  const all = record('a b c')
  const told = { 'a#1': all, 'b#1': all }
  expect(isEnough(promotionOf(told, 2, ['a#1', 'b#1']))).toBe(true)
  expect(isEnough(promotionOf(told, 2, ['b#1']))).toBe(false)
})

test('of the nodes of a row so many have to tell that nothing can be with the others alone, once these are filled', () => {
  const known = promotionOf({ 'a#1': record('a b c') }, 2)
  const row = { ...unowned, epoch: 100, lineage: 100, replicas: known.hosts }
  expect(isEnough({ ...known, row })).toBe(false)
  expect(isEnough({ ...known, row: { ...row, isReplicated: true } })).toBe(true)
})

test('where the last owner is gone, and others bring what was confirmed before, the nodes of the census have what it confirmed', () => {
  const all = record('a b c')
  const known = promotionOf({ 'a#1': all, 'b#1': all, 'c#1': all }, 2)
  const [before, owner, replicas] = [census + 1, addressed('a#0'), known.hosts.slice(1, 2)]
  const row = { ...unowned, epoch: census + 2, lineage: census + 2, owner, replicas }
  const told = new Map(known.told)
  const [, , keeper] = known.hosts
  const report = keeper && told.get(keeper.key)
  if (!keeper || !report) throw new Error('Three have told')
  told.set(keeper.key, { ...report, lineage: { bornIn: before, isConfirmed: true } })
  expect(isEnough({ ...known, row, told })).toBe(true)
  // Confirmed in another census, it is with nodes that nobody here names.
  expect(isEnough({ ...known, row, told, census: census + 2 })).toBe(false)
  expect(isEnough({ ...known, row, told, isContested: true })).toBe(false)
  for (const { key } of known.hosts.slice(0, 2)) told.delete(key)
  expect(isEnough({ ...known, row, told })).toBe(false)
})

test('what is undecided, and its owner gone, is with the nodes of the census in which it was begun', () => {
  const earlier = record('a b c')
  const begun = { ...earlier, census: census + 5 }
  const known = promotionOf({ 'a#1': earlier, 'b#1': earlier, 'c#1': earlier }, 2)
  const [owner, replicas] = [addressed('d#1'), known.hosts.slice(1)]
  const row = { ...unowned, epoch: 105, lineage: 105, owner, replicas, isUndecided: true }
  const knowing = (...nodes: readonly string[]): Promotion['told'] =>
    new Map(
      [...known.told].map(([key, report]) => {
        const isOne = nodes.some((node) => addressed(node).key === key)
        return [key, { ...report, censuses: isOne ? [earlier, begun] : [earlier] }]
      }),
    )
  const undecided = { ...known, row, isContested: true }
  expect(isEnough({ ...undecided, told: knowing('b#1', 'c#1') })).toBe(true)
  expect(isEnough({ ...undecided, told: knowing('c#1') })).toBe(false)
  expect(isEnough(undecided)).toBe(false)
  // What its owner says itself comes before that.
  const contested = { ...row, isUndecided: false }
  expect(isEnough({ ...undecided, row: contested, told: knowing('b#1', 'c#1') })).toBe(false)
})

test('what a gone owner confirmed beside what was there before is with the nodes of its census', () => {
  const before = { ...record('a b c'), census: 50 }
  const begun = record('a#2 b c', false, 2)
  const late = { ...record('a#2 b c', true), namesAll: true }
  const known = promotionOf({ 'a#3': begun, 'b#1': late, 'c#1': late }, 2)
  const [, ...replicas] = known.hosts
  const row = { ...unowned, epoch: 105, lineage: 105, owner: addressed('a#2'), replicas }
  const told = new Map(known.told)
  for (const { key } of replicas) {
    const lineage = { bornIn: 50, isConfirmed: true }
    told.set(key, { ...at, copies: undefined, lineage, censuses: [before, late] })
  }
  const waiting = { ...known, row, told }
  expect(isEnough(waiting)).toBe(true)
  // The table has gone back since.
  const undecided = { row: { ...row, isUndecided: true }, isContested: true, census: 50 }
  expect(isEnough({ ...waiting, ...undecided })).toBe(true)
  const empty: ReplicaReport = { ...at, copies: undefined, lineage: undefined, censuses: [] }
  const lost = new Map([...told, [addressed('a#3').key, empty]])
  expect(isEnough({ ...waiting, told: lost })).toBe(false)
  expect(isEnough({ ...waiting, ...undecided, told: lost })).toBe(false)
})

test('what a gone owner may have confirmed is named where it is waited for', () => {
  const before = { ...record('a b c'), census: 50 }
  const [b, c] = [addressed('b#1'), addressed('c#1')]
  const row = { ...unowned, epoch: 105, lineage: 105, owner: addressed('d#1'), replicas: [b, c] }
  const known = promotionOf({ 'a#1': before, 'b#1': before, 'c#1': before }, 2)
  const told = new Map(known.told)
  const confirmed = { bornIn: 50, isConfirmed: true }
  told.set(b.key, { ...at, copies: undefined, lineage: confirmed, censuses: [before] })
  told.delete(c.key)
  // Nobody knows of a census in which it was the owner.
  const alone = { ...known, row, told }
  expect(isEnough(alone)).toBe(false)
  expect(awaited(alone).filter(({ missing }) => missing > 0)).toEqual([
    { missing: 1, silent: ['d:1'] },
  ])
  const a = addressed('a#1')
  const ofOwner = record('a c d e')
  told.set(a.key, { ...at, copies: undefined, lineage: undefined, censuses: [before, ofOwner] })
  expect(isEnough(alone)).toBe(false)
  expect(awaited(alone).filter(({ missing }) => missing > 0)).toMatchObject([
    { missing: 2, silent: ['c:1', 'd:1', 'e:1'] },
  ])
})

test('no more disks must tell than are named, and whoever is here with the one that is named is not among them', () => {
  // One is filled. Of the others none counts: they name e, which that one does not know.
  const told = {
    'a#1': record('a b c d'),
    'b#1': record('a b e', true),
    'c#1': record('a c e', true),
  }
  expect(awaited(promotionOf(told, 2))).toEqual([{ census, missing: 2, silent: ['d:1', 'e:1'] }])
  const all = promotionOf({ ...told, 'd#1': record('a d e', true) }, 2)
  expect(isEnough(all)).toBe(false)
  expect(awaited(all)).toEqual([{ census, missing: 1, silent: ['e:1'] }])
})

test('who is here with the disk that is named is not said to be here with another one', () => {
  const late = record('a b c', true)
  const explained = (promotion: Promotion): string =>
    waitingOf(promotion, isEnough(promotion), Infinity).text
  expect(explained(promotionOf({ 'a#1': late, 'b#1': late, 'c#1': late }, 2))).toContain(
    'at least 2 of them must. Of these, a:1, b:1, c:1 are here, and do not count: they may know too little.',
  )
  const all = record('a b c')
  const empty = { ...late, diskSince: 2 }
  expect(explained(promotionOf({ 'a#1': all, 'b#2': empty, 'c#2': [] }, 2))).toContain(
    'at least 1 of them must. Of these, b:1, c:1 are here with other disks.',
  )
})
