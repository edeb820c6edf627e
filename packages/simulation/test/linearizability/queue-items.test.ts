import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import {
  checkQueueItems,
  type QueueItemInput,
  type QueueItemOutput,
} from '@casty/simulation/linearizability'
import { linearizableHistories } from './generated.ts'
import type { RealObject } from './real-objects.ts'
import { timelines } from './timelines.ts'

const calls: Readonly<Record<string, readonly [QueueItemInput, QueueItemOutput?]>> = {
  enqX: [{ type: 'enqueue', item: 'x' }, 'done'],
  enqY: [{ type: 'enqueue', item: 'y' }, 'done'],
  takeX: [{ type: 'dequeue' }, 'x'],
  take: [{ type: 'dequeue' }],
  none: [{ type: 'dequeue' }, null],
  resX: [{ type: 'reserve' }, 'x'],
  res: [{ type: 'reserve' }],
  ackX: [{ type: 'acknowledge', item: 'x' }, 'done'],
}

type Case = readonly [
  sentence: string,
  rules: readonly string[],
  picture: string,
  remaining: readonly string[],
]

const table: readonly Case[] = [
  ['deliver what was enqueued', [], 'a: [enqX] [takeX] [none]', []],
  ['keep what was not delivered', [], 'a: [enqX] [enqY]', ['x', 'y']],
  ['lose what was acknowledged', ['item-lost'], 'a: [enqX] [none]', []],
  ['may keep or lose what was not acknowledged', [], 'a: [enqX…', []],
  ['may deliver what was not acknowledged', [], 'a: [enqX… \n b:         [takeX]', []],
  ['may have given an item to a dequeue nobody heard of', [], 'a: [enqX]      [take…', []],
  [
    'may have given one item to such a dequeue, not two',
    ['item-lost', 'item-lost'],
    'a: [enqX] [enqY] [take…',
    [],
  ],
  [
    'lose an item that was reserved, nobody knows by whom',
    ['item-lost'],
    'a: [enqX]      [res…',
    [],
  ],
  [
    'may have removed it where neither the delivery nor the acknowledgement was heard of',
    [],
    'a: [enqX]      [res… \n b:              [ackX…',
    [],
  ],
  ['deliver what nobody enqueued', ['item-invented'], 'a: [enqY] [takeX]', ['y']],
  ['deliver an item before it was enqueued', ['item-invented'], 'a: [takeX] [enqX]', []],
  ['deliver what failed to be enqueued', ['item-invented'], 'a: [enqX! \n b:        [takeX]', []],
  ['hold what nobody enqueued', ['item-invented'], '', ['x']],
  ['lose an item that was delivered on trial', ['item-lost'], 'a: [enqX] [resX] [none]', []],
  ['keep an item that was delivered on trial', [], 'a: [enqX] [resX]', ['x']],
  ['deliver a reserved item again', [], 'a: [enqX] [resX] [resX] [ackX]', []],
  ['deliver an acknowledged item again', ['item-returned'], 'a: [enqX] [resX] [ackX] [resX]', []],
  [
    'may deliver it again while it is being acknowledged',
    [],
    'a: [enqX] [resX] [ackX     ] \n b:                     [resX]',
    [],
  ],
  [
    'may deliver it again at the very moment of its acknowledgement',
    [],
    'a: [enqX] [resX] [ackX] \n b:                    [resX]',
    [],
  ],
  [
    'may deliver it again when the acknowledgement is not confirmed',
    [],
    'a: [enqX] [resX] [ackX… \n b:                         [resX]',
    ['x'],
  ],
  ['hold an acknowledged item', ['item-returned'], 'a: [enqX] [resX] [ackX]', ['x']],
  ['take an item out twice', ['item-returned'], 'a: [enqX] [takeX  ] \n b:        [takeX  ]', []],
  ['hold what was taken out', ['item-returned'], 'a: [enqX] [takeX]', ['x']],
]

describe('a queue may be found to', () => {
  test.each(table)('%s: %j', (_sentence, rules, picture, remaining) => {
    const violations = checkQueueItems(timelines(picture, calls), new Map([['k', remaining]]))
    expect(violations.map(({ rule }) => rule)).toEqual(rules)
  })
})

test('a violation tells the queue, the item and the operations', () => {
  const history = timelines('a: [enqX] [resX] [ackX] [resX]', calls, 'mail')
  expect(checkQueueItems(history, new Map())).toEqual([
    {
      rule: 'item-returned',
      key: 'mail',
      message: 'mail: item x was delivered after it was taken out.',
      operations: [history[2], history[3]],
    },
  ])
})

test('items of different queues have nothing to do with each other', () => {
  const one = timelines('a: [enqX]', calls, 'one')
  const two = timelines('a: [enqX]', calls, 'two')
  const remaining = new Map([
    ['one', ['x']],
    ['two', ['x']],
  ])
  expect(checkQueueItems([...one, ...two], remaining)).toEqual([])
})

test('an item that is enqueued twice is refused', () => {
  expect(() => checkQueueItems(timelines('a: [enqX] [enqX]', calls), new Map())).toThrow(
    expect.objectContaining({ code: 'CASTY_SIMULATION_HISTORY_INVALID' }),
  )
})

// A failure prints its seed; rerun it alone with CASTY_SEED=1234. CASTY_RUNS=100000 looks further.
const settings = {
  ...(process.env['CASTY_SEED'] !== undefined && { seed: Number(process.env['CASTY_SEED']) }),
  numRuns: Number(process.env['CASTY_RUNS'] ?? 1_000),
}

/** A queue whose reservations run out as soon as nothing else is there to be delivered. */
function realQueue(
  ready: string[],
  reserved: string[],
): RealObject<QueueItemInput, QueueItemOutput> {
  return (input) => {
    switch (input.type) {
      case 'enqueue':
        ready.push(input.item)
        return 'done'
      case 'dequeue':
        return ready.shift() ?? null
      case 'reserve': {
        const item = ready.shift() ?? reserved.shift()
        if (item !== undefined) reserved.push(item)
        return item ?? null
      }
      case 'acknowledge': {
        const index = reserved.indexOf(input.item)
        if (index >= 0) reserved.splice(index, 1)
        return index >= 0 ? 'done' : undefined
      }
    }
  }
}

test('a real queue breaks no rule, whatever is lost of what it answers', () => {
  let ready: string[] = []
  let reserved: string[] = []
  let delivered = 0
  const item = fc.constantFrom('x', 'y', 'z')
  const histories = linearizableHistories<QueueItemInput, QueueItemOutput>({
    input: fc.oneof(
      fc.record({ type: fc.constant('enqueue' as const), item }),
      fc.record({ type: fc.constant('reserve' as const) }),
      fc.record({ type: fc.constant('acknowledge' as const), item }),
      fc.record({ type: fc.constant('dequeue' as const) }),
    ),
    output: item,
    create: () => {
      ready = []
      reserved = []
      return realQueue(ready, reserved)
    },
  })
  fc.assert(
    fc.property(histories, (history) => {
      const enqueued = history.flatMap(({ input, outcome }) =>
        input.type === 'enqueue' && outcome.type !== 'failed' ? [input.item] : [],
      )
      fc.pre(new Set(enqueued).size === enqueued.length)
      delivered += history.filter(
        ({ outcome }) => outcome.type === 'ok' && enqueued.includes(String(outcome.output)),
      ).length
      const remaining = new Map([['k', [...ready, ...reserved]]])
      expect(checkQueueItems(history, remaining)).toEqual([])
    }),
    settings,
  )
  expect(delivered).toBeGreaterThan(0)
})
