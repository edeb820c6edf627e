// What the parts of a node say to one process in one turn.
import type { ActorRef } from '@casty/actor'
import { ByteWriter } from '@casty/transport'
import { expect, test } from 'vitest'
import { RepliesOfTurn } from '../src/host/replies-of-turn.ts'
import { readPartReplies, writePartReply, type PartReplies } from '../src/protocol/messages.ts'
import { sessionBytes, sessionIdOf } from '../src/state/sessions.ts'

const session = new Uint8Array(16)

/** A process has one with each part. */
function sessionWith(part: string): Uint8Array {
  return sessionBytes(part.padEnd(16))
}

class Process {
  /** Messages that it got, as parts and the first byte of what each of them said. */
  readonly messages: string[] = []
  isGone = false
  // Nothing else is done with it.
  readonly ref = {
    tell: (replies: PartReplies) => this.#got(replies),
  } as unknown as ActorRef<PartReplies>

  #got(replies: PartReplies): void {
    if (this.isGone) throw new Error('it is gone')
    const all = Array.from(readPartReplies(replies), (reply) => {
      return `${sessionIdOf(reply.session).trimEnd()} ${reply.body[0]}`
    })
    this.messages.push(all.join(', '))
  }
}

function started(): {
  readonly a: Process
  readonly b: Process
  readonly errors: unknown[]
  readonly say: (to: Process, part: string, what: number, bytes?: number) => void
  readonly turnEnds: () => Promise<void>
} {
  const errors: unknown[] = []
  const replies = new RepliesOfTurn((error) => errors.push(error))
  return {
    a: new Process(),
    b: new Process(),
    errors,
    say: (to, part, what, bytes = 1) =>
      replies.add(to.ref, { session: sessionWith(part), body: new Uint8Array(bytes).fill(what) }),
    turnEnds: async () => await Promise.resolve(),
  }
}

test('what parts say to one process in one turn is one message, in order', async () => {
  const { a, b, say, turnEnds } = started()
  say(a, 'map/1', 1)
  say(b, 'map/1', 2)
  say(a, 'map/2', 3)
  say(a, 'map/1', 4)
  expect(a.messages).toEqual([])
  await turnEnds()
  expect(a.messages).toEqual(['map/1 1, map/2 3, map/1 4'])
  expect(b.messages).toEqual(['map/1 2'])
  say(a, 'map/2', 5)
  await turnEnds()
  expect(a.messages.slice(1)).toEqual(['map/2 5'])
})

test('many replies to one process leave before the turn ends, more of them each time', async () => {
  const { a, b, say, turnEnds } = started()
  for (let what = 0; what < 30; what++) {
    say(a, 'p', what)
    if (what % 5 === 0) say(b, 'q', what)
  }
  const sizes = (): readonly number[] => a.messages.map((message) => message.split(', ').length)
  expect(sizes()).toEqual([8, 16])
  expect(b.messages).toEqual([])
  await turnEnds()
  expect(sizes()).toEqual([8, 16, 6])
  expect(a.messages.join(', ')).toBe(
    Array.from({ length: 30 }, (_, what) => `p ${what}`).join(', '),
  )
  for (let what = 0; what < 8; what++) say(a, 'p', what)
  expect(sizes().slice(3)).toEqual([8])
})

test('replies go together as far as they fit into the smallest frames there are, and a longer one is alone', async () => {
  const { a, say, turnEnds } = started()
  say(a, 'p', 1)
  say(a, 'q', 2, 30_000)
  say(a, 'p', 3, 30_000)
  expect(a.messages).toEqual(['p 1, q 2'])
  say(a, 'p', 4, 100_000)
  say(a, 'q', 5)
  expect(a.messages.slice(1)).toEqual(['p 3', 'p 4'])
  await turnEnds()
  expect(a.messages.slice(3)).toEqual(['q 5'])
})

test('what cannot be sent to one process is reported, and keeps nothing from others', async () => {
  const { a, b, errors, say, turnEnds } = started()
  a.isGone = true
  say(a, 'p', 1)
  say(b, 'p', 2)
  await turnEnds()
  expect(errors).toEqual([expect.objectContaining({ message: 'it is gone' })])
  expect(b.messages).toEqual(['p 2'])
})

test('a reply to no session ends what is read of a message, and not what came before it', () => {
  const out = new ByteWriter()
  writePartReply(out, { session, body: Uint8Array.of(1) })
  writePartReply(out, { session: Uint8Array.of(1, 2), body: Uint8Array.of(2) })
  const read: number[] = []
  expect(() => {
    for (const { body } of readPartReplies(out.finish())) read.push(body[0] ?? 0)
  }).toThrow('A request or reply is of no session')
  expect(read).toEqual([1])
})
