// The core alone: what follows from one event, without time or network.
import { Replica, changed, Draft, fresh, modifiedBy, orSet, type ORSet } from '@casty/crdt'
import { describe, expect, test } from 'vitest'
import { AnyValue, anyTypeOf } from '../src/any-value.ts'
import type { ReplicatorEffect, ReplicatorEvent } from '../src/core/events.ts'
import { ReplicatorCore } from '../src/core/replicator-core.ts'
import { answersToBucket } from '../src/core/repair.ts'
import { bucketOf, digestOf } from '../src/core/digests.ts'
import { replicatorDefaults } from '../src/options.ts'
import type { KeyState, ReplicatorMessage } from '../src/wire/messages.ts'

const sets = orSet<string>()
const anySets = anyTypeOf(sets)

class CoreNode {
  readonly core: ReplicatorCore
  nowMs = 0
  #id = 0

  constructor(
    self: string,
    nodes: readonly string[],
    removed: readonly string[] = [],
    prunes = false,
  ) {
    this.core = new ReplicatorCore({ ...replicatorDefaults, isKept: () => false, self })
    this.members(nodes, removed, prunes)
  }

  members(
    nodes: readonly string[],
    removed: readonly string[],
    prunes: boolean,
  ): readonly ReplicatorEffect[] {
    return this.step({ type: 'members-changed', nodes, reachable: new Set(nodes), removed, prunes })
  }

  step(event: ReplicatorEvent): readonly ReplicatorEffect[] {
    return this.core.step(event, { nowMs: this.nowMs, wallMs: 1_000_000 + this.nowMs, draw: 0 })
  }

  hears(from: string, message: ReplicatorMessage): readonly ReplicatorEffect[] {
    return this.step({ type: 'message-received', from, message })
  }

  change(
    key: string,
    change: (set: ORSet<string>, me: Replica) => ORSet<string>,
  ): readonly ReplicatorEffect[] {
    const call = { id: ++this.#id, key, type: anySets, consistency: 'local', timeoutMs: 1 } as const
    return this.step({
      type: 'update-requested',
      call,
      change: (value, me) => new AnyValue(anySets, change(sets.of(value.body), me).body),
    })
  }

  empty(key: string): void {
    this.change(key, (set) => {
      const { store, context } = set.body.state
      return changed(set, new Draft(context).replace(store).delta())
    })
  }

  passes(ms: number): readonly ReplicatorEffect[] {
    this.nowMs += ms
    return this.step({ type: 'time-passed' })
  }

  elements(key: string): readonly string[] {
    return fresh(sets, this.core.valueOf(key, anySets).body.state).value
  }

  state(key: string): KeyState {
    const entry = this.core.keys.get(key)
    if (!entry) throw new Error(`There is no ${key}`)
    return { key, envelope: entry.envelope }
  }
}

function stateOf(key: string, set: ORSet<string>): KeyState {
  return { key, envelope: { value: anySets.of(set.body), pruning: new Map() } }
}

function sent(effects: readonly ReplicatorEffect[]): readonly ReplicatorMessage[] {
  return effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []))
}

