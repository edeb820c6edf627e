import { describe, expect, test } from 'vitest'
import {
  Replica,
  deltaOf,
  encode,
  entriesOf,
  equals,
  flag,
  gCounter,
  gSet,
  lwwMap,
  lwwRegister,
  merge,
  modifiedBy,
  mvRegister,
  nextTimestamp,
  orMap,
  orMultiMap,
  orSet,
  pnCounter,
  pnCounterMap,
  pruned,
  standIn,
  stampsOf,
  withoutDelta,
  withoutNode,
  withoutPruned,
  type DotStore,
  type PNCounterMap,
} from '../src/index.ts'

function nodes(): readonly [Replica, Replica, Replica] {
  return [new Replica('r1'), new Replica('r2'), new Replica('r3')]
}

describe('counters', () => {
  test('add up what each node counted, however often they are merged', () => {
    const [one, two] = nodes()
    const left = gCounter().empty.increment(one, 3)
    const right = gCounter().empty.increment(two, 4)
    const both = merge(merge(merge(left, right), right), left)
    expect(both.value).toBe(7)
    expect(merge(right, both.increment(one)).value).toBe(8)
    expect([...both.totals]).toEqual([
      ['r1', 3n],
      ['r2', 4n],
    ])
  })

  test.each([-1, 1.5, Number.NaN, Infinity, 2 ** 53, -1n])('refuse to count %s', (amount) => {
    const [one] = nodes()
    const error = { code: 'CASTY_CRDT_INVALID_ARGUMENT' }
    expect(() => gCounter().empty.increment(one, amount)).toThrow(expect.objectContaining(error))
    expect(() => pnCounter().empty.decrement(one, amount)).toThrow(expect.objectContaining(error))
    expect(() => pnCounterMap().empty.increment(one, 'k', amount)).toThrow(
      expect.objectContaining(error),
    )
  })

  test('count exactly beyond the safe integers, and say so where a number is asked for', () => {
    const [one, two] = nodes()
    const left = gCounter().empty.increment(one, Number.MAX_SAFE_INTEGER)
    const both = merge(left, gCounter().empty.increment(two, 2n))
    expect(both.bigValue).toBe(9_007_199_254_740_993n)
    expect(() => both.value).toThrow(expect.objectContaining({ code: 'CASTY_CRDT_OVERFLOW' }))
    const back = pnCounter()
      .empty.increment(one, 2n ** 60n)
      .decrement(one, 2n ** 60n)
    expect(back.value).toBe(0)
  })

  test('that count nothing stay what they are', () => {
    const [one] = nodes()
    const counter = pnCounter().empty.increment(one, 2)
    expect(counter.increment(one, 0)).toBe(counter)
    expect(deltaOf(withoutDelta(counter).decrement(one, 0))).toBeUndefined()
  })

  test('tell apart what was added and what was taken away', () => {
    const [one, two] = nodes()
    const counter = pnCounter().empty.increment(one, 3).decrement(two, 5)
    expect(counter.value).toBe(-2)
    expect([...counter.increments]).toEqual([['r1', 3n]])
    expect([...counter.decrements]).toEqual([['r2', 5n]])
  })
})

describe('flags and sets that only grow', () => {
  test('are on once somebody switched them on', () => {
    const [one] = nodes()
    const on = flag().empty.switchOn(one)
    expect([flag().empty.value, on.value]).toEqual([false, true])
    expect(on.switchOn(one)).toBe(on)
  })

  test('hold each element once, equal by content', () => {
    const [one, two] = nodes()
    const set = gSet().empty.add(one, { b: 1, a: [2] })
    expect(set.add(two, { a: [2], b: 1 })).toBe(set)
    expect(set.has({ a: [2], b: 1 })).toBe(true)
    expect(set.value).toEqual([{ a: [2], b: 1 }])
    expect(set.size).toBe(1)
  })

  test.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['an instance', new Date(0)],
    ['NaN', Number.NaN],
    ['a list with a hole', Array.from({ length: 1 })],
    ['a name of every object', JSON.parse('{"__proto__":1}') as unknown],
    ['something too deep', JSON.parse(`${'['.repeat(33)}${']'.repeat(33)}`) as unknown],
  ])('refuse %s as an element', (_, element) => {
    const [one] = nodes()
    // What a user without types may give.
    expect(() => gSet().empty.add(one, element as string)).toThrow(
      expect.objectContaining({ code: 'CASTY_CRDT_INVALID_ARGUMENT' }),
    )
  })
})

