import { ManualClock } from '@casty/clock'
import { expect, test } from 'vitest'
import { DeadlineTimer } from '../src/deadline-timer.ts'

/** A timer, and when it ran, from the start on. */
class Subject {
  readonly clock = new ManualClock()
  readonly begunAt = this.clock.now()
  readonly rang: number[] = []
  next = Infinity
  readonly timer = new DeadlineTimer(this.clock, () => {
    this.rang.push(this.clock.now() - this.begunAt)
    this.timer.set(this.next)
  })

  setIn(ms: number): void {
    this.timer.set(this.begunAt + ms)
  }
}

test('it runs once, when it was set to last', () => {
  const subject = new Subject()
  subject.setIn(30)
  subject.setIn(10)
  expect(subject.timer.at).toBe(subject.begunAt + 10)
  subject.clock.advance(100)
  expect(subject.rang).toEqual([10])
  expect(subject.timer.at).toBe(Infinity)
})

test('what is due may set it again, to the same time as well', () => {
  const subject = new Subject()
  subject.next = subject.begunAt + 20
  subject.setIn(10)
  subject.clock.advance(15)
  expect(subject.rang).toEqual([10])
  subject.next = Infinity
  subject.clock.advance(15)
  expect(subject.rang).toEqual([10, 20])
})

test('while nothing is due it does not run', () => {
  const subject = new Subject()
  subject.setIn(10)
  subject.timer.set(Infinity)
  subject.clock.advance(100)
  expect(subject.rang).toEqual([])
})

test('what is overdue already is done at the next chance', () => {
  const subject = new Subject()
  subject.setIn(-5)
  expect(subject.rang).toEqual([])
  subject.clock.advance(0)
  expect(subject.rang).toEqual([0])
})

test('once it is disposed of it runs no more, whoever sets it', () => {
  const subject = new Subject()
  subject.setIn(10)
  subject.timer[Symbol.dispose]()
  subject.setIn(20)
  subject.clock.advance(100)
  expect(subject.rang).toEqual([])
})
