// The loop around a core, with one that does as it is told.
import { ManualClock } from '@casty/clock'
import { expect, test } from 'vitest'
import type { CoreEffect, CoreEvent, Moment } from '../src/core/core-events.ts'
import { CoreLoop } from '../src/core/core-loop.ts'

const { NEGATIVE_INFINITY } = Number

class Subject {
  readonly clock = new ManualClock()
  /** What happened, in order. */
  readonly log: string[] = []
  readonly effects = new Map<CoreEvent['type'], readonly CoreEffect[]>()
  nextDeadline = Infinity
  leaseUntil = 0
  onEffect: (effect: CoreEffect) => void = () => {}
  readonly loop = new CoreLoop(this.#core(), {
    clock: this.clock,
    gate: { setUntil: (until) => void this.log.push(`gate ${until}`) },
    perform: (effect) => {
      this.log.push(effect.type)
      this.onEffect(effect)
    },
    failed: ({ type }, error) => void this.log.push(`${type} failed: ${String(error)}`),
    stepped: () => void this.log.push('stepped'),
  })

  #core(): ConstructorParameters<typeof CoreLoop>[0] {
    const leaseUntil = (): number => this.leaseUntil
    return {
      step: ({ type }: CoreEvent, _moment: Moment): readonly CoreEffect[] => {
        this.log.push(type)
        if (type === 'deadline-reached') this.nextDeadline = Infinity
        return this.effects.get(type) ?? []
      },
      nextDeadline: () => this.nextDeadline,
      get leaseUntil() {
        return leaseUntil()
      },
    }
  }
}

const started: CoreEvent = { type: 'types-started', types: [] }
const joined: CoreEvent = { type: 'members-changed', members: [] }
const elected: CoreEffect = { type: 'coordinating', isCoordinator: true, term: 1 }
const leased: CoreEffect = { type: 'lease-changed', until: 5 }

test('the gate is set before what an event brings about is done', () => {
  const subject = new Subject()
  subject.leaseUntil = 5
  subject.effects.set('types-started', [leased, elected])
  subject.loop.dispatch(started)
  expect(subject.log).toEqual([
    'types-started',
    'gate 5',
    'lease-changed',
    'coordinating',
    'stepped',
  ])
})

test('an event that an effect raises waits until all effects of the one before are done', () => {
  const subject = new Subject()
  subject.effects.set('types-started', [elected, leased])
  subject.onEffect = ({ type }) => {
    if (type === 'coordinating') subject.loop.dispatch(joined)
  }
  subject.loop.dispatch(started)
  expect(subject.log.filter((line) => !line.startsWith('gate'))).toEqual([
    'types-started',
    'coordinating',
    'lease-changed',
    'members-changed',
    'stepped',
  ])
})

test('an effect that fails keeps no other from being done', () => {
  const subject = new Subject()
  subject.effects.set('types-started', [elected, leased])
  subject.onEffect = ({ type }) => {
    if (type === 'coordinating') throw new Error('no')
  }
  subject.loop.dispatch(started)
  expect(subject.log.slice(2)).toEqual([
    'coordinating',
    'coordinating failed: Error: no',
    'lease-changed',
    'stepped',
  ])
})

test('it comes back at the deadline of the core, once', () => {
  const subject = new Subject()
  subject.nextDeadline = subject.clock.now() + 10
  subject.loop.dispatch(started)
  subject.log.length = 0
  subject.clock.advance(9)
  expect(subject.log).toEqual([])
  subject.clock.advance(100)
  expect(subject.log).toEqual(['deadline-reached', 'gate 0', 'stepped'])
})

test('once it is disposed of the gate is closed, and nothing is heeded', () => {
  const subject = new Subject()
  subject.nextDeadline = subject.clock.now() + 10
  subject.effects.set('types-started', [elected])
  subject.onEffect = () => {
    subject.loop.dispatch(joined)
    subject.loop[Symbol.dispose]()
  }
  subject.loop.dispatch(started)
  expect(subject.log).toEqual([
    'types-started',
    'gate 0',
    'coordinating',
    `gate ${NEGATIVE_INFINITY}`,
    'stepped',
  ])
  subject.log.length = 0
  subject.loop.dispatch(started)
  subject.clock.advance(100)
  expect(subject.log).toEqual([])
})
