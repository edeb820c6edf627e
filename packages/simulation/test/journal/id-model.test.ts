import { expect, test } from 'vitest'
import { nameOf } from '../../src/journal/event-name.ts'
import { IdModel } from '../../src/journal/id-model.ts'

const first = { name: 'w1e1', epoch: 1 }
const second = { name: 'w2e2', epoch: 2 }

/** An event of a batch of its own, unless told otherwise. */
function event(uid: string, { name: writer, epoch } = first, part = 0, of = 1): string {
  return nameOf({ uid, part, of, epoch, writer })
}

function modelWith(...uids: readonly string[]): IdModel {
  const model = new IdModel()
  for (const uid of uids) model.sent(uid, 1)
  return model
}

test('what a writer adds, and the next one finds, is as it should be', () => {
  const model = modelWith('a', 'b')
  expect(model.recovered([], first)).toBeUndefined()
  expect(model.told([event('a')], first, 0)).toBeUndefined()
  expect(model.recovered([event('a')], second)).toBeUndefined()
  expect(model.told([event('a'), event('b', second)], second, 1)).toBeUndefined()
})

test('a writer that was replaced may tell what it knew, where it must not know more', () => {
  const model = modelWith('a', 'b')
  model.recovered([], first)
  model.told([event('a')], first, 0)
  model.recovered([event('a')], second)
  model.told([event('a'), event('b', second)], second, 0)
  expect(model.told([event('a')], first, model.mustKnow(first))).toBeUndefined()
})

test.each<[string, (model: IdModel) => unknown, string]>([
  ['an event is lost', (model) => model.recovered([], second), 'what is acknowledged stays'],
  [
    'another event is in its place',
    (model) => model.told([event('b')], first, 0),
    'what is acknowledged stays',
  ],
  [
    'a writer does not know its own event any more',
    (model) => model.told([], first, model.mustKnow(first)),
    'what is acknowledged stays',
  ],
  [
    'only a part of a batch is there',
    (model) => {
      model.sent('two', 2)
      return model.told([event('a'), event('two', first, 0, 2)], first, 0)
    },
    'what is acknowledged stays',
  ],
  [
    'an event is there twice',
    (model) => model.told([event('a'), event('a')], first, 0),
    'nothing is doubled or made up',
  ],
  [
    'nobody wrote an event',
    (model) => model.told([event('a'), event('z')], first, 0),
    'nothing is doubled or made up',
  ],
  [
    'what was refused is there',
    (model) => {
      model.refused('b')
      return model.told([event('a'), event('b')], first, 0)
    },
    'nothing is doubled or made up',
  ],
  ['what is there is refused', (model) => model.refused('a'), 'nothing is doubled or made up'],
  [
    'a batch does not begin with its first event',
    (model) => {
      model.sent('two', 2)
      return model.told([event('a'), event('two', first, 1, 2)], first, 0)
    },
    'nothing is doubled or made up',
  ],
  [
    'one writes who was replaced',
    (model) => {
      model.recovered([event('a')], second)
      return model.told([event('a'), event('b', first)], first, 0)
    },
    'a fenced writer writes no more',
  ],
  [
    'a lower epoch becomes the writer',
    (model) => {
      model.recovered([event('a')], second)
      return model.recovered([event('a')], first)
    },
    'numbers and epochs grow',
  ],
  [
    'the head knows fewer events than somebody was told of',
    (model) => model.head({ sequenceNr: 0, epoch: 1, deletedTo: 0 }),
    'numbers and epochs grow',
  ],
  [
    'what is deleted comes back',
    (model) => {
      model.head({ sequenceNr: 1, epoch: 1, deletedTo: 1 })
      return model.head({ sequenceNr: 1, epoch: 1, deletedTo: 0 })
    },
    'numbers and epochs grow',
  ],
])('it is noticed when %s', (_, happen, checker) => {
  const model = modelWith('a', 'b')
  model.recovered([], first)
  model.told([event('a')], first, 0)
  expect(happen(model)).toMatchObject({ checker })
})

test('what became of a write that nobody answered is told once', () => {
  const model = modelWith('a', 'b')
  model.recovered([], first)
  model.unanswered('a')
  model.unanswered('b')
  model.recovered([event('a')], second)
  expect([...model.outcomes()]).toEqual([
    'what was not acknowledged is there after all',
    'what was not acknowledged is gone',
  ])
  expect([...model.outcomes()]).toEqual([])
})