describe('what a node hears', () => {
  test('is not heeded where the speaker is no member', () => {
    const node = new CoreNode('a', ['b'])
    const states = [stateOf('k', sets.empty.add(new Replica('x'), 'x'))]
    expect(node.hears('x', { type: 'deltas', states })).toEqual([])
    expect(node.elements('k')).toEqual([])
    expect(node.core.counts.dropped['not-a-member']).toBe(1)
  })

  test('is taken and asked after where it builds on what is not there', () => {
    const node = new CoreNode('a', ['b'])
    const other = new Replica('b', 4)
    const effects = node.hears('b', {
      type: 'deltas',
      states: [
        stateOf(
          'k',
          sets.of({
            ...sets.empty.body,
            state: {
              store: sets.empty.add(other, 'x').body.state.store,
              context: sets.empty.body.state.context.with('b', 5, 5),
            },
          }),
        ),
      ],
    })
    expect(node.elements('k')).toEqual(['x'])
    expect(sent(effects)).toEqual([{ type: 'want', keys: ['k'] }])
    expect(node.core.counts.gaps).toBe(1)
  })

  test('of an empty value that it has never heard of is nothing to remember', () => {
    const node = new CoreNode('a', ['b'])
    const emptied = sets.empty.add(new Replica('b'), 'x').clear()
    node.hears('b', { type: 'states', answers: true, states: [stateOf('k', emptied)] })
    expect(node.core.keys.size).toBe(0)
  })

  test('is answered with more, where it has more', () => {
    const node = new CoreNode('a', ['b'])
    node.change('k', (set, me) => set.add(me, 'here'))
    const there = stateOf('k', sets.empty.add(new Replica('b'), 'there'))
    const told = { type: 'states', answers: true, states: [there] } as const
    expect(sent(node.hears('b', told))).toEqual([
      { type: 'states', answers: false, states: [node.state('k')] },
    ])
    expect(node.elements('k')).toEqual(['here', 'there'])
    expect(sent(node.hears('b', { ...told, states: [node.state('k')] }))).toEqual([])
  })

  test('in answer to a read is taken before the read is answered', () => {
    const node = new CoreNode('a', ['b'])
    const call = { id: 1, key: 'k', type: anySets, consistency: 'all', timeoutMs: 9 } as const
    expect(sent(node.step({ type: 'read-requested', call }))).toEqual([
      { type: 'read', id: 1, key: 'k' },
    ])
    const state = stateOf('k', sets.empty.add(new Replica('b'), 'x'))
    const effects = node.hears('b', { type: 'read-answer', id: 1, state })
    const [outcome] = effects.flatMap((effect) =>
      effect.type === 'answer' ? [effect.outcome] : [],
    )
    expect(outcome?.type).toBe('confirmed')
    expect(node.elements('k')).toEqual(['x'])
    expect(node.hears('b', { type: 'read-answer', id: 1, state })).toEqual([])
  })

  test('of one that was not asked confirms nothing', () => {
    const node = new CoreNode('a', ['b', 'c'])
    const call = { id: 1, key: 'k', type: anySets, consistency: 'all', timeoutMs: 9 } as const
    node.step({ type: 'read-requested', call })
    node.hears('b', { type: 'written', id: 7 })
    node.hears('b', { type: 'written', id: 1 })
    expect(node.core.pendingCalls).toBe(1)
  })

  test('in a bucket is answered with what is not known there, and emptied here', () => {
    const node = new CoreNode('a', ['b'])
    node.change('mine', (set, me) => set.add(me, 'x'))
    node.change('emptied', (set, me) => set.add(me, 'x'))
    node.empty('emptied')
    const digest = digestOf(Uint8Array.of(1))
    const told = (key: string, isWhole = true) =>
      answersToBucket(node.core.keys, {
        type: 'bucket',
        bucket: bucketOf(key),
        isWhole,
        digests: [[key, digest]],
      })
    expect(told('emptied')).toMatchObject({ tell: ['emptied'], want: [] })
    expect(told('mine')).toMatchObject({ tell: ['mine'], want: [] })
    expect(told('theirs')).toMatchObject({ tell: [], want: ['theirs'] })
    const nothing = { type: 'bucket', bucket: bucketOf('mine'), digests: [] } as const
    expect(answersToBucket(node.core.keys, { ...nothing, isWhole: true }).tell).toEqual(['mine'])
    expect(answersToBucket(node.core.keys, { ...nothing, isWhole: false }).tell).toEqual([])
  })
})

test('nodes agree where one remembers an empty value and the other has forgotten it', () => {
  const [one, two] = [new CoreNode('a', []), new CoreNode('b', [])]
  expect(one.core.keys.sums()).toEqual(two.core.keys.sums())
  one.change('k', (set, me) => set.add(me, 'x'))
  expect(one.core.keys.sums()).not.toEqual(two.core.keys.sums())
  one.empty('k')
  expect(one.core.keys.sums()).toEqual(two.core.keys.sums())
})

