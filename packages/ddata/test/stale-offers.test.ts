// From when a lease counts whose holder was offered it: an offer may come of an owner whose records were never written.
import { ManualClock } from '@casty/clock'
import { ByteWriter } from '@casty/transport'
import { expect, test } from 'vitest'
import { DDataError } from '../src/errors.ts'
import { trustedUntil, type Held } from '../src/kinds/lease/held.ts'
import { writeGrant } from '../src/kinds/lease/lease-calls.ts'
import { LeasePart } from '../src/kinds/lease/lease-part.ts'
import { ReplyWriter, type ReplyEntry } from '../src/protocol/messages.ts'
import { Lane } from '../src/session/lane.ts'
import { beginResult } from '../src/state/result.ts'
import { sessionBytes } from '../src/state/sessions.ts'
import { laneSettings } from './lane-settings.ts'

const ttlMs = 3_000
const waitsMs = 1_000
const parked: ReplyEntry = { type: 'parked', number: 1 }
const offered: ReplyEntry = { type: 'offered', number: 1 }

/** Asks for a lock, and hears one thing after the other, a second after it asked. */
async function heldAfter(...heard: readonly ReplyEntry[]): Promise<Held | undefined> {
  const clock = new ManualClock()
  const port = {
    clock,
    send: () => {},
    whyNobody: () => undefined,
    hasToSend: () => {},
    deadlineMoved: () => {},
    newSession: () => sessionBytes('s'.padEnd(16)),
    endSession: () => {},
    sessionLost: () => {},
  }
  const lane = new Lane('p', port, laneSettings)
  const part = new LeasePart(lane, { clock, random: () => 0, wake: () => {}, renews: () => {} })
  const address = { name: 'deploy', shards: 1, permits: 1 }
  const asked = part.acquire({
    wish: { owner: 1, permits: 1, ttlMs, offerTimeoutMs: 1_000, mayWait: true },
    held: { address, what: 'lock deploy', permits: 1, ttlMs, isRenewed: false },
    terms: { what: 'acquire of lock deploy', timeoutMs: 5_000 },
    explain: ({ code }) => new DDataError(code, 'It was refused'),
  })
  clock.advance(waitsMs)
  const out = new ByteWriter(32)
  writeGrant(beginResult(out), { token: 1n, timer: 1 })
  for (const entry of [...heard, { type: 'answer', number: 1, answer: out.finish() } as const]) {
    const writer = new ReplyWriter()
    writer.add(entry)
    lane.receive(writer.take(1))
  }
  return await asked
}

test.each([
  ['waited, and was offered it', [parked, offered]],
  ['was offered it before it was written that it waits', [offered, parked]],
])('whoever %s counts from when it said that it takes it', async (_, heard) => {
  expect((await heldAfter(...heard))?.until).toBe(trustedUntil(waitsMs, ttlMs))
})

test('an offer does not make a lease last longer that another owner granted at once', async () => {
  // The offer was on its way for long. What made the lock somebody else's, and had this one wait, was never written.
  expect((await heldAfter(offered))?.until).toBe(trustedUntil(0, ttlMs))
})
