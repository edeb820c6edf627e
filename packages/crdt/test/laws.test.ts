import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  byteSize,
  decode,
  deltaOf,
  encode,
  equals,
  follows,
  merge,
  modifiedBy,
  nodesWithGaps,
  pruned,
  standIn,
  withoutDelta,
  withoutNode,
  withoutPruned,
  type Crdt,
} from '../src/index.ts'
import { mergeAll, moves, play, subjects, type Subject } from './worlds.ts'

const numRuns = 60

/** What two values must share to be one state: dots and contexts, and so their bytes. */
function expectSame<C extends Crdt<C>>(left: C | undefined, right: C | undefined): void {
  if (left === undefined || right === undefined) throw new Error('a value is missing')
  expect(Buffer.from(encode(left)).toString('latin1')).toBe(
    Buffer.from(encode(right)).toString('latin1'),
  )
  expect(equals(left, right)).toBe(true)
}

describe.each(subjects)('values of the type $name', ({ check }) => {
  const law = (
    statement: string,
    body: <C extends Crdt<C>>(
      subject: Subject<C>,
      history: ReturnType<typeof play<C>>,
      random: (bound: number) => number,
    ) => void,
  ): void => {
    test(statement, () => {
      check((subject) => {
        fc.assert(
          fc.property(moves, fc.infiniteStream(fc.nat(1_000)), (steps, draws) => {
            const random = (bound: number): number => Number(draws.next().value) % bound
            body(subject, play(subject, steps), random)
          }),
          { numRuns },
        )
      })
    })
  }

  law('merge in any order, grouped in any way, any number of times', (_, { values }) => {
    const [a, b, c] = values
    if (!a || !b || !c) throw new Error('three replicas play')
    expectSame(merge(a, b), merge(b, a))
    expectSame(merge(merge(a, b), c), merge(a, merge(b, c)))
    expect(merge(a, a)).toBe(a)
    const ab = merge(a, b)
    expect(merge(ab, b)).toBe(ab)
    expect(merge(ab, a)).toBe(ab)
  })

  law(
    'grow with every change: the state before adds nothing to the one after',
    (subject, history) => {
      const [value] = history.values
      const [replica] = history.replicas
      if (!value || !replica) throw new Error('three replicas play')
      for (let what = 0; what < 16; what++) {
        const after = subject.change(value, replica, { who: 0, what, key: what, amount: what % 5 })
        expect(merge(after, value)).toBe(after)
        const delta = deltaOf(after)
        expect(delta === undefined).toBe(after === value)
        if (delta !== undefined) expectSame(merge(value, delta), after)
      }
    },
  )

  law('come to the same by their deltas as by their states', ({ type }, { values, deltas }) => {
    expectSame(mergeAll(type, deltas), mergeAll(type, values))
  })

  law('gather the deltas of several changes', (subject, { values, replicas }, random) => {
    const [value] = values
    const [replica] = replicas
    if (!value || !replica) throw new Error('three replicas play')
    let after = value
    for (let round = 0; round < 5; round++) {
      const choice = { who: 0, what: random(16), key: random(3), amount: random(5) }
      after = subject.change(after, replica, choice)
    }
    expectSame(merge(value, deltaOf(after) ?? value), after)
    expect(deltaOf(withoutDelta(after))).toBeUndefined()
  })

  law('are equal where their bytes are, and only there', (_, { values, deltas }) => {
    const all = [...values, ...deltas]
    for (const left of all)
      for (const right of all) {
        const areSame = Buffer.compare(encode(left), encode(right)) === 0
        expect(equals(left, right)).toBe(areSame)
      }
  })

  law('take deltas in any order, doubled and in groups', ({ type }, { values, deltas }, random) => {
    const shuffled = deltas
      .map((delta) => ({ delta, place: random(1_000) }))
      .toSorted((left, right) => left.place - right.place)
      .map(({ delta }) => delta)
    expectSame(mergeAll(type, shuffled), mergeAll(type, values))
    const [first, second] = [
      shuffled.slice(0, random(shuffled.length + 1)),
      shuffled.slice(random(shuffled.length + 1)),
    ]
    const groups = merge(mergeAll(type, first), mergeAll(type, second))
    const all = [...shuffled, groups, ...shuffled.toReversed()]
    expectSame(mergeAll(type, all), mergeAll(type, values))
  })

  law(
    'converge though deltas are lost, once states are merged',
    ({ type }, { values, deltas }, random) => {
      const kept = deltas.filter(() => random(3) > 0)
      const [a, b, c] = values.map((value) =>
        kept.reduce((all, delta) => (random(2) === 0 ? merge(all, delta) : all), value),
      )
      if (!a || !b || !c) throw new Error('three replicas play')
      expectSame(merge(a, merge(b, c)), merge(merge(c, a), b))
      expectSame(merge(a, merge(b, c)), mergeAll(type, values))
    },
  )

  law(
    'say when a delta is missing that another builds on',
    ({ type }, { values, deltas }, random) => {
      const all = mergeAll(type, values)
      expect(nodesWithGaps(all)).toEqual([])
      for (const delta of deltas) expect(follows(all, delta)).toBe(true)
      const some = mergeAll(
        type,
        deltas.filter(() => random(2) === 0),
      )
      const next = deltas[random(deltas.length + 1)]
      if (next === undefined) return
      const after = merge(some, next)
      const isNew = nodesWithGaps(after).some((node) => !nodesWithGaps(some).includes(node))
      expect(follows(some, next)).toBe(!isNew)
    },
  )

  law('are the same after being bytes', ({ type }, { values, deltas }) => {
    for (const value of [...values, ...deltas]) {
      const bytes = encode(value)
      expect(byteSize(value)).toBe(bytes.length)
      expectSame(decode(type, bytes), value)
    }
  })

  law(
    'of any other bytes are refused, or are what those bytes say',
    ({ type }, { values }, random) => {
      const [value] = values
      if (!value) throw new Error('three replicas play')
      const bytes = encode(value)
      for (let round = 0; round < 8; round++) {
        const spoilt = bytes.slice(0, random(4) === 0 ? random(bytes.length) : bytes.length)
        if (spoilt.length > 0) spoilt[random(spoilt.length)] = random(256)
        let read
        try {
          read = decode(type, spoilt)
        } catch (error) {
          expect(error).toMatchObject({
            code: expect.stringMatching(/^CASTY_CRDT_(?:MALFORMED|TYPE_MISMATCH)$/),
          })
          continue
        }
        expect(encode(read)).toEqual(spoilt)
      }
    },
  )

  law('say the same once a node was pruned, without its name', ({ type }, { values, replicas }) => {
    const [a, b, c] = values
    const [owner] = replicas
    if (!a || !b || !c || !owner) throw new Error('three replicas play')
    const all = mergeAll(type, [a, b, c])
    const after = pruned(all, 'c', owner)
    expect(modifiedBy(after)).toEqual(modifiedBy(after).filter((node) => node !== 'c'))
    expect(readable(after)).toEqual(readable(all))
    // Whoever has seen all of it takes over the result once the name is forgotten, in any order.
    expectSame(merge(withoutNode(all, 'c'), after), merge(after, withoutNode(all, 'c')))
    expectSame(merge(withoutNode(all, 'c'), after), after)
    // What comes late of the removed node is forgotten, and brings nothing back.
    expectSame(merge(after, withoutNode(c, 'c')), after)
    expectSame(merge(after, withoutNode(merge(b, c), 'c')), after)
    // Nothing that is still there is taken for what somebody took out.
    const by = standIn(all, after, 'c', owner.node)
    for (const late of [all, a, b, c, merge(b, c), merge(a, c)]) {
      const clean = withoutPruned(late, 'c', after, by)
      expectSame(merge(clean, after), after)
      expectSame(merge(after, clean), after)
    }
  })
})

/** What a user reads of a value, apart from who wrote it. */
function readable(value: object): unknown {
  if ('bigValue' in value) return plain(value.bigValue)
  if ('value' in value) return plain(value.value)
  return 'values' in value ? plain(value.values) : undefined
}

function plain(value: unknown): unknown {
  if (value instanceof Map) return [...value].map(([key, below]) => [key, plain(below)])
  return typeof value === 'object' && value !== null && 'body' in value ? readable(value) : value
}