test('a node that came is told at once what there is', () => {
  const node = new CoreNode('a', [])
  const effects = node.members(['b'], [], true)
  expect(sent(effects).map(({ type }) => type)).toEqual(['summary'])
  expect(sent(node.members(['b'], [], true))).toEqual([])
})

test('a call that needs more nodes than are left ends at once', () => {
  const node = new CoreNode('a', ['b'])
  const call = { id: 1, key: 'k', type: anySets, consistency: { nodes: 2 }, timeoutMs: 9 } as const
  node.step({ type: 'read-requested', call })
  const effects = node.members([], ['b'], true)
  expect(effects).toMatchObject([{ type: 'answer', outcome: { type: 'unconfirmed', needed: 2 } }])
})

describe('pruning', () => {
  const { pruningDelayMs, gossipIntervalMs } = replicatorDefaults

  /** A value that a removed node has changed, on the node that prunes and on another one. */
  function twoNodes(): { readonly owner: CoreNode; readonly other: CoreNode } {
    const [owner, other] = [new CoreNode('a', ['b', 'gone']), new CoreNode('b', ['a', 'gone'])]
    const state = stateOf('k', sets.empty.add(new Replica('gone'), 'x'))
    for (const node of [owner, other]) {
      node.hears('gone', { type: 'states', answers: false, states: [state] })
      node.members([node === owner ? 'b' : 'a'], ['gone'], node === owner)
    }
    return { owner, other }
  }

  function tell(from: string, to: CoreNode, state: KeyState): void {
    to.hears(from, { type: 'states', answers: false, states: [state] })
  }

  test('begins after its delay, and is performed once every other node has said that it has seen that', () => {
    const { owner, other } = twoNodes()
    owner.passes(pruningDelayMs - 1)
    expect(owner.state('k').envelope.pruning.size).toBe(0)
    owner.passes(gossipIntervalMs)
    owner.passes(gossipIntervalMs)
    expect(owner.state('k').envelope.pruning.get('gone')).toMatchObject({ phase: 'initialized' })
    tell('a', other, owner.state('k'))
    expect(other.state('k').envelope.pruning.get('gone')).toMatchObject({ seen: ['b'] })
    tell('b', owner, other.state('k'))
    owner.passes(gossipIntervalMs)
    expect(owner.state('k').envelope.pruning.get('gone')).toMatchObject({ phase: 'performed' })
    tell('a', other, owner.state('k'))
    for (const node of [owner, other]) {
      expect(modifiedBy(node.state('k').envelope.value)).toEqual(['a'])
      expect(node.elements('k')).toEqual(['x'])
    }
  })

  test('begins anew with another owner where the first is gone too', () => {
    const { owner, other } = twoNodes()
    owner.passes(pruningDelayMs + gossipIntervalMs)
    tell('a', other, owner.state('k'))
    expect(other.state('k').envelope.pruning.get('gone')).toMatchObject({ owner: 'a' })
    other.members([], ['a'], true)
    other.passes(pruningDelayMs + gossipIntervalMs)
    other.passes(gossipIntervalMs)
    expect(modifiedBy(other.state('k').envelope.value)).toEqual(['b'])
    expect(other.elements('k')).toEqual(['x'])
  })

  test('of an owner that is gone does not stand in the way of the next one', () => {
    const { owner, other } = twoNodes()
    const third = new CoreNode('c', ['b'])
    owner.passes(pruningDelayMs + gossipIntervalMs)
    const orphaned = owner.state('k')
    other.members(['c'], ['a'], true)
    tell('b', third, orphaned)
    expect(third.state('k').envelope.pruning.size).toBe(0)
    other.passes(pruningDelayMs + gossipIntervalMs)
    expect(other.state('k').envelope.pruning.get('gone')).toMatchObject({ owner: 'b' })
    tell('c', other, orphaned)
    expect(other.state('k').envelope.pruning.get('gone')).toMatchObject({ owner: 'b' })
  })

  test('has what its owner changes then taken by others once they have all of the value', () => {
    const { owner, other } = twoNodes()
    owner.passes(pruningDelayMs + gossipIntervalMs)
    tell('a', other, owner.state('k'))
    tell('b', owner, other.state('k'))
    owner.passes(gossipIntervalMs)
    expect(owner.state('k').envelope.pruning.get('gone')).toMatchObject({ phase: 'performed' })
    const { pruning } = owner.state('k').envelope
    const before = other.state('k')
    const change = owner.change('k', (set, me) => set.add(me, 'y'))
    const deltas = sent([...change, ...owner.passes(replicatorDefaults.deltaIntervalMs)])
    expect(deltas).toMatchObject([
      { type: 'deltas', states: [{ key: 'k', envelope: { pruning } }] },
    ])
    const write = (state: KeyState): readonly ReplicatorMessage[] =>
      sent(other.hears('a', { type: 'write', id: 7, state }))
    for (const message of deltas) {
      if (message.type !== 'deltas') continue
      expect(sent(other.hears('a', message))).toEqual([{ type: 'want', keys: ['k'] }])
      for (const state of message.states) {
        expect(write(state)).toEqual([{ type: 'want', keys: ['k'] }])
        expect(other.state('k')).toEqual(before)
        tell('a', other, owner.state('k'))
        expect(write(state)).toEqual([{ type: 'written', id: 7 }])
      }
    }
    expect(other.elements('k')).toEqual(['x', 'y'])
    expect(modifiedBy(other.state('k').envelope.value)).toEqual(['a'])
  })

  test('is told with a change that has a part of who stands in, whoever passes it on', () => {
    const { owner, other } = twoNodes()
    const third = new CoreNode('c', ['b', 'gone'])
    tell('gone', third, stateOf('k', sets.empty.add(new Replica('gone'), 'x')))
    third.members(['a', 'b'], ['gone'], false)
    other.members(['a', 'c'], [], false)
    owner.members(['b', 'c'], [], true)
    owner.passes(pruningDelayMs + gossipIntervalMs)
    for (const node of [other, third]) tell('a', node, owner.state('k'))
    for (const [name, node] of [
      ['b', other],
      ['c', third],
    ] as const)
      tell(name, owner, node.state('k'))
    owner.passes(gossipIntervalMs)
    tell('a', third, owner.state('k'))
    const { pruning } = third.state('k').envelope
    expect(pruning.get('gone')).toMatchObject({ phase: 'performed' })
    // A client brings along what the owner did then, and this one had not heard of.
    owner.change('k', (set, me) => set.add(me, 'y'))
    const brought = owner.state('k').envelope.value.body.state
    const change = third.change('k', (set) => changed(set, brought))
    const told = sent([...change, ...third.passes(replicatorDefaults.deltaIntervalMs)])
    const deltas = told.filter(({ type }) => type === 'deltas')
    expect(deltas).toContainEqual({
      type: 'deltas',
      states: [
        expect.objectContaining({ envelope: expect.objectContaining({ pruning }) as unknown }),
      ],
    })
    for (const message of deltas) {
      expect(sent(other.hears('c', message))).toEqual([{ type: 'want', keys: ['k'] }])
    }
  })

  test('brings nothing back that is taken out where it is not known yet', () => {
    const { owner, other } = twoNodes()
    owner.passes(pruningDelayMs + gossipIntervalMs)
    tell('a', other, owner.state('k'))
    tell('b', owner, other.state('k'))
    owner.passes(gossipIntervalMs)
    expect(owner.state('k').envelope.pruning.get('gone')).toMatchObject({ phase: 'performed' })
    other.change('k', (set) => set.remove('x'))
    tell('a', other, owner.state('k'))
    expect(other.elements('k')).toEqual([])
    tell('b', owner, other.state('k'))
    expect(owner.elements('k')).toEqual([])
  })

  test('is remembered for its time, and no longer', () => {
    const { owner } = twoNodes()
    owner.members([], ['b'], true)
    owner.passes(pruningDelayMs + gossipIntervalMs)
    expect(owner.state('k').envelope.pruning.get('gone')).toMatchObject({ phase: 'performed' })
    owner.passes(replicatorDefaults.pruningMarkerMs + gossipIntervalMs)
    expect(owner.state('k').envelope.pruning.size).toBe(0)
  })
})
