// Checkers of structures: a history that breaks a promise is told, one that does not is not.
import { describe, expect, test } from 'vitest'
import { Barriers } from '../../src/structures/barriers.ts'
import { EntryLives } from '../../src/structures/entry-lives.ts'
import { Cells, type CellInput, type CellOutput } from '../../src/structures/cells.ts'
import { Items } from '../../src/structures/items.ts'

/** Time goes on by a millisecond with each look. */
function time(): { readonly now: () => number; readonly pass: (ms: number) => void } {
  let ms = 0
  return { now: () => ++ms, pass: (by) => void (ms += by) }
}

function judged(calls: readonly (readonly [input: CellInput, output: CellOutput])[]): unknown {
  const cells = new Cells(time().now)
  for (const [input, output] of calls) cells.invoke('c', cells.nameOf('c'), input).ok(output)
  return cells.judge()
}

describe('Cells', () => {
  test('take what one value explains', () => {
    const calls = [
      [{ type: 'include' }, true],
      [{ type: 'include' }, false],
      [{ type: 'contains' }, true],
      [{ type: 'delete' }, true],
      [{ type: 'contains' }, false],
    ] as const
    expect(judged(calls)).toEqual({ wrong: undefined, undecided: undefined })
  })

  test.each([
    ['a member that was added twice', [{ type: 'include' }, true], [{ type: 'include' }, true]],
    ['one that is not there', [{ type: 'include' }, true], [{ type: 'contains' }, false]],
    ['a sum that lacks a part', [{ type: 'add', by: 2 }, 2], [{ type: 'add', by: 2 }, 2]],
    ['a value that nobody read', [{ type: 'put', value: 1 }, null], [{ type: 'get' }, 2]],
  ] as const)('tell of %s', (_, first, second) => {
    expect(judged([first, second])).toMatchObject({ wrong: expect.any(String) })
  })
})

interface Put {
  readonly item: string
  readonly priority?: number
  readonly delayMs?: number
  readonly dedupId?: string
}

/** A queue, as those see it who use it. */
function queue(): {
  readonly items: Items
  /** All that was put in: nobody takes anything out for good. */
  readonly there: ReadonlyMap<string, readonly string[]>
  readonly pass: (ms: number) => void
  readonly put: (enqueued: Put) => void
  readonly take: (item: string) => void
} {
  const { now, pass } = time()
  const items = new Items(now)
  const left: string[] = []
  return {
    items,
    there: new Map([['q', left]]),
    pass,
    put: ({ item, priority = 0, delayMs = 0, dedupId }) => {
      const open = items.invoke('q', { type: 'enqueue', item })
      items.enqueues({ item, priority, delayMs, dedupId })
      open.ok('done')
      items.enqueued(item)
      left.push(item)
    },
    take: (item) => {
      const invokedAt = now()
      items.invoke('q', { type: 'reserve' }).ok(item)
      items.delivered({ value: item, deliveries: 1 }, invokedAt, 1_000, 'user')
    },
  }
}

describe('EntryLives', () => {
  interface Seen {
    readonly from: number
    readonly to: number
    readonly isThere: boolean
  }

  function lives(...looks: readonly Seen[]): EntryLives {
    const entryLives = new EntryLives()
    entryLives.put('t1', 1_000, 100)(110)
    for (const look of looks) entryLives.looked('t1', look)
    return entryLives
  }

  const there = (from: number): Seen => ({ from, to: from + 10, isThere: true })
  const gone = (from: number): Seen => ({ from, to: from + 10, isThere: false })

  test('take it that an entry is there for its time, or a little longer', () => {
    expect(lives(there(200), there(1_200), gone(1_300)).judge()).toEqual([])
  })

  test.each([
    ['one that is gone too soon', [gone(500)]],
    ['one that comes back', [gone(1_200), there(1_300)]],
  ] as const)('tell of %s', (_, looks) => {
    expect(lives(...looks).judge()).toHaveLength(1)
  })

  test('know which were not seen to be gone', () => {
    expect(lives(there(200)).left).toEqual(['t1'])
    expect(lives(there(200), gone(1_200)).left).toEqual([])
  })
})

