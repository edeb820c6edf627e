// What one replica is asked for by itself, until it answers.
import { expect, test } from 'vitest'
import { Patience } from '../src/replication/patience.ts'
import { RequestUnderWay, type Asked } from '../src/replication/request-under-way.ts'

class Asking {
  readonly sent: Asked[] = []
  readonly patience: Patience = new Patience()
  readonly request: RequestUnderWay = new RequestUnderWay(this.patience, (asked) =>
    this.sent.push(asked),
  )

  answer(token: number, now: number): Asked['type'] | undefined {
    return this.request.answered({ type: 'pushed', token, next: 0 }, now)?.request.type
  }
}

test('it is asked for again, each time later, until it is answered', () => {
  const { request, sent, patience } = new Asking()
  request.list('b', 0)
  for (const at of [500, 1_500, 3_500]) {
    expect(request.nextDeadline()).toBe(at)
    request.tick(at - 1)
    request.tick(at)
  }
  expect(sent.map(({ token }) => token)).toEqual([1, 1, 1, 1])
  const answered = request.answered({ type: 'pushed', token: 1, next: 0 }, 4_000)
  expect(answered).toMatchObject({ request: sent[0], since: 0 })
  // It took so long since it was asked for first.
  expect(patience.ms).toBe(8_000)
  expect([request.type, request.nextDeadline()]).toEqual([undefined, Infinity])
})

test('what answers something else says nothing', () => {
  const asking = new Asking()
  asking.request.pull('a', 0, 0)
  asking.request.pull('a', 1, 0)
  expect(asking.answer(1, 5)).toBeUndefined()
  expect(asking.request.type).toBe('pull')
  expect(asking.answer(2, 5)).toBe('pull')
  expect(asking.answer(2, 5)).toBeUndefined()
})

test('what was dropped is not asked for again, nor is its answer one', () => {
  const asking = new Asking()
  asking.request.list(undefined, 0)
  asking.request.drop()
  asking.request.tick(10_000)
  expect(asking.answer(1, 10_000)).toBeUndefined()
  expect(asking.sent).toHaveLength(1)
})

test('what is asked for later is asked for once it would be again', () => {
  const { request, sent } = new Asking()
  request.pullLater('a', 0)
  expect([request.type, sent.length]).toEqual(['pull', 0])
  request.tick(request.nextDeadline())
  expect(sent).toEqual([{ type: 'pull', token: 1, id: 'a', offset: 0 }])
})

test('a word is asked for of what was sent before, which may be less than all that was done', () => {
  const { request, sent } = new Asking()
  request.check(3, 7)
  request.tick(507)
  expect(sent).toEqual([
    { type: 'check', token: 1 },
    { type: 'check', token: 1 },
  ])
  expect(request.answered({ type: 'checked', token: 1 }, 600)?.since).toBe(3)
})
