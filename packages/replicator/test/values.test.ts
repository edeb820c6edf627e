import { pnCounter } from '@casty/crdt'
import { expect, test } from 'vitest'
import { anyTypeOf } from '../src/any-value.ts'
import { envelopeOf } from '../src/core/envelope.ts'
import { Values } from '../src/core/values.ts'
import { add, anySets, at, callOf, elements, partsOf } from './core-parts.ts'

test('a change is made here, told as what changed alone, and published', () => {
  const parts = partsOf('a')
  const values = new Values(parts)
  add(values, 'x')
  parts.effects.take()
  const delta = add(values, 'y')
  expect(elements(values)).toEqual(['x', 'y'])
  const [effect] = parts.effects.take()
  expect(effect).toMatchObject({ type: 'publish', key: 'k', change: { value: delta } })
})

test('a change that changes nothing is none', () => {
  const parts = partsOf('a')
  const values = new Values(parts)
  expect(values.change(callOf(1), (value) => value, at(0))).toBeUndefined()
  expect([parts.effects.take(), values.table.size]).toEqual([[], 0])
})

test('a change must go on from the value that it was given', () => {
  const values = new Values(partsOf('a'))
  const foreign = add(new Values(partsOf('b')), 'x') ?? anySets.empty
  expect(() => values.change(callOf(1), () => foreign, at(0))).toThrow(
    expect.objectContaining({ code: 'CASTY_CRDT_FOREIGN_VALUE' }),
  )
})

test('what came is joined, and published where it brings anything', () => {
  const [mine, theirs] = [partsOf('a', 'b'), partsOf('b', 'a')]
  const [here, there] = [new Values(mine), new Values(theirs)]
  add(here, 'x')
  add(there, 'y')
  mine.effects.take()
  const state = { key: 'k', envelope: there.envelopeOf('k', anySets) }
  expect(here.take(state, at(1))).toBe(true)
  expect(elements(here).toSorted()).toEqual(['x', 'y'])
  expect(mine.effects.take()).toHaveLength(1)
  const before = here.table.get('k')
  expect(here.take(state, at(2))).toBe(true)
  expect(here.table.get('k')).toBe(before)
  expect(mine.effects.take()).toEqual([])
})

test('what is empty is not taken up by who never heard of it', () => {
  const values = new Values(partsOf('a', 'b'))
  expect(values.take({ key: 'k', envelope: envelopeOf(anySets.empty) }, at(0))).toBe(true)
  expect(values.table.size).toBe(0)
})

test('what is of another type, or one key too many, is counted and dropped', () => {
  const parts = partsOf('a', 'b')
  const values = new Values(parts)
  for (const key of ['k', 'l', 'm']) add(values, 'x', key)
  const counter = envelopeOf(anyTypeOf(pnCounter()).empty)
  expect(values.take({ key: 'k', envelope: counter }, at(0))).toBe(false)
  expect(values.take({ key: 'n', envelope: values.envelopeOf('k', anySets) }, at(0))).toBe(false)
  expect(parts.tally.counts.dropped).toMatchObject({ 'type-mismatch': 1, full: 1 })
})

test('calls are admitted by type, and updates by room', () => {
  const values = new Values(partsOf('a'))
  for (const key of ['k', 'l', 'm']) add(values, 'x', key)
  values.admit(callOf(1, 'n'), false)
  expect(() => values.admit(callOf(1, 'n'), true)).toThrow(
    expect.objectContaining({ code: 'CASTY_REPLICATOR_FULL' }),
  )
  const other = { ...callOf(1), type: anyTypeOf(pnCounter()) }
  expect(() => values.admit(other, false)).toThrow(
    expect.objectContaining({ code: 'CASTY_REPLICATOR_TYPE_MISMATCH' }),
  )
})
