// What a process says to all parts of the structures in one turn.
import { ActorSystem, type ActorRef } from '@casty/actor'
import { ManualClock, seededRandom } from '@casty/clock'
import type { OwnShare } from '@casty/sharding'
import { ByteWriter } from '@casty/transport'
import { expect, test } from 'vitest'
import { counterCall, counterCalls } from '../src/kinds/counter/counter-calls.ts'
import {
  readRequest,
  ReplyWriter,
  writePartReply,
  type PartReplies,
} from '../src/protocol/messages.ts'
import { Session } from '../src/session/session.ts'
import { PartCalls } from '../src/structures/part.ts'
import { laneSettings } from './lane-settings.ts'

const terms = { what: 'it', timeoutMs: 5_000 }
const add = counterCall(counterCalls.addAndGet, { name: 'c', shards: 1 }, 1)

class Process implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly system = new ActorSystem({ clock: this.clock })
  readonly messages: (readonly OwnShare[])[] = []
  readonly errors: unknown[] = []
  replyTo: ActorRef<PartReplies> | undefined
  fails = false
  readonly session: Session = new Session(
    {
      system: this.system,
      random: seededRandom(1),
      tellEach: (replyTo, requests) => {
        this.replyTo = replyTo
        this.messages.push(requests)
        if (this.fails) throw new Error('it is too large')
      },
      whyNobody: () => undefined,
      report: (error) => this.errors.push(error),
    },
    laneSettings,
  )

  call(part: string, call: Uint8Array = add): Promise<number> {
    const calls = new PartCalls(this.session, part, (refusal) => {
      throw new Error(refusal.code)
    })
    return calls.call(call, terms, (from) => from.f64())
  }

  /** What was sent, as parts with how many calls. */
  get sent(): readonly string[] {
    return this.messages.map((requests) =>
      requests.map(([part, own]) => `${part}×${readRequest(own).entries.length}`).join(' '),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close()
    await this.system.shutdown()
  }
}

test('few calls of a turn leave as one, with one request for each part', async () => {
  await using process = new Process()
  for (const part of ['map/1', 'map/2', 'map/1', 'map/3', 'map/2'])
    void process.call(part).catch(() => {})
  expect(process.sent).toEqual([])
  await Promise.resolve()
  expect(process.sent).toEqual(['map/1×2 map/2×2 map/3×1'])
  void process.call('map/2').catch(() => {})
  await Promise.resolve()
  expect(process.sent.slice(1)).toEqual(['map/2×1'])
})

test('much that a turn says leaves before its end, more of it each time, so that its parts begin meanwhile', async () => {
  await using process = new Process()
  const sizes = (): readonly number[] =>
    process.messages.map((requests) =>
      requests.reduce((sum, [, own]) => sum + readRequest(own).entries.length, 0),
    )
  for (let at = 0; at < 30; at++) void process.call(`map/${at >> 1}`).catch(() => {})
  expect(sizes()).toEqual([8, 16])
  await Promise.resolve()
  expect(sizes()).toEqual([8, 16, 6])
  expect(process.sent.join(' ')).toBe(
    Array.from({ length: 15 }, (_, part) => `map/${part}×2`).join(' '),
  )
  for (let at = 0; at < 9; at++) void process.call('map/1').catch(() => {})
  await Promise.resolve()
  expect(process.sent.slice(3)).toEqual(['map/1×8', 'map/1×1'])
})

test('what is more than a request may hold leaves at once, before the rest of the turn', async () => {
  await using process = new Process()
  void process.call('map/1').catch(() => {})
  void process.call('map/2', new Uint8Array(2_000)).catch(() => {})
  void process.call('map/2').catch(() => {})
  expect(process.sent).toEqual(['map/2×1'])
  await Promise.resolve()
  expect(process.sent.slice(1)).toEqual(['map/1×1 map/2×1'])
})

test('an answer ends the call of its part, whichever part answers first, and those to others end nothing', async () => {
  await using process = new Process()
  const [first, second] = [process.call('map/1'), process.call('map/2')]
  await Promise.resolve()
  const out = new ByteWriter()
  const answer = (own: Uint8Array, value: number, last = 0): void => {
    const reply = new ReplyWriter()
    const bytes = new ByteWriter().u8(0).f64(value).finish()
    reply.add({ type: 'answer', number: 1, answer: bytes })
    const session = readRequest(own).session.slice()
    session[0] = (session[0] ?? 0) ^ last
    writePartReply(out, { session, body: reply.take(1) })
  }
  const [one, two] = process.messages[0] ?? []
  if (!one || !two) throw new Error('There are two requests.')
  answer(two[1], 99, 1) // To another process.
  answer(two[1], 2)
  answer(one[1], 1)
  process.replyTo?.tell(out.finish())
  expect(await Promise.all([first, second])).toEqual([1, 2])
})

test('what cannot be sent is reported, and sent again', async () => {
  await using process = new Process()
  process.fails = true
  void process.call('map/1').catch(() => {})
  await Promise.resolve()
  expect(process.errors).toHaveLength(1)
  process.fails = false
  await process.clock.advanceAsync(laneSettings.resendMs)
  expect(process.sent).toEqual(['map/1×1', 'map/1×1'])
})