describe('Items', () => {
  test('are not another’s while somebody has time for them', () => {
    const deliver = (ms: number, closed = ''): readonly string[] => {
      const { now, pass } = time()
      const items = new Items(now)
      items.delivered({ value: 'q 1', deliveries: 1 }, now(), 1_000, 'ann').until(now() + 2_000)
      items.closes(closed)
      pass(ms)
      items.delivered({ value: 'q 1', deliveries: 2 }, now(), 1_000, 'bob')
      return items.judge(new Map()).filter((text) => text.includes('before its time'))
    }
    expect(deliver(1_900)).toHaveLength(1)
    expect(deliver(2_000)).toEqual([])
    expect(deliver(1_900, 'bob')).toHaveLength(1)
    expect(deliver(1_900, 'ann')).toEqual([])
  })

  test('may be delivered a first time again, where they were redriven', () => {
    const deliver = (isRedriven: boolean): readonly string[] => {
      const { now, pass } = time()
      const items = new Items(now)
      const askedAt = now()
      pass(10)
      items.delivered({ value: 'q 1', deliveries: 2 }, askedAt, 1_000, 'bob').atMost(now())
      if (isRedriven) items.dead.redrives('q', now())(now())
      pass(10)
      items.delivered({ value: 'q 1', deliveries: 1 }, askedAt, 1_000, 'ann')
      return items.judge(new Map()).filter((text) => text.includes('before its time'))
    }
    expect(deliver(true)).toEqual([])
    expect(deliver(false)).toHaveLength(1)
  })

  test('may come in their order, the urgent ones first', () => {
    const { items, there, put, take } = queue()
    put({ item: 'q 1' })
    put({ item: 'q 2', priority: 1 })
    put({ item: 'q 3' })
    for (const item of ['q 2', 'q 1', 'q 3']) take(item)
    expect(items.judge(there)).toEqual([])
  })

  test('must not overtake each other', () => {
    const { items, there, put, take } = queue()
    put({ item: 'q 1' })
    put({ item: 'q 2' })
    take('q 2')
    take('q 1')
    expect(items.judge(there)).toEqual(['q 2 was delivered before q 1, which was there before it'])
  })

  test('must not come before more urgent ones that were there', () => {
    const { items, there, put, take } = queue()
    put({ item: 'q 1' })
    put({ item: 'q 2', priority: 1 })
    take('q 1')
    take('q 2')
    expect(items.judge(there)).toHaveLength(1)
  })

  test('may come late where they were delivered before, or were dead', () => {
    const { items, there, put, take } = queue()
    put({ item: 'q 1' })
    put({ item: 'q 2' })
    take('q 1')
    take('q 2')
    take('q 1') // Its deliveries are counted anew.
    expect(items.judge(there)).toEqual([])
  })

  test('must not come before their time', () => {
    const { items, there, put, take, pass } = queue()
    put({ item: 'q 1', delayMs: 100 })
    pass(50)
    take('q 1')
    expect(items.judge(there)).toEqual([expect.stringContaining('was to come after 100 ms')])
  })

  test('that are late come in time', () => {
    const { items, there, put, take, pass } = queue()
    put({ item: 'q 1', delayMs: 100 })
    pass(100)
    take('q 1')
    expect(items.judge(there)).toEqual([])
  })

  test('that are alike must not both be there', () => {
    const { items, there, put, take } = queue()
    put({ item: 'q 1', dedupId: 'x' })
    put({ item: 'q 2', dedupId: 'x' })
    take('q 1')
    take('q 2')
    expect(items.judge(there)).toEqual(['Of id q: x, q 1 and q 2 are there'])
  })

  test('must not be refused for one that nobody put in', () => {
    const { items } = queue()
    items.enqueues({ item: 'q 1', priority: 0, delayMs: 0, dedupId: 'x' })
    items.refused('q 1', 'another came before')
    expect(items.judge(new Map())).toHaveLength(1)
  })

  test.each([
    ['before they come', false],
    ['in the hands of somebody who gives them back', true],
  ])('must not be lost %s', (_, comes) => {
    const { items, put, take } = queue()
    put({ item: 'q 1' })
    if (comes) take('q 1')
    expect(items.judge(new Map())).toEqual(['q: item q 1 was acknowledged, and is gone.'])
  })
})

describe('A round', () => {
  function round(came: readonly (readonly [from: number, to: number, index: number])[]): unknown {
    const barriers = new Barriers()
    for (const [from, to, index] of came) {
      const arrival = barriers.arrives('b', 'somebody', 2, from)
      arrival.to = to
      arrival.end = { round: 1, index }
    }
    return barriers.judge()
  }

  test('is of all who were there at once', () => {
    expect(
      round([
        [1, 5, 0],
        [4, 6, 1],
      ]),
    ).toEqual([])
  })

  test.each([
    ['one alone', [[1, 5, 0]]],
    [
      'one who went on before the other came',
      [
        [1, 3, 0],
        [4, 6, 1],
      ],
    ],
    [
      'two who came as the same',
      [
        [1, 5, 0],
        [4, 6, 0],
      ],
    ],
    [
      'one more than there are',
      [
        [1, 5, 0],
        [4, 6, 2],
      ],
    ],
  ] as const)('is not that of %s', (_, came) => {
    expect(round(came)).toHaveLength(1)
  })
})
