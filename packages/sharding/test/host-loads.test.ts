import { expect, test } from 'vitest'
import { HostLoads } from '../src/coordinator/host-loads.ts'
import type { Situation } from '../src/coordinator/situation.ts'
import { nodeOf, situationOf, typeOf, viewOf } from './situation.ts'

const [a, b, c] = [nodeOf('a'), nodeOf('b'), nodeOf('c')]
const view = viewOf('a', 'b', 'c')

function loadsOf(owners: string, known: Partial<Situation> = {}): HostLoads {
  return new HostLoads(typeOf(owners), situationOf({ view, ...known }), new Map())
}

function shardsOf(loads: HostLoads): readonly (readonly number[])[] {
  return loads.hosts.map(({ shards }) => shards)
}

test('a shard that moves counts where it goes', () => {
  expect(shardsOf(loadsOf('a a>b - c'))).toEqual([[0], [1], [3]])
})

test('only who is up, in reach, and has told that it can run the type is a host', () => {
  const [up, away, leaving] = view.map((member) => member)
  const someView = [up, { ...away, isReachable: false }, { ...leaving, status: 'leaving' }]
  const loads = loadsOf('a', { view: someView as Situation['view'] })
  expect(loads.hosts.map(({ node }) => node)).toEqual([a])
  expect(loadsOf('a', { canRun: () => undefined }).hosts).toEqual([])
})

test('the strategy picks among hosts, but for the one that must not have it', () => {
  const loads = loadsOf('a a b')
  expect(loads.pick(9)).toBe(view[2]?.node)
  expect(loads.pick(9, c)).toBe(view[1]?.node)
})

test('a strategy that names no host picks nobody', () => {
  const strategy = { allocate: () => nodeOf('x'), rebalance: () => [] }
  expect(loadsOf('a', { strategy }).pick(0)).toBeUndefined()
})

test('nobody is picked before all had the time to tell, but one of those that have copies', () => {
  const loads = loadsOf('a', { isGathered: () => false })
  expect(loads.pick(0)).toBeUndefined()
  expect(loads.pickOf(0, [b, nodeOf('x')])).toBe(view[1]?.node)
  expect(loads.pickOf(0, [])).toBeUndefined()
})

test('what is given away counts for who gets it at once', () => {
  const loads = loadsOf('a a b')
  loads.move(1, a, c)
  loads.move(7, undefined, c)
  loads.move(2, b, b)
  expect(shardsOf(loads)).toEqual([[0], [2], [1, 7]])
})
