// What a client decides by itself: each message of its contact as it comes.
import { gCounter, gSet, merge, type Replica } from '@casty/crdt'
import { describe, expect, test } from 'vitest'
import { AnyValue, anyTypeOf } from '../src/any-value.ts'
import { ClientCore } from '../src/clients/client-core.ts'
import type { ClientCoreEvent, ClientEffect } from '../src/clients/client-events.ts'
import type { ClientMessage, ClientOutcome } from '../src/clients/client-messages.ts'
import { clientReplicatorDefaults } from '../src/clients/client-options.ts'

const type = anyTypeOf(gSet<number>())
const { watchIntervalMs } = clientReplicatorDefaults

const confirmed: ClientOutcome = { type: 'confirmed', nodes: 1 }
const busy: ClientOutcome = { type: 'refused', reason: 'busy' }

const adding =
  (id: number) =>
  (value: AnyValue, replica: Replica): AnyValue =>
    new AnyValue(type, gSet<number>().of(value.body).add(replica, id).body)

const elementsOf = (value: AnyValue): readonly number[] => gSet<number>().of(value.body).value

/** A client in touch with a member. Each call waits for a second. */
class LoneClient {
  readonly #core: ClientCore
  #nowMs = 0

  constructor({ maxPending = clientReplicatorDefaults.maxPending } = {}) {
    const start = { nowMs: 0, wallMs: 0 }
    this.#core = new ClientCore({ ...clientReplicatorDefaults, maxPending, self: 'p' }, start)
    this.step({ type: 'contact-changed', contact: 'a' })
  }

  step(event: ClientCoreEvent): readonly ClientEffect[] {
    return this.#core.step(event, { nowMs: this.#nowMs, wallMs: this.#nowMs })
  }

  /** Adds the id of the call to a set. */
  change(id: number, key = 'k'): readonly ClientEffect[] {
    const call = { id, key, type, consistency: 'majority', timeoutMs: 1_000 } as const
    return this.step({ type: 'update-requested', call, change: adding(id) })
  }

  answer(id: number, outcome: ClientOutcome): readonly ClientEffect[] {
    const message = { type: 'answered', id, outcome } as const
    return this.step({ type: 'message-received', from: 'a', message })
  }

  /** What it does until then: it is called whenever it asked to be. */
  until(nowMs: number): readonly ClientEffect[] {
    const effects: ClientEffect[] = []
    while (this.#core.nextDeadline <= nowMs) {
      this.#nowMs = Math.max(this.#nowMs, this.#core.nextDeadline)
      effects.push(...this.step({ type: 'time-passed' }))
    }
    this.#nowMs = nowMs
    return effects
  }

  get pendingCalls(): number {
    return this.#core.pendingCalls
  }

  elements(key = 'k'): readonly number[] {
    return elementsOf(this.#core.valueOf(key, type))
  }
}

type Change = Extract<ClientMessage, { readonly type: 'change' }>

function changesIn(effects: readonly ClientEffect[]): readonly Change[] {
  return effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.type === 'change' ? [effect.message] : [],
  )
}

function unconfirmed(id: number): unknown {
  const outcome: unknown = expect.objectContaining({ type: 'unconfirmed' })
  return { type: 'answer', id, outcome }
}

function failed(id: number, code: string): unknown {
  const error: unknown = expect.objectContaining({ code })
  return { type: 'answer', id, outcome: { type: 'failed', error } }
}

/** What a member has that took those changes and no others. */
function takenBy(changes: readonly Change[]): readonly number[] {
  const values = changes.map(({ state }) => state.envelope.value)
  const whole = values.reduce((joined, value) => merge(joined, value), type.empty)
  return elementsOf(whole)
}

describe('a change that a member has no room for', () => {
  test('is tried again where nobody waits for it any more', () => {
    const client = new LoneClient()
    client.change(1)
    expect(client.until(1_100)).toContainEqual(unconfirmed(1))
    expect(client.answer(1, busy)).toEqual([])
    expect(client.elements()).toEqual([1])
    expect(changesIn(client.until(2 * watchIntervalMs))).toEqual([
      expect.objectContaining({ id: 1, consistency: 'local' }),
    ])
    expect(client.answer(1, confirmed)).toEqual([])
    expect(changesIn(client.until(9 * watchIntervalMs))).toEqual([])
  })

  test('fails where somebody waits, and is undone', () => {
    const client = new LoneClient()
    client.change(1)
    expect(client.answer(1, busy)).toContainEqual(failed(1, 'CASTY_REPLICATOR_REFUSED'))
  })

  test('is held as one with all others of its key, and tried once in two intervals', () => {
    const client = new LoneClient()
    for (let round = 0; round < 20; round++) {
      client.change(round)
      const sent = changesIn(client.until((2 * round + 2) * watchIntervalMs))
      expect(sent.length).toBeLessThanOrEqual(1)
      for (const { id } of sent) client.answer(id, busy)
      expect(client.pendingCalls).toBe(1)
    }
    expect(client.elements()).toHaveLength(20)
  })

  test('counts as one without an answer: with maxPending of them, no more is changed', () => {
    const client = new LoneClient({ maxPending: 2 })
    for (const [id, key] of ['x', 'y'].entries()) client.change(id, key)
    client.until(1_500)
    for (const id of [1, 2]) client.answer(id, busy)
    expect(client.change(3, 'z')).toEqual([failed(3, 'CASTY_REPLICATOR_BUSY')])
    expect(client.elements('z')).toEqual([])
    client.answer(1, confirmed)
    expect(changesIn(client.change(4, 'z'))).toHaveLength(1)
  })
})

describe('what several changes left that nobody waits for any more', () => {
  test('is sent until it is answered as a whole: an answer to one of them settles no other', () => {
    const client = new LoneClient()
    client.change(1)
    const second = changesIn(client.change(2)) // The first is lost on the way.
    expect(client.until(1_500)).toEqual(
      expect.arrayContaining([unconfirmed(1), unconfirmed(2)] as unknown[]),
    )
    for (const { id } of second) client.answer(id, confirmed)
    const later = changesIn(client.until(9 * watchIntervalMs))
    expect(takenBy([...second, ...later])).toEqual([1, 2])
    for (const { id } of later) client.answer(id, confirmed)
    expect(client.pendingCalls).toBe(0)
    expect(changesIn(client.until(20 * watchIntervalMs))).toEqual([])
  })
})

test('a key is of one type for as long as something of it waits for a member, also where it was let go of', () => {
  const client = new LoneClient()
  client.change(1)
  client.until(1_500)
  client.step({ type: 'release-requested', key: 'k' })
  const other = anyTypeOf(gCounter())
  const call = { id: 2, key: 'k', type: other, consistency: 'local', timeoutMs: 1_000 } as const
  const change = (value: AnyValue, replica: Replica): AnyValue =>
    new AnyValue(other, gCounter().of(value.body).increment(replica).body)
  const update = { type: 'update-requested', call, change } as const
  expect(client.step(update)).toEqual([failed(2, 'CASTY_REPLICATOR_TYPE_MISMATCH')])
  expect(client.until(9 * watchIntervalMs)).not.toEqual([])
  client.answer(1, confirmed)
  expect(changesIn(client.step(update))).toHaveLength(1)
})