describe('sets with removal', () => {
  const add = (replica: Replica, element: string) => orSet<string>().empty.add(replica, element)

  test('keep what is added and removed at the same time', () => {
    const [one, two] = nodes()
    const first = add(one, 'x')
    const [removed, added] = [first.remove('x'), first.add(two, 'x')]
    expect(merge(removed, added).value).toEqual(['x'])
    expect(merge(added, removed).value).toEqual(['x'])
  })

  test('do not let go of what the remover has not seen', () => {
    const [one] = nodes()
    const there = add(one, 'x')
    const empty = orSet<string>().empty
    expect(empty.remove('x')).toBe(empty)
    expect(merge(there, empty.remove('x')).value).toEqual(['x'])
  })

  test('do not get back through an old replica what was removed', () => {
    const [one] = nodes()
    const old = add(one, 'x')
    const removed = merge(old, old.remove('x'))
    expect(merge(removed, old).value).toEqual([])
    expect(merge(old, removed).value).toEqual([])
  })

  test('take deltas doubled and in reverse', () => {
    const [one] = nodes()
    let set = orSet<string>().empty
    const deltas: (typeof set)[] = []
    const step = (next: typeof set): void => {
      const delta = deltaOf(next)
      if (delta) deltas.push(delta)
      set = withoutDelta(next)
    }
    step(set.add(one, 'a'))
    step(set.add(one, 'b'))
    step(set.remove('a'))
    step(set.add(one, 'c'))
    const taken = [...deltas, ...deltas].toReversed()
    expect(taken).toHaveLength(8)
    expect(taken.reduce((all, delta) => merge(all, delta), orSet<string>().empty).value).toEqual([
      'b',
      'c',
    ])
  })

  test('keep nothing of what was removed but one number per node', () => {
    const [one] = nodes()
    let set = orSet<string>().empty
    for (let count = 0; count < 500; count++) set = set.add(one, `element ${count}`)
    expect(encode(set.clear()).length).toBeLessThan(24)
    expect(set.clear().clear().value).toEqual([])
  })

  test('made anew by the same node hold nothing of what they held before', () => {
    const [one] = nodes()
    const before = add(one, 'old')
    expect(merge(before, add(one, 'new')).value).toEqual(['new'])
  })
})

describe('registers', () => {
  test('keep the later write, of two at once that of the greater name', () => {
    const [one, two, three] = nodes()
    const empty = lwwRegister<string>().empty
    const both = merge(empty.set(one, 'a', 100), empty.set(two, 'b', 100))
    expect(both.written).toEqual({ value: 'b', writtenAtMs: 100, node: 'r2' })
    expect(merge(both, empty.set(three, 'c', 99)).value).toBe('b')
    const low = lwwRegister<string>({ tie: 'lowest-node' }).empty
    expect(merge(low.set(two, 'b', 100), low.set(one, 'a', 100)).value).toBe('a')
  })

  test('let a write win over what its writer has seen, though its clock is behind', () => {
    const [one, two] = nodes()
    const before = lwwRegister<string>().empty.set(two, 'b', 100)
    const after = before.set(one, 'd', 50)
    expect(merge(before, after).written).toEqual({ value: 'd', writtenAtMs: 101, node: 'r1' })
    expect(nextTimestamp('last', 50, 100)).toBe(101)
  })

  test('keep the first write where that is asked for', () => {
    const [one, two] = nodes()
    const empty = lwwRegister<string>({ keep: 'first' }).empty
    const first = empty.set(one, 'a', 100)
    expect(first.set(two, 'b', 200)).toBe(first)
    expect(merge(empty.set(two, 'b', 200), first).written?.writtenAtMs).toBe(100)
  })

  test('are not undecided anew when the winner of a tie is pruned', () => {
    const [one, two, three] = nodes()
    const empty = lwwRegister<string>().empty
    const all = merge(empty.set(two, 'b', 7), empty.set(three, 'c', 7))
    const after = pruned(all, 'r3', one)
    expect(after.written).toEqual({ value: 'c', writtenAtMs: 7, node: 'r3' })
    expect(modifiedBy(after)).toEqual(['r1', 'r2'])
  })

  test('keep all values of one time, until one is written by somebody who has seen them', () => {
    const [one, two] = nodes()
    const empty = mvRegister<string>().empty
    const both = merge(empty.set(one, 'x'), empty.set(two, 'y'))
    expect(both.values).toEqual(['x', 'y'])
    expect(both.set(one, 'z').values).toEqual(['z'])
    expect(merge(both.clear(), both).values).toEqual([])
  })

  test.each([-1, 0.5, Number.NaN, 2 ** 52])('refuse %s as a time', (nowMs) => {
    const [one] = nodes()
    expect(() => lwwMap<number>().empty.put(one, 'k', 1, nowMs)).toThrow(
      expect.objectContaining({ code: 'CASTY_CRDT_INVALID_ARGUMENT' }),
    )
  })

  test('refuse rules that there are not', () => {
    // What a user without types may give.
    const options = { tie: 'random' } as unknown as { tie: 'lowest-node' }
    expect(() => lwwRegister(options)).toThrow(/^tie is "random"; allowed is/)
  })
})

