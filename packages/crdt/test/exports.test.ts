import { expect, expectTypeOf, test } from 'vitest'
import {
  CausalContext,
  Draft,
  branchOf,
  changed,
  decode,
  dotsOnly,
  encode,
  entriesOf,
  fresh,
  merge,
  nothingYet,
  Replica,
  type Body,
  type Crdt,
  type CrdtErrorCode,
  type CrdtType,
} from '../src/index.ts'

test('the codes of errors are those that the README lists', () => {
  expectTypeOf<CrdtErrorCode>().toEqualTypeOf<
    | 'CASTY_CRDT_FOREIGN_VALUE'
    | 'CASTY_CRDT_INVALID_ARGUMENT'
    | 'CASTY_CRDT_MALFORMED'
    | 'CASTY_CRDT_OVERFLOW'
    | 'CASTY_CRDT_TYPE_MISMATCH'
  >()
})

/** A type that this package does not have: a flag that is switched off as well. Switching on wins. */
class Switch implements Crdt<Switch> {
  readonly type: CrdtType<Switch> = toggle
  readonly body: Body

  constructor(body: Body) {
    this.body = body
  }

  get isOn(): boolean {
    return this.body.state.store !== undefined
  }

  turn(replica: Replica, on: boolean): Switch {
    const { store, context } = this.body.state
    const draft = new Draft(context).replace(store)
    const leaf = on ? draft.leaf(replica, []) : undefined
    return changed<Switch>(this, leaf === undefined ? draft.delta() : draft.delta(leaf))
  }
}

const toggle: CrdtType<Switch> = {
  name: 'switch',
  shape: dotsOnly,
  get empty() {
    return fresh(toggle, nothingYet)
  },
  of: (body) => new Switch(body),
}

test('a type of a user is made of the same kernel', () => {
  const [a, b] = [new Replica('a'), new Replica('b')]
  const on = toggle.empty.turn(a, true)
  const both = merge(on.turn(a, false), on.turn(b, true))
  expect([on.turn(a, false).isOn, both.isOn]).toEqual([false, true])
  expect(decode(toggle, encode(both)).isOn).toBe(true)
})

test('a context knows which dots it covers, and of whom something is missing', () => {
  const context = CausalContext.empty.with('a', 1, 2).with('a', 5, 6).with('b', 1, 1)
  expect([1, 2, 3, 5, 7].map((counter) => context.covers('a', counter))).toEqual([
    true,
    true,
    false,
    true,
    false,
  ])
  expect(context.nodesWithGaps()).toEqual(['a'])
  expect(context.with('c', 2, 2).nodesWithGaps()).toEqual(['a', 'c'])
  expect(context.with('a', 3, 4).rangesOf('a')).toEqual([1, 6])
  expect(context.without('a').nodes).toEqual(['b'])
  expect(context.without('x')).toBe(context)
})

test('a branch of nothing is nothing', () => {
  expect(branchOf([['a', undefined]])).toBeUndefined()
  expect(entriesOf(undefined).size).toBe(0)
})
