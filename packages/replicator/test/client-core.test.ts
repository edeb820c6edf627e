// What a client decides by itself: each message of its contact as it comes.
import { gCounter, Replica } from '@casty/crdt'
import { expect, test } from 'vitest'
import { anyTypeOf } from '../src/any-value.ts'
import { ClientCore } from '../src/clients/client-core.ts'
import type { ClientCoreEvent, ClientEffect } from '../src/clients/client-events.ts'
import type { ClientOutcome } from '../src/clients/client-messages.ts'
import { clientReplicatorDefaults } from '../src/clients/client-options.ts'

const type = anyTypeOf(gCounter())
const { watchIntervalMs } = clientReplicatorDefaults

/** A client in touch with a member, that waits a second for what comes of one change. */
function clientThatChanged(): {
  readonly step: (event: ClientCoreEvent, nowMs: number) => readonly ClientEffect[]
  readonly answer: (outcome: ClientOutcome, nowMs: number) => readonly ClientEffect[]
  readonly value: () => unknown
} {
  const start = { nowMs: 0, wallMs: 0 }
  const core = new ClientCore({ ...clientReplicatorDefaults, self: 'p' }, start)
  const step = (event: ClientCoreEvent, nowMs: number): readonly ClientEffect[] =>
    core.step(event, { nowMs, wallMs: nowMs })
  step({ type: 'contact-changed', contact: 'a' }, 0)
  const call = { id: 1, key: 'k', type, consistency: 'majority', timeoutMs: 1_000 } as const
  const once = gCounter().empty.increment(new Replica('client/p/1'))
  const change = (): typeof type.empty =>
    type.of({ state: once.body.state, pending: once.body.state, origin: type.empty.body.state })
  step({ type: 'update-requested', call, change }, 0)
  return {
    step,
    answer: (outcome, nowMs) =>
      step(
        { type: 'message-received', from: 'a', message: { type: 'answered', id: 1, outcome } },
        nowMs,
      ),
    value: () => core.valueOf('k', type).body.state.context.nodes,
  }
}

test('a change that a member has no room for is tried again where nobody waits for it any more', () => {
  const { step, answer, value } = clientThatChanged()
  expect(step({ type: 'time-passed' }, 1_000)).toContainEqual({
    type: 'answer',
    id: 1,
    outcome: expect.objectContaining({ type: 'unconfirmed' }) as unknown,
  })
  expect(answer({ type: 'refused', reason: 'busy' }, 1_100)).toEqual([])
  expect(value()).toEqual(['client/p/1'])
  const later = [watchIntervalMs, 2 * watchIntervalMs].flatMap((nowMs) =>
    step({ type: 'time-passed' }, nowMs),
  )
  expect(later).toContainEqual({
    type: 'send',
    message: expect.objectContaining({ type: 'change', id: 1, consistency: 'local' }) as unknown,
  })
  expect(answer({ type: 'confirmed', nodes: 1 }, 2 * watchIntervalMs + 1)).toEqual([])
  expect(step({ type: 'time-passed' }, 9 * watchIntervalMs)).toHaveLength(1) // It says what it holds.
})

test('a change that a member has no room for fails where somebody waits, and is undone', () => {
  const { answer } = clientThatChanged()
  expect(answer({ type: 'refused', reason: 'busy' }, 100)).toContainEqual({
    type: 'answer',
    id: 1,
    outcome: {
      type: 'failed',
      error: expect.objectContaining({ code: 'CASTY_REPLICATOR_REFUSED' }) as unknown,
    },
  })
})