describe('maps', () => {
  test('of sets keep what was changed while the key was removed, and nothing else', () => {
    const [one, two] = nodes()
    const map = orMap(orSet<string>()).empty.update(one, 'k', (set) => set.add(one, '1'))
    const removed = map.remove('k')
    const updated = map.update(two, 'k', (set) => set.add(two, '2'))
    const both = merge(removed, updated)
    expect(both.get('k')?.value).toEqual(['2'])
    expect(merge(updated, removed).get('k')?.value).toEqual(['2'])
  })

  test('of counters do not get back what was counted before the key was removed', () => {
    const [one, two] = nodes()
    const map = pnCounterMap().empty.increment(one, 'k', 5)
    const both = merge(map.remove('k'), map.increment(two, 'k', 2))
    expect([...both.value]).toEqual([['k', 2]])
    expect(both.get('k')).toBe(2)
  })

  test('of sets take nothing away that the remover has not seen, by delta or by state', () => {
    const [one, two] = nodes()
    const left = orMultiMap<string>().empty.add(one, 'b', 'B1')
    const right = orMultiMap<string>().empty.add(two, 'b', 'B2').removeKey('b')
    const delta = deltaOf(right)
    if (!delta) throw new Error('it was changed')
    for (const merged of [merge(left, right), merge(left, delta), merge(right, left)])
      expect([...merged.value]).toEqual([['b', ['B1']]])
  })

  test('of sets have a key as long as it holds something', () => {
    const [one] = nodes()
    const map = orMultiMap<number>().empty.put(one, 'k', [1, 2]).replace(one, 'k', 2, 3)
    expect(map.get('k')).toEqual([1, 3])
    expect(map.remove('k', 1).remove('k', 3).has('k')).toBe(false)
    expect(map.put(one, 'k', []).size).toBe(0)
    expect(map.remove('other', 1)).toBe(map)
  })

  test('have a key though its value is empty, until it is removed', () => {
    const [one] = nodes()
    const map = orMap(gCounter()).empty.update(one, 'k', (counter) => counter)
    expect(map.get('k')?.value).toBe(0)
    expect(map.update(one, 'k', (counter) => counter)).toBe(map)
    expect(map.remove('k').has('k')).toBe(false)
  })

  test('of maps of maps hold one history for all that is in them', () => {
    const [one, two] = nodes()
    const type = orMap(orMap(mvRegister<string>()))
    const base = type.empty.update(one, 'a', (inner) =>
      inner.update(one, 'b', (register) => register.set(one, 'x')),
    )
    const left = base.update(one, 'a', (inner) => inner.remove('b'))
    const right = base.update(two, 'a', (inner) =>
      inner.update(two, 'b', (register) => register.set(two, 'y')),
    )
    expect(merge(left, right).get('a')?.get('b')?.values).toEqual(['y'])
  })

  test('put a copy in place of what is there', () => {
    const [one, two] = nodes()
    const set = orSet<string>().empty.add(two, 'x').add(two, 'y')
    const map = orMap(orSet<string>()).empty.update(one, 'k', (old) => old.add(one, 'old'))
    const after = map.put(one, 'k', set)
    expect(after.get('k')?.value).toEqual(['x', 'y'])
    expect(modifiedBy(after)).toEqual(['r1'])
    expect(merge(map, after).get('k')?.value).toEqual(['x', 'y'])
  })

  test('refuse a value that was not made from theirs', () => {
    const [one] = nodes()
    const map = orMap(orSet<string>()).empty
    const foreign = orSet<string>().empty.add(one, 'x')
    const error = { code: 'CASTY_CRDT_FOREIGN_VALUE' }
    expect(() => map.update(one, 'k', () => foreign)).toThrow(expect.objectContaining(error))
    expect(() => map.update(one, 'k', (set) => merge(set, foreign))).toThrow(
      expect.objectContaining(error),
    )
  })

  test('in which one write stays lose nothing that was written while a key was removed', () => {
    const [one, two] = nodes()
    const map = lwwMap<number>().empty.put(one, 'a', 1, 1).put(one, 'b', 2, 2)
    const both = merge(map.remove('b'), map.put(two, 'b', 22, 10))
    expect([...both.value]).toEqual([
      ['a', 1],
      ['b', 22],
    ])
    expect(both.written('b')).toEqual({ value: 22, writtenAtMs: 10, node: 'r2' })
  })
})

