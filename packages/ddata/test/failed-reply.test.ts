import { JournalError } from '@casty/persistence'
import { expect, test } from 'vitest'
import { failedReply, reasonOf } from '../src/host/failed-reply.ts'
import { readReply } from '../src/protocol/messages.ts'

const full = JournalError.full('append', { id: 'p', cause: new Error('ENOSPC: no space left') })

test.each([
  ['an error of casty’s own within one', JournalError.unavailable('append', 'unknown', { id: 'p', cause: full }), full.message.slice(0, -1)],
  ['what casty says of an error of others', full, full.message.slice(0, -1)],
  ['an error of nobody of casty', new Error('It broke.'), 'It broke'],
  ['an error without words', new Error(''), 'it cannot go on'],
  ['what is no error', 5, 'it cannot go on'],
])('the reason that is told is %s', (_, error, reason) => {
  expect(reasonOf(error)).toBe(reason)
}) // prettier-ignore

test('causes that lead to each other are looked at a few times', () => {
  const [one, other] = [new Error('one'), new Error('other')]
  one.cause = other
  other.cause = one
  expect(reasonOf(one)).toBe('one')
})

test('a part that can do nothing says why', () => {
  const { epoch, entries } = readReply(failedReply('there is no room', 7))
  expect([epoch, entries]).toEqual([7, [{ type: 'failed', why: 'there is no room' }]])
})
