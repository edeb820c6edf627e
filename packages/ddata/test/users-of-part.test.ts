// How many users a part has room for, who have more than one session when they come back after minutes.
import { ManualClock } from '@casty/clock'
import { expect, test } from 'vitest'
import { PartHost, type HostSettings } from '../src/host/part-host.ts'
import { counterCall, counterCalls } from '../src/kinds/counter/counter-calls.ts'
import { CounterMachine } from '../src/kinds/counter/counter-machine.ts'
import { readReply, RequestWriter } from '../src/protocol/messages.ts'
import { Lane } from '../src/session/lane.ts'
import { PartState } from '../src/state/part-state.ts'
import { sessionBytes, sessionIdOf } from '../src/state/sessions.ts'
import { laneSettings } from './lane-settings.ts'

const increment = counterCall(counterCalls.addAndGet, { name: 'c', shards: 1 }, 1)
const settings: HostSettings = {
  sessionTtlMs: 30_000,
  resultTtlMs: 600_000,
  maxUsers: 3,
  maxRecordBytes: 500,
}

/** As a process has: the last four letters tell its sessions apart. */
function idOf(user: number, generation: number): string {
  return `${String(user).padStart(12, 'u')}${String(generation).padStart(4, '0')}`
}

class Subject {
  readonly clock = new ManualClock()
  readonly state: PartState
  readonly #host: PartHost<string>
  readonly #lanes = new Map<string, Lane>()
  /** Why the part did nothing. */
  readonly refusals: string[] = []

  constructor(state = new PartState(new CounterMachine())) {
    this.state = state
    this.#host = new PartHost(
      state,
      {
        epoch: 1,
        now: () => this.clock.now(),
        write: () => this.#host.written(),
        send: (_, session, body) => this.#reply(sessionIdOf(session), body),
      },
      settings,
    )
  }

  #reply(id: string, body: Uint8Array): void {
    for (const entry of readReply(body).entries) {
      if (entry.type === 'failed') this.refusals.push(entry.why)
    }
    this.clock.schedule(1, () => this.#lanes.get(id)?.receive(body))
  }

  #receive(request: Uint8Array): void {
    this.#host.receive(request, 'peer')
    this.#host.flush()
  }

  lane(user: number): Lane {
    let generations = 0
    return new Lane(
      'part',
      {
        clock: this.clock,
        whyNobody: () => undefined,
        hasToSend: () => {},
        deadlineMoved: () => {},
        sessionLost: () => {},
        endSession: () => {},
        send: (_, request) => void this.clock.schedule(1, () => this.#receive(request)),
        newSession: (lane) => {
          const id = idOf(user, ++generations)
          this.#lanes.set(id, lane)
          return sessionBytes(id)
        },
      },
      laneSettings,
    )
  }

  /** The first call of a session. */
  call(id: string): void {
    const request = new RequestWriter()
    request.add({ type: 'call', number: 1, received: [], key: undefined, call: increment })
    this.#receive(request.take({ session: sessionBytes(id), isKnown: false, floor: 0 }))
  }

  async pass(ms: number, lanes: readonly Lane[]): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      // eslint-disable-next-line no-await-in-loop -- Time passes step by step.
      await this.clock.advanceAsync(500)
      this.#host.look()
      this.#host.flush()
      for (const lane of lanes) {
        lane.look()
        lane.flush()
      }
    }
  }
}

test.each([100_000, 160_000, 200_000, 460_000])(
  'as many users as there may be find room, where each of them calls every %s ms',
  async (everyMs) => {
    const subject = new Subject()
    const lanes = Array.from({ length: settings.maxUsers }, (_, user) => subject.lane(user))
    const outcomes: string[] = []
    for (let round = 0; round < 8; round++) {
      for (const lane of lanes) {
        lane.call(
          increment,
          { what: 'it', timeoutMs: 5_000 },
          {
            done: () => void outcomes.push('done'),
            refused: () => void outcomes.push('refused'),
            failed: () => void outcomes.push('failed'),
          },
        )
        lane.flush()
      }
      // eslint-disable-next-line no-await-in-loop -- One after the other is what is looked at.
      await subject.pass(everyMs, lanes)
    }
    expect(outcomes).toEqual(Array.from({ length: 8 * lanes.length }, () => 'done'))
  },
)

test('one user too many is refused, also by who takes over, and any number of sessions of one', () => {
  const subject = new Subject()
  for (const user of [1, 2, 3]) subject.call(idOf(user, 1))
  subject.call(idOf(4, 1))
  expect(subject.refusals).toEqual(['too many sessions use it'])
  const state = new PartState(new CounterMachine())
  for (const piece of subject.state.save(1_000)) state.restore(piece)
  const next = new Subject(state)
  next.call(idOf(4, 1))
  for (let generation = 1; generation <= 100; generation++) next.call(idOf(3, generation))
  expect(next.refusals.length).toBeGreaterThan(80)
  expect(state.sessions.size).toBeLessThan(20)
})
