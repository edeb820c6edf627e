// Numbers of questions, apart from the rest.
import type { AnswerRef } from '@casty/actor'
import { NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import { AskSlots } from '../src/ask-slots.ts'
import { Peer } from '../src/peer.ts'

// As much of an answer as slots have to do with.
const answer = { heldBy: () => {} } as unknown as AnswerRef

test('an answer that is late by many questions is not taken for that of a later one', () => {
  const slots = new AskSlots(1, 65_535)
  const peer = new Peer(NodeIdentity.parse('b:1#1'), 1, { maxRecipients: 16, maxClasses: 1 })
  const late = slots.generationOf(slots.hold(answer, peer) ?? -1)
  slots.answerOver(0)
  for (let question = 0; question < 200_000; question++) {
    expect(slots.hold(answer, peer)).toBe(0)
    if (slots.find(0, late) !== undefined) expect.fail(`It is that of question ${question}`)
    slots.answerOver(0)
  }
  expect(slots.size).toBe(0)
  expect(peer.pendingAsks).toBe(0)
})