test('a change leaves one dot in place of all that it has seen', () => {
  const [one, two] = nodes()
  const places: (readonly [DotStore | undefined, readonly string[]])[] = [
    [orSet().empty.add(one, 1).add(two, 1).body.state.store, ['1']],
    [lwwMap().empty.put(one, 'k', 1, 1).put(two, 'k', 1, 2).body.state.store, ['"k"']],
    [orMultiMap().empty.add(one, 'k', 1).add(two, 'k', 1).body.state.store, ['"k"', '1']],
    [
      orMap(orSet())
        .empty.update(one, 'k', (set) => set.add(one, 1))
        .update(two, 'k', (set) => set.add(two, 1)).body.state.store,
      ['"k"', 'p'],
    ],
  ]
  for (const [store, path] of places) {
    const leaf = path.reduce<DotStore | undefined>((at, key) => entriesOf(at).get(key), store)
    expect([...stampsOf(leaf).keys()]).toEqual(['r2'])
  }
})

test('values that have seen the same are not equal where one has more of it left', () => {
  const [one, two] = nodes()
  const [left, right] = [orSet().empty.add(one, 'x'), orSet().empty.add(two, 'x')]
  const [both, some] = [merge(left, right), merge(left, right.remove('x'))]
  expect(modifiedBy(both)).toEqual(modifiedBy(some))
  expect([equals(both, some), equals(some, both)]).toEqual([false, false])
})

test('counting anew replaces what was counted, so that removing the later removes the former too', () => {
  const [one] = nodes()
  const empty = pnCounterMap().empty
  const first = empty.increment(one, 'k')
  const between = withoutDelta(first).increment(one, 'other')
  const later = deltaOf(withoutDelta(between).increment(one, 'k'))
  if (!later) throw new Error('it was changed')
  const removed = merge(empty, later).remove('k')
  expect(merge(removed, first).has('k')).toBe(false)

  const grown = orMap(gCounter())
  const once = grown.empty.update(one, 'k', (counter) => counter.increment(one))
  const apart = withoutDelta(once).update(one, 'other', (counter) => counter)
  const twice = deltaOf(withoutDelta(apart).update(one, 'k', (counter) => counter.increment(one)))
  if (!twice) throw new Error('it was changed')
  expect(merge(merge(grown.empty, twice).remove('k'), once).has('k')).toBe(false)
})

