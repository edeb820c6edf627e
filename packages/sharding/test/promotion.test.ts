// Whether so many have told what they have that nothing confirmed can be with the others alone.
import { NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import { isEnough, type Promotion } from '../src/coordinator/promotion.ts'
import type { CensusReport, ReplicaReport } from '../src/protocol.ts'
import { unowned } from '../src/table/shard-row.ts'

const census = 100

/** Who wrote down that these hosts had copies, as in `a b c`. */
function record(hosts: string, isLate = false): CensusReport {
  return { census, hosts: hosts.split(' ').map((host) => `${host}:1`), isLate }
}

/**
 * Of a shard that nobody has, after a restart of all.
 *
 * @param told - by node, as in `a#2` for its second life: what it wrote down
 * @param here - who is there; all that told where it is not said
 */
function promotionOf(
  told: Readonly<Record<string, CensusReport>>,
  disks: number,
  here: readonly string[] = Object.keys(told),
): Promotion {
  const at = { typeName: 'kept', shard: 0, epoch: 0 }
  const node = (text: string): NodeIdentity => NodeIdentity.parse(text.replace('#', ':1#'))
  const reports = Object.entries(told).map(
    ([text, report]): [NodeIdentity['key'], ReplicaReport] => {
      return [node(text).key, { ...at, copies: undefined, lineage: undefined, censuses: [report] }]
    },
  )
  return {
    ...at,
    settings: { name: 'kept', numShards: 1, replicas: 1, disks },
    row: unowned,
    hosts: here.map(node),
    since: 0,
    isForced: false,
    told: new Map(reports),
    isContested: false,
    isWanted: true,
  }
}

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
  expect(isEnough(promotionOf({ 'a#1': all, 'b#1': record('a b c', true) }, 2))).toBe(false)
  expect(isEnough(promotionOf({ 'a#1': all, 'b#1': all }, 2))).toBe(true)
})

test('where all who had copies are here, there is nobody to wait for, though some came late', () => {
  const [all, late] = [record('a b c'), record('a b c', true)]
  expect(isEnough(promotionOf({ 'a#1': all, 'b#1': late, 'c#1': late }, 2))).toBe(true)
  expect(isEnough(promotionOf({ 'a#1': all, 'b#1': late, 'd#1': late }, 2))).toBe(false)
  expect(isEnough(promotionOf({ 'a#1': late, 'b#1': late, 'c#1': late }, 2))).toBe(false)
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
