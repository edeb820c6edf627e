import { gCounter } from '@casty/crdt'
import { expect, test } from 'vitest'
import { replicatedKey } from '../src/key.ts'
import { ValueListeners } from '../src/value-listeners.ts'

const hits = replicatedKey('hits', gCounter())

test('a listener that fails disturbs nobody, whether it throws or its promise rejects', async () => {
  const failures: unknown[] = []
  const listeners = new ValueListeners((error) => void failures.push(error))
  const told: number[] = []
  listeners.add(hits, hits.type.empty, () => {
    throw new Error('at once')
  })
  const rejecting: () => unknown = () => Promise.reject(new Error('later'))
  listeners.add(hits, hits.type.empty, rejecting)
  listeners.add(hits, hits.type.empty, ({ value }) => void told.push(value))
  await Promise.resolve()
  await Promise.resolve()
  expect(failures).toMatchObject([{ message: 'at once' }, { message: 'later' }])
  expect([listeners.errors, told]).toEqual([2, [0]])
})

test('one that is told of failures, and fails itself, disturbs nobody either', () => {
  const listeners = new ValueListeners(() => {
    throw new Error('told')
  })
  const failing = (): void => {
    throw new Error('listening')
  }
  expect(() => listeners.add(hits, hits.type.empty, failing)).not.toThrow()
  expect(listeners.errors).toBe(1)
})
