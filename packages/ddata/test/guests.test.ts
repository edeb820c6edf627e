// Who makes itself heard at a part, and what becomes of who does not.
import { expect, test } from 'vitest'
import { Guests, type SilentSession } from '../src/host/guests.ts'
import type { Session } from '../src/state/sessions.ts'

const bytes = Uint8Array.of(1)

/** A part that remembers some sessions, of which some have calls that wait. */
class Subject {
  readonly performed: string[] = []
  readonly left: string[] = []
  readonly waiting = new Set<string>()
  readonly away = new Set<string>()
  readonly remembered: Set<string>
  readonly guests: Guests<string>

  constructor(...remembered: readonly string[]) {
    this.remembered = new Set(remembered)
    this.guests = new Guests(
      { sessionTtlMs: 10_000, resultTtlMs: 60_000 },
      {
        sessions: { find: (id) => this.#session(id) },
        left: ({ peer }) => void this.left.push(peer),
        isHere: (id) => !this.away.has(id),
        perform: (command) => this.#perform(command),
      },
      remembered,
      0,
    )
  }

  #session(id: string): Session | undefined {
    if (!this.remembered.has(id)) return undefined
    const parked = new Map(this.waiting.has(id) ? [[1, {}]] : [])
    return { id, parked } as unknown as Session // Nothing else is looked at.
  }

  #perform({ type, session }: SilentSession): void {
    this.performed.push(`${type} ${session}`)
    if (type === 'forget-session') this.remembered.delete(session)
    if (type === 'session-over') this.waiting.delete(session)
    if (type === 'session-away') this.away.add(session)
  }

  /** Looks when it is due, until then. */
  passUntil(end: number): void {
    for (let at = this.guests.nextDeadline(); at <= end; at = this.guests.nextDeadline()) {
      this.guests.look(at)
    }
  }
}

test('a session that waits and is silent is away, then waits for nothing, then is forgotten', () => {
  const subject = new Subject('x')
  subject.waiting.add('x')
  subject.passUntil(3_000)
  expect(subject.performed).toEqual([])
  subject.passUntil(9_000)
  expect(subject.performed).toEqual(['session-away x'])
  subject.passUntil(59_000)
  expect(subject.performed).toEqual(['session-away x', 'session-over x'])
  subject.passUntil(61_000)
  expect(subject.performed.slice(2)).toEqual(['forget-session x'])
  expect(subject.guests.nextDeadline()).toBe(Infinity)
})

test('a session that waits does so for as long as it makes itself heard', () => {
  const subject = new Subject('x')
  subject.waiting.add('x')
  const guest = subject.guests.heard('x', bytes, 'first', 500)
  for (let now = 2_000; now <= 30_000; now += 2_000) {
    subject.passUntil(now)
    expect(subject.guests.heard('x', bytes, 'second', now)).toBe(guest)
  }
  expect(guest.peer).toBe('second')
  expect(subject.performed).toEqual([])
  subject.passUntil(39_999)
  expect(subject.performed).toEqual(['session-away x'])
  subject.passUntil(40_000)
  expect(subject.performed).toEqual(['session-away x', 'session-over x'])
})

test('a guest that nobody remembers leaves when it is silent, and its session is kept no longer', () => {
  const subject = new Subject()
  subject.guests.heard('x', bytes, 'x', 0)
  subject.passUntil(9_999)
  expect(subject.guests.size).toBe(1)
  subject.passUntil(11_000)
  expect(subject.left).toEqual(['x'])
  expect(subject.guests.size).toBe(0)
  subject.passUntil(12_000)
  expect(subject.guests.nextDeadline()).toBe(Infinity)
  expect(subject.performed).toEqual([])
})

test('one that ends by itself leaves at once', () => {
  const subject = new Subject('x')
  subject.guests.heard('x', bytes, 'x', 0)
  subject.guests.close('x')
  expect(subject.left).toEqual(['x'])
  expect(subject.guests.find('x')).toBeUndefined()
  subject.passUntil(100_000)
  expect(subject.performed).toEqual([])
})
