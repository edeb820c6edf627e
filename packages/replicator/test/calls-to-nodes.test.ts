import { expect, test } from 'vitest'
import { CallsToNodes } from '../src/core/calls-to-nodes.ts'
import type { Others } from '../src/core/others.ts'
import type { Tally } from '../src/core/tally.ts'
import { anySets, callOf, partsOf } from './core-parts.ts'

class World {
  readonly #parts = partsOf('a', 'b', 'c', 'd', 'e')
  readonly others: Others = this.#parts.others
  readonly tally: Tally = this.#parts.tally
  readonly calls = new CallsToNodes({
    ...this.#parts,
    maxPending: 1,
    valueOf: () => anySets.empty,
  })

  begin(id: number, needed: number): void {
    this.calls.begin(callOf(id), needed, { type: 'read', id, key: 'k' }, 0)
  }

  /** Who was asked, and how calls ended, since it was looked last. */
  get happened(): readonly string[] {
    return this.#parts.effects.take().map((effect) => {
      if (effect.type === 'send') return `ask ${effect.to}`
      if (effect.type !== 'answer') return effect.type
      const { outcome } = effect
      return outcome.type === 'failed' ? 'failed' : `${outcome.type} by ${outcome.nodes}`
    })
  }
}

test('a call that this node is enough for asks nobody', () => {
  const world = new World()
  world.begin(4, 1)
  expect([world.happened, world.calls.size]).toEqual([['confirmed by 1'], 0])
})

test('as few as are needed are asked, and their answers confirm it', () => {
  const world = new World()
  world.begin(4, 3)
  expect(world.happened).toEqual(['ask b', 'ask c'])
  world.calls.answered(4, 'b')
  world.calls.answered(4, 'b')
  world.calls.answered(4, 'e') // It was not asked.
  expect(world.happened).toEqual([])
  world.calls.answered(4, 'c')
  expect(world.happened).toEqual(['confirmed by 3'])
})

test('all are asked after a part of the time, and it is given up at its end', () => {
  const world = new World()
  world.begin(4, 3)
  world.calls.answered(4, 'b')
  expect(world.happened).toEqual(['ask b', 'ask c'])
  expect(world.calls.nextDeadline).toBe(200)
  world.calls.timePassed(200)
  expect(world.happened).toEqual(['ask c', 'ask d', 'ask e'])
  expect(world.calls.nextDeadline).toBe(1_000)
  world.calls.timePassed(1_000)
  expect([world.happened, world.tally.unconfirmed]).toEqual([['unconfirmed by 2'], 1])
  expect(world.calls.nextDeadline).toBe(Infinity)
})

test('a call that takes more nodes than there are is given up', () => {
  const world = new World()
  world.begin(4, 4)
  world.others.change(['b', 'c'], new Set())
  world.calls.nodesChanged()
  expect(world.happened.at(-1)).toBe('unconfirmed by 1')
})

test('an answer of a node that is gone does not count', () => {
  const world = new World()
  world.begin(4, 3)
  world.calls.answered(4, 'b')
  world.others.change(['c', 'd', 'e'], new Set(['c', 'd', 'e']))
  world.calls.answered(4, 'c')
  expect(world.happened).toEqual(['ask b', 'ask c'])
})

test('no more calls may wait than are let, and what nobody waits for makes room', () => {
  const world = new World()
  world.begin(4, 3)
  world.calls.admit(1)
  expect(() => world.calls.admit(2)).toThrow(
    expect.objectContaining({ code: 'CASTY_REPLICATOR_BUSY' }),
  )
  world.calls.abandon(4)
  world.calls.admit(2)
  world.calls.answered(4, 'b')
  expect(world.happened).toEqual(['ask b', 'ask c'])
})
