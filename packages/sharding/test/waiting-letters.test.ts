// What waits for the next lives of entities.
import type { ActorRef } from '@casty/actor'
import { expect, test } from 'vitest'
import { Entity } from '../src/region/entity.ts'
import { Letter } from '../src/region/letter.ts'
import { WaitingLetters, type WaitingSettings } from '../src/region/waiting-letters.ts'

const nobody = { path: 'nobody', tell() {} } as unknown as ActorRef<unknown> // Only whether there is one matters here.
const home = {
  shard: 0,
  epoch: 1,
  journal: undefined,
  refOf: () => nobody,
  passivate() {},
}
const keeper = { pathOf: (id: string) => id, takesBack: () => false, dropped() {} }

function letter(message: string): Letter {
  return new Letter(keeper, 0, 'x', message)
}

/** One that has begun, or has not. */
function entity({ isActive = false } = {}): Entity {
  const made = new Entity(home, 'x')
  if (isActive) made.actor = nobody
  return made
}

class Subject {
  now = 0
  /** As `reason message`. */
  readonly dropped: string[] = []
  readonly letters: WaitingLetters

  constructor(settings: Partial<WaitingSettings> = {}) {
    this.letters = new WaitingLetters(
      { maxWaiting: 10, maxWaitingInAll: 100, beginTimeoutMs: 1_000, ...settings },
      {
        now: () => this.now,
        drop: ({ message }, reason) => void this.dropped.push(`${reason} ${String(message)}`),
        deadlineMoved() {},
      },
    )
  }

  out(of: Entity): readonly unknown[] {
    return this.letters.takeOut(of).map(({ message }) => message)
  }

  keep(of: Entity, ...messages: readonly string[]): void {
    for (const message of messages) this.letters.keep(of, letter(message))
  }
}

test('what a life did not come to goes before what came when it was about to end', () => {
  const subject = new Subject()
  const x = entity({ isActive: true })
  subject.keep(x, 'c')
  expect(subject.letters.takeBack(x, letter('a'))).toBe(true)
  subject.keep(x, 'd')
  expect(subject.letters.takeBack(x, letter('b'))).toBe(true)
  expect(subject.letters.size).toBe(4)
  expect(subject.out(x)).toEqual(['a', 'b', 'c', 'd'])
  expect(subject.letters.size).toBe(0)
  expect(subject.out(x)).toEqual([])
})

test('what is passed on to the next life goes before what comes for that', () => {
  const subject = new Subject()
  const [former, next] = [entity({ isActive: true }), entity()]
  subject.keep(former, 'b')
  subject.letters.takeBack(former, letter('a'))
  subject.letters.passOn(former, next)
  subject.keep(next, 'c')
  expect(subject.letters.isFor(former)).toBe(false)
  expect(subject.letters.size).toBe(3)
  expect(subject.out(next)).toEqual(['a', 'b', 'c'])
})

test('what a life was handed is given up where it came to none of that', () => {
  const subject = new Subject()
  const x = entity({ isActive: true })
  x.handed = 2
  subject.letters.takeBack(x, letter('a'))
  expect(subject.letters.takeUntouched(x)).toEqual([])
  subject.letters.takeBack(x, letter('b'))
  expect(subject.letters.takeUntouched(x).map(({ message }) => message)).toEqual(['a', 'b'])
  expect(subject.letters.isFor(x)).toBe(false)
  expect(subject.letters.size).toBe(0)
})

test('there is room for so many of an entity, and for so many of all', () => {
  const subject = new Subject({ maxWaiting: 2, maxWaitingInAll: 5 })
  const [x, y] = [entity({ isActive: true }), entity({ isActive: true })]
  subject.keep(x, 'a', 'b', 'c')
  expect(subject.dropped).toEqual(['buffer-full c'])
  expect(subject.letters.takeBack(x, letter('d'))).toBe(true)
  expect(subject.letters.takeBack(x, letter('e'))).toBe(true)
  expect(subject.letters.takeBack(x, letter('f'))).toBe(false)
  subject.keep(y, 'g', 'h')
  expect(subject.letters.isFull).toBe(true)
  expect(subject.dropped).toEqual(['buffer-full c', 'buffer-full h'])
  expect(subject.out(x)).toEqual(['d', 'e', 'a', 'b'])
  expect(subject.letters.isFull).toBe(false)
})

test('an entity whose only message found no room is known to have been asked for', () => {
  const subject = new Subject({ maxWaitingInAll: 1 })
  const x = entity({ isActive: true })
  subject.keep(entity(), 'a')
  subject.keep(x, 'b')
  expect(subject.dropped).toEqual(['buffer-full b'])
  expect(subject.letters.isFor(x)).toBe(true)
  expect(subject.out(x)).toEqual([])
})

test('what waits too long for an entity that does not begin is dropped, the first ones first', () => {
  const subject = new Subject()
  const [unbegun, ending] = [entity(), entity({ isActive: true })]
  subject.keep(unbegun, 'a')
  subject.keep(ending, 'x')
  expect(subject.letters.nextDeadline()).toBe(1_000)
  subject.now = 600
  subject.keep(unbegun, 'b')
  subject.letters.tick((subject.now = 1_000))
  expect(subject.dropped).toEqual(['overdue a'])
  expect(subject.letters.nextDeadline()).toBe(1_600)
  subject.letters.tick((subject.now = 1_600))
  expect(subject.dropped).toEqual(['overdue a', 'overdue b'])
  expect(subject.letters.nextDeadline()).toBe(Infinity)
  expect(subject.out(ending)).toEqual(['x'])
  expect(subject.letters.size).toBe(0)
})

test('what was taken out in time is not overdue', () => {
  const subject = new Subject()
  const x = entity()
  subject.keep(x, 'a')
  expect(subject.out(x)).toEqual(['a'])
  expect(subject.letters.nextDeadline()).toBe(Infinity)
  subject.letters.tick((subject.now = 5_000))
  expect(subject.dropped).toEqual([])
})
