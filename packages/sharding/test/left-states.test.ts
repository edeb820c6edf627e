import type { ActorRef } from '@casty/actor'
import { expect, test } from 'vitest'
import { Entity } from '../src/region/entity.ts'
import { LeftStates } from '../src/region/left-states.ts'

const home = {
  shard: 0,
  epoch: 1,
  journal: undefined,
  refOf: (): ActorRef<never> => {
    throw new Error('Nobody asks for a ref here')
  },
  passivate() {},
}

class Subject {
  readonly left = new LeftStates()
  readonly reported: string[] = []

  stopped(entityId: string, state?: () => unknown): void {
    const entity = new Entity(home, entityId)
    entity.hasBegun = true
    if (state) entity.handOver(state)
    this.left.collect(entity, { report: (_error, what) => void this.reported.push(what) })
  }
}

test('what an entity left is taken once, by its next life', () => {
  const subject = new Subject()
  subject.stopped('x', () => 7)
  expect(subject.left.take('x')).toBe(7)
  expect(subject.left.take('x')).toBeUndefined()
})

test('who hands over undefined leaves nothing, and is not counted among those who say nothing', () => {
  const subject = new Subject()
  subject.stopped('silent')
  subject.stopped('empty', () => undefined)
  expect(subject.left.saidNothing).toBe(1)
  expect([...subject.left.states]).toEqual([])
})

test('who has not begun leaves what it came with, and is not counted either', () => {
  const subject = new Subject()
  const entity = new Entity(home, 'x')
  entity.handedOver = 7
  for (const each of [entity, new Entity(home, 'y')]) {
    subject.left.collect(each, { report: (_error, what) => void subject.reported.push(what) })
  }
  expect([...subject.left.states]).toEqual([['x', 7]])
  expect(subject.left.saidNothing).toBe(0)
})

test('where what is left cannot be had it is told, and the others are not concerned', () => {
  const subject = new Subject()
  subject.stopped('x', () => {
    throw new Error('no')
  })
  subject.stopped('y', () => 1)
  expect(subject.reported).toEqual(['What x hands over could not be had'])
  expect([...subject.left.states]).toEqual([['y', 1]])
})

test('a shard under its next epoch goes on with what was left', () => {
  const subject = new Subject()
  subject.stopped('x', () => 1)
  const next = new LeftStates(subject.left)
  expect(next.take('x')).toBe(1)
  expect([...subject.left.states]).toEqual([['x', 1]])
})