describe('replicas', () => {
  test('that are gone leave what they did, without their name', () => {
    const [one, , three] = nodes()
    const late = pnCounter().empty.increment(three, 7)
    const all = merge(late, pnCounter().empty.increment(one, 5))
    const after = pruned(all, 'r3', one)
    expect([after.value, modifiedBy(after)]).toEqual([12, ['r1']])
    expect(merge(after, withoutNode(late, 'r3')).value).toBe(12)
    expect(pruned(after, 'r3', one)).toBe(after)
    expect(() => pruned(all, 'r1', one)).toThrow(/^removed is "r1"/)
  })

  test('that are gone have nothing back that was taken out where nobody knew who stands in for them', () => {
    const [one, two, three] = nodes()
    const first = orSet<string>().empty.add(three, 'alone')
    const late = first.addAll(three, ['both', 'again', 'stays'])
    const all = merge(late, orSet<string>().empty.add(one, 'both'))
    const after = pruned(all, 'r3', one)
    const by = standIn(all, after, 'r3', 'r1')
    const joined = (value: typeof all): readonly string[] => {
      const clean = withoutPruned(value, 'r3', after, by)
      expect(equals(merge(clean, after), merge(after, clean))).toBe(true)
      return [...merge(clean, after).value].toSorted()
    }
    const out = ['alone', 'both', 'again']
    const smaller = out.reduce((set, element) => set.remove(element), all)
    expect(joined(smaller)).toEqual(['stays'])
    expect(joined(smaller.add(two, 'again'))).toEqual(['again', 'stays'])
    // What the one that stands in put in at the same time is not what was taken out.
    const unseen = out.reduce((set, element) => set.remove(element), late)
    expect(joined(unseen)).toEqual(['both', 'stays'])
    // Whoever has not seen all of it may never have had what is not there.
    expect(joined(first.remove('alone'))).toEqual(['again', 'alone', 'both', 'stays'])
  })

  test('that are gone have nothing back that another one had put in as well, whatever that one did since', () => {
    const [one, two, three] = nodes()
    const both = merge(orSet<string>().empty.add(three, 'x'), orSet<string>().empty.add(one, 'x'))
    const since = both.add(one, 'since')
    const after = pruned(since, 'r3', one)
    const joined = (value: typeof both): readonly string[] => {
      const by = standIn(since, after, 'r3', 'r1')
      return [...merge(withoutPruned(value, 'r3', after, by), after).value].toSorted()
    }
    expect(joined(both.remove('x'))).toEqual(['since'])
    expect(joined(both.remove('x').add(two, 'x'))).toEqual(['since', 'x'])
  })

  test('that are gone have nothing back of many, while the one that stands in changes few of them', () => {
    const [one, two, three] = nodes()
    const keys = Array.from({ length: 300 }, (_, at) => `${at}`)
    const counted = (replica: Replica): PNCounterMap =>
      keys.reduce((map, key) => map.increment(replica, key), pnCounterMap().empty)
    const all = merge(counted(three), counted(one))
    const out = ['7', '8', '299'].reduce((map, key) => map.remove(key), all)
    // At the same time, and not known where these were taken out.
    const since = all.increment(one, 'since').increment(one, '8')
    const after = pruned(since, 'r3', one)
    const by = standIn(since, after, 'r3', 'r1')
    expect(by).toMatchObject({ alone: 0, both: 300 })
    expect(by.own.size).toBe(256) // The newest: that of the key 7 is told by what is known of all others.
    const taken = ['7', '8', '299']
    const joined = (value: PNCounterMap): readonly string[] => {
      const { value: counts } = merge(withoutPruned(value, 'r3', after, by), after)
      return taken.filter((key) => counts.has(key))
    }
    expect(joined(out)).toEqual(['8'])
    expect(joined(out.increment(two, '7'))).toEqual(['7', '8'])
  })

  test.each(['', 'x'.repeat(513), '\uD800'])('refuse the name %j', (node) => {
    expect(() => new Replica(node)).toThrow(/^node is /)
  })

  test('go on after the counters that they have used', () => {
    const replica = new Replica('r1', 41)
    expect(replica.nextCounter(7)).toBe(42)
    expect(replica.nextCounter(99)).toBe(100)
    expect(replica.lastCounter).toBe(100)
    expect(() => new Replica('r1', -1)).toThrow(/^lastCounter is -1/)
    expect(() => new Replica('r1', Number.MAX_SAFE_INTEGER).nextCounter(0)).toThrow(
      /beyond the safe/,
    )
  })

  test('of one name that know nothing of each other take no dot twice in one change', () => {
    const map = orMap(orSet<string>()).empty.update(new Replica('r1'), 'k', (set) =>
      set.add(new Replica('r1'), 'x'),
    )
    expect(map.update(new Replica('r1'), 'l', (set) => set).get('k')?.value).toEqual(['x'])
    const removed = merge(
      map,
      map.update(new Replica('r1'), 'k', (set) => set.remove('x')),
    )
    expect([removed.has('k'), removed.get('k')?.size]).toEqual([true, 0])
  })

  test('of two types are not merged', () => {
    const last = lwwRegister<string>().empty
    const first = lwwRegister<string>({ keep: 'first' }).empty
    expect(() => merge(last, first)).toThrow(
      expect.objectContaining({ code: 'CASTY_CRDT_TYPE_MISMATCH' }),
    )
  })
})
