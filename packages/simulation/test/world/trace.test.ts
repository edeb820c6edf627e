import { describe, expect, test } from 'vitest'
import { Trace, type NoteKind, type WriteEvent } from '../../src/index.ts'

const write: WriteEvent = {
  type: 'write',
  at: 5,
  stage: 'sent',
  id: 1,
  from: 'a',
  to: 'b',
  bytes: Uint8Array.of(1, 2),
}

function hashOf(fill: (trace: Trace) => void): string {
  const trace = new Trace()
  fill(trace)
  return trace.hash
}

describe('the hash of a trace', () => {
  test('is the same for the same events', () => {
    const fill = (trace: Trace): void => {
      trace.note(1, 'a', 'log', 'hello')
      trace.write(write)
    }
    expect(hashOf(fill)).toBe(hashOf(fill))
    expect(hashOf(fill)).toMatch(/^[0-9a-f]{16}$/)
  })

  test.each<readonly [string, Parameters<Trace['note']>]>([
    ['time', [1 + Number.EPSILON, 'a', 'log', 'hello']],
    ['host', [1, 'b', 'log', 'hello']],
    ['kind', [1, 'a', 'event' satisfies NoteKind, 'hello']],
    ['text', [1, 'a', 'log', 'hellp']],
    ['cut between words', [1, 'alog', 'log', 'hello']],
  ])('is another one for another %s of a note', (_what, other) => {
    const usual = hashOf((trace) => trace.note(1, 'a', 'log', 'hello'))
    expect(hashOf((trace) => trace.note(...other))).not.toBe(usual)
  })

  test.each<readonly [string, Partial<WriteEvent>]>([
    ['time', { at: 6 }],
    ['stage', { stage: 'arrived' }],
    ['number', { id: 2 }],
    ['sender', { from: 'c' }],
    ['receiver', { to: 'c' }],
    ['byte', { bytes: Uint8Array.of(1, 3) }],
    ['length', { bytes: Uint8Array.of(1, 2, 0) }],
  ])('is another one for another %s of a write', (_what, change) => {
    const other = hashOf((trace) => trace.write({ ...write, ...change }))
    expect(other).not.toBe(hashOf((trace) => trace.write(write)))
  })

  test('is another one for another order', () => {
    const inOrder = (first: string, second: string): string =>
      hashOf((trace) => {
        trace.note(1, first, 'log', '')
        trace.note(1, second, 'log', '')
      })
    expect(inOrder('a', 'b')).not.toBe(inOrder('b', 'a'))
  })
})

describe('what a trace keeps', () => {
  test('is the last events of each host, writes where they were sent, lost or arrived', () => {
    const trace = new Trace({ keepLast: 2 })
    for (const text of ['one', 'two', 'three', 'four', 'five']) trace.note(1, 'a', 'log', text)
    trace.write({ ...write, stage: 'lost' })
    trace.write({ ...write, stage: 'arrived' })
    const kept = [...trace.last()].map(([host, events]) => [
      host,
      events.map((event) => (event.type === 'note' ? event.text : event.stage)),
    ])
    expect(kept).toEqual([
      ['a', ['five', 'lost']],
      ['b', ['arrived']],
    ])
    expect(trace.length).toBe(7)
  })

  test('is nothing where nothing is to be kept, though all of it counts', () => {
    const [trace, keeping] = [new Trace({ keepLast: 0 }), new Trace()]
    for (const one of [trace, keeping]) {
      one.note(1, 'a', 'log', 'one')
      one.write(write)
    }
    expect(trace.last().size).toBe(0)
    expect(trace.length).toBe(2)
    expect(trace.hash).toBe(keeping.hash)
  })

  test('is everything only where that is asked for', () => {
    expect(new Trace().all).toBeUndefined()
    const trace = new Trace({ keepAll: true, keepLast: 1 })
    for (const text of ['one', 'two', 'three']) trace.note(1, 'a', 'log', text)
    expect(trace.all).toHaveLength(3)
  })

  test('does not change with the buffer that a write came from', () => {
    const trace = new Trace({ keepAll: true })
    const bytes = Uint8Array.of(7)
    trace.write({ ...write, bytes })
    bytes[0] = 9
    expect(trace.all?.[0]).toMatchObject({ bytes: Uint8Array.of(7) })
  })
})
